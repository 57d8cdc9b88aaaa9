"""The verdicts of the table: that every kind of bar can be reached, missed, and not run."""
import sys

import bars
import harness
import promises

LEVELS = [{"level": "avx512", "arithmetic": "f32-direct", "available": True}, {"level": "amx", "arithmetic": "plain", "available": False},
          {"level": "avx512-bf16", "arithmetic": "plain-dp", "available": True}]
VOICE = {"part": "VITS medium", "what": "whole voice", "engine": "oratorio", "level": "avx512", "value": 0.05, "bar": 2.0,
         "bar_on": "ratio", "ratio": 2.1, "snr_db": 93}
SECONDS = {"level": "avx512", "value": 0.5, "bar": 0.3, "bar_on": "value"}

CASES = [
    ("a ratio above its bar", VOICE, "pass"),
    ("a ratio below it", VOICE | {"ratio": 1.9}, "miss"),
    ("fast, but not the same voice", VOICE | {"snr_db": 79}, "miss"),
    ("plain products are not held to the SNR", VOICE | {"level": "avx512-bf16", "snr_db": 47}, "pass"),
    ("no peer to compare with", VOICE | {"ratio": None}, "not run"),
    ("no figure", VOICE | {"value": None}, "not run"),
    ("no bar", {"value": 1.0}, ""),
    ("a share", {"value": 90.0, "bar": 0.8, "bar_on": "share", "share": 0.9, "level": "avx512"}, "pass"),
    ("too small a share", {"value": 70.0, "bar": 0.8, "bar_on": "share", "share": 0.7, "level": "avx512"}, "miss"),
    ("all bytes the same", {"value": 100.0, "bar": 100, "bar_on": "least", "level": "avx2"}, "pass"),
    ("one file of a thousand differs", {"value": 99.9, "bar": 100, "bar_on": "least", "level": "avx2"}, "miss"),
    ("seconds on the core of the bar", SECONDS | {"peak": 216}, "miss"),
    ("seconds on half such a core", SECONDS | {"peak": 108}, "pass scaled"),
    ("seconds without a peak count as they are", SECONDS | {"level": "", "value": 0.2}, "pass"),
]


def main():
    harness.levels = lambda: LEVELS
    failed = 0
    for what, row, wanted in CASES:
        got = bars.judge(dict(row))
        failed += got != wanted
        print(f"{'pass' if got == wanted else 'FAIL'} {what}: {got or 'nothing'}" + ("" if got == wanted else f", wanted {wanted}"))
    for what, lists, common, wanted in (("the same files", [{"a": 1, "b": 2}] * 2, False, 100),
                                        ("one of two differs", [{"a": 1, "b": 2}, {"a": 1, "b": 3}], False, 50),
                                        ("one is missing", [{"a": 1, "b": 2}, {"a": 1}], False, 50),
                                        ("one was not asked for", [{"a": 1, "b": 2}, {"a": 1}], True, 100), ("no files", [{}, {}], False, 0)):
        got = promises.same(lists, common)
        failed += got != wanted
        print(f"{'pass' if got == wanted else 'FAIL'} {what}: {got} % same")
    rows = bars.apply([dict(VOICE) | {"bar": None}], ["VITS medium"], False)
    told = {r["level"]: (r["verdict"], r.get("why")) for r in rows}
    for level, wanted in (("avx512", ("pass", None)), ("amx", ("not run", "this processor does not run amx")),
                          ("amx-split", ("not run", "no such level is built"))):
        failed += told[level] != wanted
        print(f"{'pass' if told[level] == wanted else 'FAIL'} {level} in the table: {told[level]}")
    return failed != 0


sys.exit(main())
