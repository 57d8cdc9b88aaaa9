"""MegaTTS 3 at full size with weights by formula: a chunk of 120 + 120 phones, T = 512, 8 steps, lengths forced, 10 s of
speech, its G2P batched by 16; stage by stage on one core at every kernel level, on all processors at once at the default one,
and the same stages in PyTorch with one thread.

The wave decoder runs in tiles, so its time is that of a part of the 10 s, scaled. PyTorch runs where ORATORIO_TORCH_PYTHON
names a Python that has it, or in build/torch, made by
    python3 -m venv build/torch && build/torch/bin/pip install numpy torch==2.6.0      (some 5 GB)
"""
import json
import subprocess
import tempfile

import harness

PART = "MegaTTS 3"
WORK = "multiply-adds of the chunk without G2P"
STEP, WAVE = "a step, three branches", "wave decoder"


def stages(level, o, threads=1):
    """Rows of one run of the program, in the table's form; and the seconds of the chunk without its G2P."""
    rows = harness.rows_of("megatts3_bench", "--kernels", level, "--rounds", 1 if o.quick else 2, "--wave", 20 if o.quick else 50,
                           "--threads", threads, on=harness.cores()[-threads:])
    out, chunk = [], None
    for r in rows:
        if r["group"] == "chunk":
            chunk = r
        elif r["group"] == "stage" and r["times"]:
            what = r["what"] if threads == 1 else f"{r['what']}, {threads} at once"
            out.append({"part": PART, "what": what, "engine": "oratorio", "level": level, "value": r["value"], "unit": "s",
                        "gflops": r["gflops"], "peak": r["peak"], "share": r["gflops"] / r["peak"] if r["peak"] else None})
    if not out:
        out.append({"part": PART, "what": "whole chunk", "engine": "oratorio", "level": level, "value": None,
                    "why": "the program failed"})
    return out, chunk


def work():
    """What the chunk takes, counted by a dry run of the plan: no padding, no repeated rows."""
    r = harness.rows_of("megatts3_bench", "--only", "count")[0]
    return {"part": PART, "what": WORK, "engine": "oratorio", "level": "", "value": r["value"], "unit": "TMAC",
            "note": f"counted by a dry run; the plain form has {r['plain']:.2f}"}


def g2p(level, o):
    """Seconds a chunk of a batch of 16, and its row."""
    with tempfile.TemporaryDirectory(prefix="oratorio-bench-", dir="/var/tmp") as weights:  # 1 GB, made in seconds
        rows = harness.rows_of("megatts3_g2p_bench", "--weights", weights, "--kernels", level, "--only", "batch", "--alone", 1,
                               on=harness.cores()[-1:])
    if not rows:
        return None, []
    r = rows[0]
    return r["value"], [{"part": PART, "what": f"G2P, batch of {r['batch']}, a chunk", "engine": "oratorio", "level": level,
                         "value": r["value"], "unit": "s", "share": r["share"], "ratio": r["beside"] / r["value"],
                         "ratio_to": "one by one"}]


def torch(o):
    """name → row of PyTorch's stages."""
    common = {"part": PART, "engine": "pytorch", "unit": "s"}
    if not harness.TORCH.exists():
        return {what: common | {"what": what, "value": None, "why": harness.NO_TORCH} for what in (STEP, WAVE)}
    done = subprocess.run(harness.command([harness.TORCH, harness.ROOT / "tests/bench/megatts3_torch.py", "--json", "--rounds", 1 if o.quick else 3],
                                          harness.cores()[-1:]), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["it failed"])[-1]
        return {what: common | {"what": what, "value": None, "why": why} for what in (STEP, WAVE)}
    return {r["what"]: common | r for r in map(json.loads, done.stdout.splitlines())}


def measure(o):
    levels = harness.main_levels() if o.quick else harness.fast_levels()
    instruction = {r["level"]: r["instruction"] for r in harness.levels()}
    rows, chunks, g2p_s = [work()], {}, {}
    for level in levels:
        harness.note(f"MegaTTS 3: {level}")
        own, chunks[level] = stages(level, o)
        rows += own
        if instruction[level] not in g2p_s:  # the G2P has no layer that levels of one instruction run otherwise
            g2p_s[instruction[level]], own = g2p(level, o)
            rows += own
    harness.note("MegaTTS 3: PyTorch")
    peers = torch(o)
    for r in rows:
        other = peers.get(r["what"], {}).get("value")
        if other and r.get("value"):
            r |= {"ratio": other / r["value"], "ratio_to": "PyTorch"}
    for level, chunk in chunks.items():
        read = g2p_s[instruction[level]]
        if chunk and read:
            rows.append({"part": PART, "what": "whole chunk", "engine": "oratorio", "level": level, "unit": "s/s",
                         "value": (chunk["value"] + read) / chunk["audio_s"], "peak": next(
                             r["peak"] for r in rows if r["level"] == level and r["what"] == STEP)})
    if not o.quick and len(harness.cores()) > 1:
        rows += stages(harness.default_level(), o, len(harness.cores()))[0]
    return rows + list(peers.values())
