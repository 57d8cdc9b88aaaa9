"""Parts `machine` and `kernels` of the table: what the programs of the same names print, as its rows."""
import harness


def machine(o):
    """Peaks, memory, and whether the processors share their units."""
    rows = harness.rows_of("machine_bench", "--rounds", 7)
    return [r | {"part": "peaks", "engine": "", "why": None if r["value"] is not None else "this processor has no such instruction"}
            for r in rows if r["group"] == "probe"]


def kernels(o):
    """A row a shape, level and form of operand; levels that do not run a shape have none."""
    harness.note(f"kernels: {', '.join(harness.fast_levels())}")
    rows = harness.rows_of("kernels_bench", "--rounds", 5 if o.quick else 15, on=harness.cores()[-1:])
    # Levels of bfloat16 are held to what layers chained by operands reach, where such layers are listed.
    chained = {(r["what"], r["level"]) for r in rows if r.get("form") == "operands"}
    out = []
    for r in rows:
        if r["group"] == "kernel":
            engine, level = ("openblas", "") if r["level"] == "blas" else ("oratorio", r["level"])
            row = {"part": "kernels", "what": r["what"], "engine": engine, "level": level, "form": r["form"], "value": r["value"],
                   "unit": "GFLOP/s", "peak": r["peak"], "share": r["value"] / r["peak"] if r["peak"] else None}
            if r["bar"] and (r["form"] == "operands") == ((r["what"], r["level"]) in chained):
                row |= {"bar": r["bar"], "bar_on": "share"}
            if r["beside"]:
                row |= {"ratio": r["value"] / r["beside"], "ratio_to": "the direct kernel"}
            out.append(row)
        elif r["group"] == "op":
            out.append({"part": "kernels", "what": r["what"], "engine": "oratorio", "level": r["level"], "value": r["value"],
                        "unit": "us"})
    return out + [{"part": "kernels", "what": "every shape", "engine": "oratorio", "level": r["level"], "value": None, "unit": "GFLOP/s",
                   "why": f"this processor does not run {r['level']}"} for r in harness.levels() if not r["available"]]
