"""VITS on one core: a whole voice at every kernel level beside onnxruntime, piper-tts and sherpa-onnx, turn by turn.

Medium: the default voice, the five sentences of the golden file (25 s of audio, 0.6 to 13.6 s each). High: the same voice
with a decoder of the high quality at full size (vits_high.py), one sentence; the same weights for all engines, their samples
compared before a time counts. Noise is 0, so that all speak the same. Times are CPU time of one thread, medians of rounds.
"""
import json
import pathlib
import subprocess

import harness

CASES = harness.ROOT / "tests/golden/vits/joe-zero-noise.json"
MEDIUM = {"first": 256, "rates": (8, 8, 4), "kernels": (3, 5, 7), "dilations": ((1, 2), (2, 6), (3, 12)), "pairs": False, "latent": 192}
HIGH = {"first": 512, "rates": (8, 8, 2, 2), "kernels": (3, 7, 11), "dilations": ((1, 3, 5),) * 3, "pairs": True, "latent": 192}


def decoder_macs(shape):
    """Multiply-adds a frame of the decoder."""
    channels, rows, macs = shape["first"], 1, shape["latent"] * shape["first"] * 7
    convs = len(shape["dilations"][0]) * (2 if shape["pairs"] else 1)
    for rate in shape["rates"]:
        macs += rows * channels * (channels // 2) * 2 * rate
        rows, channels = rows * rate, channels // 2
        macs += rows * convs * channels * channels * sum(shape["kernels"])
    return macs + rows * channels * 7


def whole_macs(shape, sentences):
    """Of the whole network: an id (encoder, durations), an id and id (attention), and a frame (flow, decoder)."""
    total = 0
    for s in sentences:
        n = len(s["ids"])
        total += n * (6.29e6 + 2304 * n + 0.54e6) + sum(s["frames"]) * (7.08e6 + decoder_macs(shape))
    return total


def snr_db(reference, samples):
    import numpy as np
    a, b = (np.fromfile(p, "<f4").astype(np.float64) for p in (reference, samples))
    if len(a) != len(b):
        return None
    return float(10 * np.log10((a ** 2).sum() / max(((a - b) ** 2).sum(), 1e-300)))


class Contest:
    """One voice: our process with all levels open, the peers' processes, on the last core. PyTorch has the decoder alone."""

    def __init__(self, name, shape, voice, onnx, sentences, peers, folder):
        self.name, self.levels, self.folder = name, harness.fast_levels(), pathlib.Path(folder)
        self.gflop, on = 2e-9 * whole_macs(shape, sentences), harness.cores()[-1:]
        harness.note(f"{name}: {', '.join(self.levels)}")
        cases, sizes = self.folder / "cases.json", self.folder / "decoder.json"
        cases.write_text(json.dumps({"sentences": sentences}))
        sizes.write_text(json.dumps(shape | {"frames": [sum(s["frames"]) for s in sentences], "rate": 22050}))
        self.ours = harness.Engine(harness.PROGRAMS / "vits_bench", "--pcm", folder, voice, cases, *self.levels, on=on)
        self.peers = {p: harness.peer(p, onnx, cases, on=on, pcm=self.folder / f"{p}.f32") for p in peers}
        self.torch = None
        if harness.TORCH.exists():
            self.torch = harness.Engine(harness.TORCH, harness.ROOT / "tests/bench/vits_torch.py", sizes, on=on, greets=True)

    def turns(self):
        turns = {p: (lambda e=e: e.ask("speak")) for p, e in self.peers.items() if not e.error}
        if self.torch and not self.torch.error:
            turns["pytorch"] = lambda: self.torch.ask("speak")
        return turns | {level: (lambda line=f"{level} stages": self.ours.ask(line)) for level in self.levels}

    def close(self):
        for engine in filter(None, (self.ours, self.torch, *self.peers.values())):
            engine.close()

    def rows(self, rounds):
        answers = harness.in_rounds(rounds, self.turns())
        broken = {n: next(r["error"] for r in rows if "error" in r) for n, rows in answers.items()
                  if any("error" in r for r in rows)}
        speed = lambda r: r["cpu_s"] / r["audio_s"]
        base = answers.get("onnxruntime", []) if "onnxruntime" not in broken else []
        out = []
        for name, engine in self.peers.items():
            why = engine.error or broken.get(name)
            out.append({"part": self.name, "what": "whole voice", "engine": name, "version": engine.version, "unit": "s/s",
                        "value": None if why else harness.middle(answers[name], speed), "why": why})
        for level in self.levels:
            if level in broken:
                out.append({"part": self.name, "what": "whole voice", "engine": "oratorio", "level": level, "value": None,
                            "unit": "s/s", "why": broken[level]})
                continue
            out += self.own_rows(level, answers[level], base, speed)
        why = harness.NO_TORCH if not self.torch else self.torch.error or broken.get("pytorch")
        out.append({"part": self.name, "what": "decoder", "engine": "pytorch", "unit": "s/s", "why": why,
                    "version": self.torch.version if self.torch else None,
                    "value": None if why else harness.middle(answers["pytorch"], speed)})
        for r in out[:-1]:
            if r["what"] == "decoder" and r["value"] and out[-1]["value"]:
                r |= {"ratio": out[-1]["value"] / r["value"], "ratio_to": "PyTorch"}
        return out

    def own_rows(self, level, rows, base, speed):
        """The whole voice and its three stages. The ratio is the median of the rounds' own."""
        common = {"part": self.name, "engine": "oratorio", "level": level, "unit": "s/s"}
        value, peak = harness.middle(rows, speed), harness.middle(rows, "peak_gflops")
        whole = common | {"what": "whole voice", "value": value, "peak": peak, "gflops": self.gflop / harness.middle(rows, "cpu_s")}
        whole["share"] = whole["gflops"] / peak if peak else None
        if base:
            pairs = [speed(b) / speed(r) for b, r in zip(base, rows)]
            whole |= {"ratio": harness.middle(pairs, lambda r: r), "ratio_to": "onnxruntime",
                      "snr_db": snr_db(self.folder / "onnxruntime.f32", self.folder / f"{level}.f32")}
        stages = {"encoder and durations": lambda r: r["text_s"], "flow": lambda r: r["sound_s"] - r["decoder_s"],
                  "decoder": lambda r: r["decoder_s"]}
        return [whole] + [common | {"what": what, "peak": peak, "value": harness.middle(rows, lambda r: seconds(r) / r["audio_s"])}
                          for what, seconds in stages.items()]


def medium(o):
    import joe
    onnx = joe.onnx_path()
    if not onnx:
        return [{"part": "VITS medium", "what": "whole voice", "value": None, "why": "the voice cannot be had"}]
    sentences = json.loads(CASES.read_text())["sentences"]
    with harness.scratch() as tmp:
        contest = Contest("VITS medium", MEDIUM, harness.VOICE, onnx, sentences, harness.PEERS, tmp)
        rows = contest.rows(3 if o.quick else 7)
        contest.close()
    return rows


def high(o):
    import joe
    import vits_high
    medium_onnx = joe.onnx_path()
    if not medium_onnx:
        return [{"part": "VITS high", "what": "whole voice", "value": None, "why": "the medium voice cannot be had"}]
    sentence = json.loads(CASES.read_text())["sentences"][2 if o.quick else 3]
    with harness.scratch() as tmp:
        onnx = pathlib.Path(tmp, "en_US-formula-high.onnx")
        vits_high.build(medium_onnx, onnx)
        subprocess.run([harness.ORATORIO, "voice", "import", "vits", onnx, "--out", tmp], check=True, stdout=subprocess.DEVNULL)
        contest = Contest("VITS high", HIGH, onnx.with_suffix(""), onnx, [sentence], ["onnxruntime"], tmp)
        rows = contest.rows(2 if o.quick else 3)
        contest.close()
    return rows
