#!/usr/bin/env python3
"""The engine part by part against the NumPy reference, on small random voices of every variant: each is exported as an
.onnx with its own names, imported by the engine, and its encoder, durations, flow and decoder are compared.
    vits_parts.py VITS-GOLDEN VARIANT [KERNELS]      variant can_fail: a spoiled reference must be noticed
Durations are the reference's, so that a near tie does not hide the rest; they are compared through w.
The reference runs in float64: what is left is the engine's own rounding.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import vits_fixture
import vits_ref
from vits_fixture import Shape

# Relative to the largest value of each tensor: single precision through some 60 layers of unit gain, ten times what was
# seen on the first machine.
TOLERANCE = {"x": 1e-5, "mean": 1e-5, "deviation": 1e-5, "w": 2e-5, "z": 2e-5, "audio": 1e-4}
KEY = vits_ref.noise_key(0, "golden", 0)

MEDIUM = Shape(32, 64, 16, 64)
VARIANTS = {
    "medium": (MEDIUM, {}),
    "unsimplified_export": (MEDIUM, {"simplified": False}),
    "odd_dims": (Shape(24, 36, 12, 32, inter=20), {}),
    "x_low": (Shape(96, 384, 48, 256, layers=6), {}),
    "high": (Shape(32, 64, 16, 128, type_1=True), {}),
    "multi_speaker": (Shape(32, 64, 16, 64, speakers=4), {}),
    "multi_speaker_high": (Shape(32, 64, 16, 64, speakers=3, type_1=True), {}),
    "deterministic": (Shape(32, 64, 16, 64, deterministic=True), {}),
    "deterministic_multi_speaker": (Shape(32, 64, 16, 64, deterministic=True, speakers=3), {}),
}
SCALES = [(0.0, 1.0, 0.0), (0.667, 1.0, 0.8), (1.0, 1.6, 0.5)]


def sentences(shape, rng):
    for n in (1, 2, 12):
        for scales in SCALES:
            ids = [1, 0] + [i for _ in range(n) for i in (int(rng.integers(3, len(vits_fixture.SYMBOLS))), 0)] + [2]
            yield {"ids": ids, "scales": scales, "speaker": int(rng.integers(shape.speakers))}


def compare(name, got, want, report):
    want = np.asarray(want, np.float64)
    scale = np.abs(want).max() + 1e-6
    error = np.abs(got.reshape(want.shape) - want).max() / scale if got.size == want.size else np.inf
    report[name] = max(report.get(name, 0), error)
    return error <= TOLERANCE[name]


def check(program, variant, kernels, spoil=False):
    shape, options = VARIANTS[variant]
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        path, weights = vits_fixture.write(folder, variant, shape, seed=sum(map(ord, variant)), **options)
        w = vits_ref.Weights(weights)
        w.rates, w.dilations = shape.rates, shape.dilations
        if spoil:
            w["flow.flows.2.post.bias"] = -w["flow.flows.2.post.bias"]
        ref = vits_ref.Vits(w, np.float64)
        todo = list(sentences(shape, np.random.default_rng(5)))
        want = [ref.run(t["ids"], t["scales"][0], t["scales"][1], t["scales"][2], t["speaker"], KEY) for t in todo]
        for t, r in zip(todo, want):
            t["force"] = r.frames.tolist()
        (folder / "cases.json").write_text(json.dumps({"sentences": todo}))
        subprocess.run([program, str(path), str(folder / "cases.json"), "--dump", tmp] +
                       (["--kernels", kernels] if kernels else []), check=True)
        result = json.loads((folder / "result.json").read_text())
        report = {}
        for i, r in enumerate(want):
            read = lambda what: np.fromfile(folder / f"{i}.{what}f32", "<f4")
            inter = shape.inter
            parts = [("x", read("x."), r.x), ("mean", read("mean."), r.stats[:inter]),
                     ("deviation", read("deviation."), np.exp(r.stats[inter:])), ("w", np.array(result[i]["w"]), r.w),
                     ("z", read("z."), r.z), ("audio", read(""), r.audio)]
            bad = [name for name, got, ref_part in parts if not compare(name, got, ref_part, report)]
            if bad:
                failed += 1
                print(f"FAIL {variant} {i}: {len(todo[i]['ids'])} ids, scales {todo[i]['scales']}: {', '.join(bad)}")
        print(f"{variant}: largest relative errors " + ", ".join(f"{k} {v:.1e}" for k, v in report.items()))
    print(f"{len(todo) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[2] == "can_fail":
        sys.exit(0 if check(sys.argv[1], "medium", None, spoil=True) == 1 else 1)
    sys.exit(check(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
