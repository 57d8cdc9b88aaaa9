#!/usr/bin/env python3
"""Twenty texts, from one phone to 40 s, through onnxruntime and through the engine, on the same voice file.

The graph's two random nodes become inputs, fed with the engine's own noise (recomputed here), so noise is compared too.
Bar: waveform SNR >= 80 dB, frames of every id equal. A trained voice amplifies rounding: onnxruntime itself is 89-104 dB
from a float64 run of the same formulas. ceil() is discontinuous: where onnxruntime's w lies within 1e-4 of a whole
number another count is a near tie: counted, told, and compared again with its durations forced.
    vits_onnxruntime.py VITS-GOLDEN [--kernels LEVEL]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

import joe
import vits_ref

HERE = pathlib.Path(__file__).parent
GATE_DB, TIE = 80.0, 1e-4
KEY = vits_ref.noise_key(0, "golden", 0)


def cases(symbols):
    """(what, ids, scales): words of the golden sentences, put together in other orders and lengths."""
    texts = [s["phonemes"] for s in json.loads((HERE / "vits/joe-zero-noise.json").read_text())["sentences"]]
    words = [w for t in texts for w in t.split(" ")]
    rng = np.random.default_rng(20)

    def ids(phonemes):
        out = [1, 0]
        for p in phonemes:
            out += symbols[p] + [0]
        return out + [2]

    quiet = (0.0, 1.0, 0.0)
    yield "one phone", ids("ə"), quiet
    yield "two phones", ids("ɑː"), quiet
    yield "no phone at all", [1, 0, 2], quiet
    for n in (1, 2, 3, 5, 8, 13, 20, 30):
        yield f"{n} words", ids(" ".join(rng.choice(words, n)) + "."), quiet
    yield "slow", ids(" ".join(rng.choice(words, 9)) + "."), (0.0, 1.7, 0.0)
    yield "fast", ids(" ".join(rng.choice(words, 9)) + "."), (0.0, 0.6, 0.0)
    yield "noise", ids(" ".join(rng.choice(words, 12)) + "."), (0.667, 1.0, 0.8)
    yield "more noise", ids(" ".join(rng.choice(words, 25)) + "?"), (1.0, 1.1, 1.0)
    yield "noise in the sound only", ids(texts[2]), (0.667, 1.0, 0.0)
    for seconds in (12, 20, 30, 41):
        text = ""
        while len(ids(text)) < seconds * 40:
            text += rng.choice(words) + " "
        yield f"about {seconds} s", ids(text.strip()), quiet


def session(path):
    """The voice with its random nodes turned into inputs and its frame counts into outputs."""
    model = onnx.load(str(path))
    random = [n for n in model.graph.node if n.op_type == "RandomNormalLike"]
    ceil = next(n for n in model.graph.node if n.op_type == "Ceil")
    for n in random:
        model.graph.node.remove(n)
        model.graph.input.append(onnx.helper.make_tensor_value_info(n.output[0], onnx.TensorProto.FLOAT, [1, None, None]))
    for name in (ceil.output[0], ceil.input[0]):
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    s = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return s, random[0].output[0], random[1].output[0]


def run_reference(s, ids, scales):
    model, first, second = s
    feed = {"input": np.array([ids], np.int64), "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32)}
    feed[first] = vits_ref.normals(KEY, 0, 2, len(ids)).astype(np.float32)[None]
    channels = 192
    # How many frames the second one needs is known only after a run: with the durations' own noise they stay the same.
    feed[second] = np.zeros((1, channels, 1), np.float32)
    feed["scales"][0] = 0
    frames = model.run(None, feed)[1].reshape(-1).astype(int)
    total = max(1, int(frames.sum()))
    feed["scales"][0] = scales[0]
    feed[second] = vits_ref.normals(KEY, 1, channels, total).astype(np.float32)[None]
    audio, frames, w = model.run(None, feed)
    return audio.reshape(-1), frames.reshape(-1).astype(int), w.reshape(-1)


def run_engine(program, voice, sentences, kernels):
    with tempfile.TemporaryDirectory() as tmp:
        path = pathlib.Path(tmp)
        (path / "cases.json").write_text(json.dumps({"sentences": sentences}))
        args = [program, str(voice), str(path / "cases.json"), "--dump", tmp] + (["--kernels", kernels] if kernels else [])
        subprocess.run(args, check=True, stdout=subprocess.DEVNULL)
        result = json.loads((path / "result.json").read_text())
        return [(np.fromfile(path / f"{i}.f32", "<f4"), np.array(r["frames"])) for i, r in enumerate(result)]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--kernels")
    a = p.parse_args()
    voice = joe.onnx_path()
    if not voice:
        return 77
    config = json.loads(pathlib.Path(str(voice) + ".json").read_text())
    todo = list(cases(config["phoneme_id_map"]))
    s = session(voice)
    want = [run_reference(s, ids, scales) for _, ids, scales in todo]
    sentences = [{"ids": ids, "scales": scales} for _, ids, scales in todo]
    got = run_engine(a.program, voice, sentences, a.kernels)
    ties = failed = 0
    for i, (what, ids, scales) in enumerate(todo):
        audio, frames = got[i]
        ref, ref_frames, w = want[i]
        note = ""
        if not np.array_equal(frames, ref_frames):
            other = np.flatnonzero(frames != ref_frames)
            near = np.abs(w[other] - np.round(w[other])) < TIE
            if near.all():
                ties += 1
                note = f", {len(other)} near ties forced"
                audio, frames = run_engine(a.program, voice, [dict(sentences[i], force=ref_frames.tolist())], a.kernels)[0]
            else:
                note = f", frames differ at ids {other[~near][:5]} (w = {w[other[~near]][:5]})"
        same = np.array_equal(frames, ref_frames) and len(audio) == len(ref)
        snr = vits_ref.snr_db(ref, audio) if same else float("-inf")
        worst = float(np.abs(ref - audio).max()) if same else float("inf")
        ok = snr >= GATE_DB
        failed += not ok
        print(f"{'pass' if ok else 'FAIL'} {what}: {len(ids)} ids, {len(ref) / config['audio']['sample_rate']:.2f} s, "
              f"SNR {snr:.1f} dB, max error {worst:.1e}{note}", flush=True)
    print(f"{len(todo) - failed} passed, {failed} failed, {ties} with near ties")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
