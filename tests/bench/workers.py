"""The whole machine: `oratorio run` on 100 lines of the default voice with one worker and with one a processor, beside the
peers as one process of one thread a processor, each with its share of the lines. Wall time, rounds in turn.

Ours is the whole run: reading, normalising, espeak-ng, synthesis, checks, FLAC, records, tar files. The peers synthesize and
drop what they made. Bars count cores that share nothing; the probe of part `machine` tells whether they do.
"""
import json
import pathlib
import statistics
import subprocess
import time

import harness

SENTENCE = "The keeper wrote the number {} down, and lit the lamp again before the tide had turned."
LINES, WORDS = 100, "Yes."


def write_job(folder, level, views="[]"):
    folder.joinpath("lines.txt").write_text("\n".join(SENTENCE.format(100 + i) for i in range(LINES)) + "\n")
    path = folder / f"{level}-{len(views)}.yaml"
    path.write_text(f"name: w\nvoice: {harness.VOICE}\nkernels: {level}\ninputs:\n  - path: lines.txt\n    layout: lines\n"
                    f"settings: {{noise_scale: 0, noise_w: 0}}\nviews: {views}\n")
    return path


def run(job, out, workers):
    """audio seconds a wall second of a run, and where it left its records."""
    r, own_kb = harness.Run(job, out, "--workers", str(workers)), 0
    while r.process.poll() is None:
        own_kb = max([own_kb, *map(harness.anonymous_kb, harness.engines(r.process.pid))])
        time.sleep(0.5)
    if r.wait() != 0:
        return {"error": "; ".join(r.lines[-2:])}
    return {"speed": harness.report(out)["speed"]["audio_s_per_wall_s"], "own_mb": own_kb / 1000}


def say(folder):
    """Seconds from the start of the program to the file, the weights' cache being warm."""
    begin = time.monotonic()
    subprocess.run([harness.ORATORIO, "say", "--voice", harness.VOICE, WORDS, "-o", folder / "say.flac"], check=True, capture_output=True)
    return time.monotonic() - begin


def work_of(out, onnx, path):
    """What the peers get: the texts as normalised, their phonemes and ids, of the records of a run."""
    symbols = json.loads(pathlib.Path(f"{onnx}.json").read_text())["phoneme_id_map"]
    sentences = []
    for line in pathlib.Path(out, "views/jsonl/manifest.jsonl").read_text(encoding="utf8").splitlines():
        record = json.loads(line)
        ids = [i for p in record["phonemes"] for i in symbols.get(p, []) + symbols["_"]]
        sentences.append({"text": record["normalized_text"], "phonemes": record["phonemes"],
                          "ids": symbols["^"] + symbols["_"] + ids + symbols["$"]})
    path.write_text(json.dumps({"sentences": sentences}))


class Team:
    """A peer as one process a processor."""

    def __init__(self, name, onnx, work):
        cores = harness.cores()
        self.engines = [harness.peer(name, onnx, work, on=[c], part=f"{i}/{len(cores)}") for i, c in enumerate(cores)]
        self.error = next((e.error for e in self.engines if e.error), None)
        self.version = self.engines[0].version

    def speak(self):
        for e in self.engines:
            e.send("speak")
        answers = [e.answer() for e in self.engines]
        wrong = next((a["error"] for a in answers if "error" in a), None)
        return {"error": wrong} if wrong else {"speed": sum(a["audio_s"] for a in answers) / max(a["wall_s"] for a in answers)}

    def close(self):
        for e in self.engines:
            e.close()


def turns_of(tmp, teams, levels):
    counter = iter(range(10 ** 6))
    turns = {name: team.speak for name, team in teams.items() if not team.error}
    for level in levels:
        job = write_job(tmp, level)
        for n in sorted({1, len(harness.cores())}):
            turns[(level, n)] = lambda job=job, n=n: run(job, tmp / f"out-{next(counter)}", n)
    return turns


def rows_of(answers, teams, levels):
    common = {"part": "whole machine", "unit": "audio s/s"}
    out, best, count = [], None, len(harness.cores())
    for name, team in teams.items():
        wrong = team.error or next((r["error"] for r in answers.get(name, []) if "error" in r), None)
        speed = None if wrong else harness.middle(answers[name], "speed")
        best = max(best or 0, speed) if speed else best
        out.append(common | {"what": "one thread a processor", "workers": count, "engine": name, "version": team.version, "value": speed,
                             "why": wrong})
    for level in levels:
        one, all_of = answers[(level, 1)], answers[(level, count)]
        wrong = next((r["error"] for r in one + all_of if "error" in r), None)
        own = common | {"engine": "oratorio", "level": level}
        if wrong:
            out.append(own | {"what": "all processors beside one", "value": None, "why": wrong})
            continue
        out.append(own | {"what": "one worker", "workers": 1, "value": harness.middle(one, "speed")})
        value = harness.middle(all_of, "speed")
        scaling = harness.middle([a["speed"] / b["speed"] for a, b in zip(all_of, one)], lambda r: r)
        out.append(own | {"what": "all processors beside one", "workers": count, "value": value, "ratio": scaling, "ratio_to": "one worker"})
        out.append(own | {"what": "all processors beside the best peer", "workers": count, "value": value, "ratio": value / best if best else None,
                          "ratio_to": "the best peer", "why": None if best else "no peer ran"})
    return out


def measure(o):
    import joe
    onnx = joe.onnx_path()
    first = harness.default_level()
    levels = [first] if o.quick else [l for l in harness.main_levels() if l == first or not l.startswith("amx")]
    with harness.scratch() as tmp:
        tmp = pathlib.Path(tmp)
        warm = run(write_job(tmp, first, "[jsonl]"), tmp / "warm", len(harness.cores()))
        if "error" in warm:
            return [{"part": "whole machine", "what": "oratorio run", "engine": "oratorio", "value": None, "why": warm["error"]}]
        work_of(tmp / "warm", onnx, tmp / "work.json")
        teams = {name: Team(name, onnx, tmp / "work.json") for name in harness.PEERS}
        harness.note(f"whole machine: {', '.join(levels)} and {', '.join(teams)}")
        answers = harness.in_rounds(1 if o.quick else 3, turns_of(tmp, teams, levels), warm_up=False)
        for team in teams.values():
            team.close()
        said = [say(tmp) for _ in range(6)][1:]
    own_mb = [r["own_mb"] for level in levels for n in {1, len(harness.cores())} for r in answers[(level, n)] if "own_mb" in r]
    common = {"part": "whole machine", "engine": "oratorio"}
    return rows_of(answers, teams, levels) + [
        common | {"what": "an engine's own memory", "value": max(own_mb, default=None), "unit": "MB"},
        common | {"what": "say one word, start to file", "value": statistics.median(said), "unit": "s"}]
