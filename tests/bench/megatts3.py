"""MegaTTS 3 at full size without its G2P: multiply-adds, then every stage on one core and on two, beside PyTorch.

    deploy/bench megatts3 [options of build/release/bin/bench/megatts3_bench]

PyTorch runs where a Python that has it is named by ORATORIO_TORCH_PYTHON or lies in build/torch, made by
    python3 -m venv build/torch && build/torch/bin/pip install numpy torch==2.6.0      (some 5 GB)"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "build/release/bin/bench/megatts3_bench"
TORCH = pathlib.Path(os.environ.get("ORATORIO_TORCH_PYTHON", ROOT / "build/torch/bin/python"))


def pinned(cores, *command):
    return subprocess.run(["taskset", "-c", ",".join(map(str, cores)), *map(str, command)]).returncode


def main():
    cores = sorted(os.sched_getaffinity(0))[-2:]
    failed = 0
    for n in range(1, len(cores) + 1):
        failed |= pinned(cores[-n:], BENCH, "--threads", n, *sys.argv[1:])
        print(flush=True)
    for n in range(1, len(cores) + 1):
        if not TORCH.exists():
            print("PyTorch: not run (no build/torch; see the head of tests/bench/megatts3.py)")
            break
        failed |= pinned(cores[-n:], TORCH, ROOT / "tests/bench/megatts3_torch.py", "--threads", n)
        print(flush=True)
    return failed != 0


sys.exit(main())
