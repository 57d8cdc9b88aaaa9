#!/usr/bin/env python3
"""The NumPy reference against the golden file of the joe voice: what the engine's parts are judged by is judged itself."""
import json
import pathlib
import sys

import numpy as np

import joe
import vits_ref


def main():
    voice = joe.onnx_path()
    if not voice:
        return 77
    ref = vits_ref.Vits(vits_ref.from_onnx(str(voice)))
    failed = 0
    golden = json.loads((pathlib.Path(__file__).parent / "vits/joe-zero-noise.json").read_text())
    for s in golden["sentences"]:
        out = ref.run(s["ids"])
        index, value = np.array(s["values"]).T
        worst = np.abs(out.audio[index.astype(int)] - value).max() if len(out.audio) == s["samples"] else np.inf
        ok = out.frames.tolist() == s["frames"] and worst <= 3e-4 and abs(out.audio.sum(dtype=float) - s["sum"]) <= 1e-3
        failed += not ok
        print(f"{'pass' if ok else 'FAIL'} {len(s['ids'])} ids, worst value {worst:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
