#!/usr/bin/env python3
"""The whole voice against onnxruntime with one thread, on one core, turn by turn in the same run.

    vits.py [--rounds 7] [--levels avx512,avx2,avx512-wino,avx2-wino] [--voice NAME]
The sentences are those of the golden file (25 s of audio from 0.6 to 13.6 s). Times are CPU time; medians over rounds.
Bars, times onnxruntime's speed: avx512 1.3, avx2 1.0; Winograd 1.8 and 1.6. Exit code 1 when one is missed.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import harness  # noqa: E402
import joe  # noqa: E402

BARS = {"avx512": 1.3, "avx2": 1.0, "avx512-wino": 1.8, "avx2-wino": 1.6}
CASES = ROOT / "tests/golden/vits/joe-zero-noise.json"


def flops(sentences):
    """Of the medium network: multiply-adds an id, an id and id, and a frame, times two."""
    macs = 0
    for s in sentences:
        n, frames = len(s["ids"]), sum(s["frames"])
        macs += n * (6.29e6 + 2304 * n + 0.54e6) + frames * (7.08e6 + 22.68e6)
    return 2 * macs


def peer(onnx_path):
    import numpy as np
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(onnx_path), options, providers=["CPUExecutionProvider"])

    def speak(sentences):
        start = time.process_time()
        for s in sentences:
            session.run(None, {"input": np.array([s["ids"]], np.int64), "input_lengths": np.array([len(s["ids"])], np.int64),
                               "scales": np.array([0, 1, 0], np.float32)})
        return time.process_time() - start

    return speak, onnxruntime.__version__


def available(program, voice, levels):
    out = []
    for level in levels:
        if subprocess.run([program, voice, str(CASES), level], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode == 0:
            out.append(level)
        else:
            print(f"level {level} is not available here")
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--levels", default="avx512,avx2,avx512-wino,avx2-wino")
    p.add_argument("--voice", default="en_US-joe-medium")
    p.add_argument("--program", default=str(pathlib.Path(harness.ORATORIO).parent / "bench/vits_bench"))
    a = p.parse_args()
    onnx_path = joe.onnx_path()
    if not onnx_path:
        return 77
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sentences = json.loads(CASES.read_text())["sentences"]
    work = flops(sentences)
    levels = available(a.program, a.voice, a.levels.split(","))
    engine = subprocess.Popen([a.program, a.voice, str(CASES)] + levels, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    speak, version = peer(onnx_path)
    rows = {level: [] for level in levels}
    others = []
    for number in range(a.rounds + 1):
        other = speak(sentences)
        for level in levels:
            engine.stdin.write(level + "\n")
            engine.stdin.flush()
            row = json.loads(engine.stdout.readline())
            row["ratio"] = other / (row["text_s"] + row["sound_s"])
            if number:  # the first round warms up
                rows[level].append(row)
        if number:
            others.append(other)
    engine.stdin.close()
    engine.wait()
    audio = rows[levels[0]][0]["audio_s"]
    middle = lambda values: statistics.median(values)
    print(f"{harness.cpu_name()}; one core, one thread; {audio:.1f} s of audio a round, median of {a.rounds} rounds, CPU time")
    print(f"onnxruntime {version}: {middle(others) / audio:.4f} s a second of audio")
    missed = 0
    for level in levels:
        text, sound = (middle([r[k] for r in rows[level]]) for k in ("text_s", "sound_s"))
        ratio, peak = middle([r["ratio"] for r in rows[level]]), middle([r["peak_gflops"] for r in rows[level]])
        reached = work / (text + sound) * 1e-9
        bar = BARS.get(level)
        missed += bool(bar and ratio < bar)
        share = f", {100 * reached / peak:.0f} % of the measured peak of {peak:.0f}" if peak else ""
        print(f"{level}: {(text + sound) / audio:.4f} s a second of audio (text {text / audio:.4f}, sound {sound / audio:.4f}), "
              f"{ratio:.2f} x onnxruntime" + (f" (bar {bar})" if bar else "") + f"; {reached:.0f} GFLOP/s{share}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
