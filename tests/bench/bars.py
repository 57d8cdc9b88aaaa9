"""The bars, as data, and the verdict on every row.

Shares and ratios hold on every processor. Seconds were set on one class of core (Granite Rapids: 216 GFLOP/s of f32 at 512
bits, 122 at 256, 3190 of tiles): elsewhere a figure is scaled by the peak of its own run before it is judged, and the table
says so. A bar without a figure is a row of its own, `not run`, with the reason.
"""
import harness

REFERENCE = {"avx512": 216, "avx512-wino": 216, "avx2": 122, "avx2-wino": 122, "amx-split": 3190 / 3, "amx": 3190}
SAME_CLASS = 0.15  # a peak that near the reference's is the class itself

# part, what, level, on, limit; `ratio`, `share` and `least` are least values (`least` of the figure itself), `value` is a most one
BARS = [
    ("VITS medium", "whole voice", "avx2", "ratio", 1.25),
    ("VITS medium", "whole voice", "avx512", "ratio", 2.0),
    ("VITS medium", "whole voice", "avx512-wino", "ratio", 2.4),
    ("VITS medium", "whole voice", "amx-split", "ratio", 5.5),
    ("VITS medium", "whole voice", "amx", "ratio", 7.0),
    ("VITS high", "decoder", "avx512", "value", 0.30),
    ("VITS high", "decoder", "avx512-wino", "value", 0.20),
    ("VITS high", "decoder", "amx-split", "value", 0.08),
    ("MegaTTS 3", "multiply-adds of the chunk without G2P", "", "value", 5.6),
    ("MegaTTS 3", "whole chunk", "avx512", "value", 6.5),
    ("MegaTTS 3", "whole chunk", "amx-split", "value", 2.0),
    ("MegaTTS 3", "whole chunk", "amx", "value", 1.0),
    *[("MegaTTS 3", "a step, three branches", level, "share", s)
      for level, s in (("avx512", 0.75), ("avx2", 0.75), ("amx-split", 0.47), ("amx", 0.31))],
    *[("MegaTTS 3", "wave decoder", level, "share", s)
      for level, s in (("avx512", 0.80), ("avx2", 0.80), ("amx-split", 0.61), ("amx", 0.47))],
    ("whole machine", "all processors beside one", "avx512", "ratio", 1.9),
    ("whole machine", "all processors beside the best peer", "avx512", "ratio", 2.0),
    ("whole machine", "all processors beside the best peer", "amx-split", "ratio", 5.0),
    *[("same bytes", "workers and batches", level, "least", 100)
      for level in ("avx512", "avx2", "amx-split", "amx", "avx512-bf16", "avx512-wino", "avx2-wino", "blas", "scalar")],
    *[("same bytes", "workers and batches, MegaTTS 3 of mini size", level, "least", 100)
      for level in ("avx512", "avx2", "amx-split", "amx", "avx512-bf16", "avx512-wino", "avx2-wino")],
    *[("same bytes", "levels of one class", arithmetic, "least", 100) for arithmetic in ("f32-direct", "f32-wino")],
    ("flat memory", "an engine's own memory, one word", "", "value", 120),
    ("flat memory", "an engine's own memory, longest text", "", "value", 120),
    ("whole machine", "an engine's own memory", "", "value", 120),
    ("whole machine", "say one word, start to file", "", "value", 0.3),
]
SNR_DB = 80  # of every exact level, end to end, beside onnxruntime on the same weights; below it no speed counts


def judge_value(row):
    """Seconds against a bar of the reference core."""
    reference, peak = REFERENCE.get(row.get("level")), row.get("peak")
    scaled = row["value"] * peak / reference if reference and peak else row["value"]
    row["scaled"] = scaled
    verdict = "pass" if scaled <= row["bar"] else "miss"
    if reference and peak and abs(peak / reference - 1) > SAME_CLASS:
        verdict += " scaled"
    return verdict


def judge(row):
    """pass, miss, not run, or nothing where there is no bar; `scaled` behind it where the core is of another class."""
    if row.get("value") is None:
        return "not run"
    if not row.get("bar"):
        return ""
    if row["bar_on"] == "value":
        return judge_value(row)
    if row["bar_on"] == "least":
        return "pass" if row["value"] >= row["bar"] else "miss"
    if row.get("snr_db") is not None and row["snr_db"] < SNR_DB and harness.is_exact(row["level"]):
        row["why"] = f"below {SNR_DB} dB"
        return "miss"
    have = row.get(row["bar_on"])
    if have is None:
        row["why"] = row.get("why") or "nothing to compare with"
        return "not run"
    return "pass" if have >= row["bar"] else "miss"


def absent(level, quick):
    known = {r["level"]: r for r in harness.levels()}
    if level and level not in known:
        return "no such level is built"
    if level and not known[level]["available"]:
        return f"this processor does not run {level}"
    return "left out by --quick" if quick else "not measured"


def place(rows, part, what):
    """Behind the last row of that kind, else of that part."""
    alike = [i for i, r in enumerate(rows) if (r["part"], r["what"]) == (part, what)]
    return 1 + max(alike or [i for i, r in enumerate(rows) if r["part"] == part], default=len(rows) - 1)


def apply(rows, parts, quick):
    """Brings rows of one kind together, puts the bars on them, adds those that have no figure, and judges all."""
    order = {kind: i for i, kind in reversed(list(enumerate((r["part"], r["what"]) for r in rows)))}
    rows = sorted(rows, key=lambda r: order[r["part"], r["what"]])
    for part, what, level, on, limit in BARS:
        mine = [r for r in rows if (r["part"], r["what"], r.get("level", "")) == (part, what, level)]
        for r in mine:
            r |= {"bar": limit, "bar_on": on}
        if not mine and part in parts:
            rows.insert(place(rows, part, what), {"part": part, "what": what, "engine": "oratorio", "level": level, "value": None, "bar": limit,
                         "bar_on": on, "why": absent(level, quick)})
    for r in rows:
        r["verdict"] = judge(r)
    return rows
