"""The one table: everything that has a bar or a peer, measured in one run.

    table.py [PART …] [--quick] [--out DIR] [--readme]

Parts: machine kernels vits high megatts3 workers bytes flat; without a word all of them. Prints the table; writes table.json (README.md of this folder
has the fields), table.md and table.svg into --out (build/bench). --readme puts table.md and the plot into the README. Exit
code 1 when a bar is missed.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import bars
import harness
import machine
import megatts3
import promises
import vits
import workers

PARTS = {"machine": (machine.machine, "peaks"), "kernels": (machine.kernels, "kernels"), "vits": (vits.medium, "VITS medium"),
         "high": (vits.high, "VITS high"), "megatts3": (megatts3.measure, megatts3.PART), "workers": (workers.measure, "whole machine"),
         "bytes": (promises.bytes_of_levels, "same bytes"), "flat": (promises.memory, "flat memory")}
TITLES = {
    "peaks": "What this machine can do: a core's peak by instruction, memory, processors at once",
    "kernels": "Kernels on one core: GFLOP/s (share of the same round's peak); Winograd counts the direct form's work",
    "VITS medium": "VITS medium (voice joe), one core: CPU seconds a second of audio",
    "VITS high": "VITS high (decoder by formula), one core: CPU seconds a second of audio",
    "MegaTTS 3": "MegaTTS 3, full size by formula, one core: 120 + 120 phones, T = 512, 8 steps, 10 s of speech",
    "whole machine": "Whole machine, 100 lines of joe: audio seconds a wall second",
    "same bytes": "Files of joe that are the same, to the last byte, however they were made",
    "flat memory": "What an engine of joe holds beyond the shared weights, at any length",
}


# ---- facts of the run


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def first_line(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def facts(o):
    return {"date": time.strftime("%Y-%m-%d %H:%M %Z"), "command": " ".join(["deploy/bench", *o.parts] + ["--quick"] * o.quick),
            "cpu": harness.cpu_facts(), "kernel": platform.release(), "load_before": os.getloadavg()[0],
            "levels": harness.levels(), "quick": o.quick,
            "versions": {"oratorio": (first_line(harness.ORATORIO, "--version") or "").removeprefix("oratorio "), "python": platform.python_version()}
                        | {p: version_of(p) for p in (*harness.PEERS, "numpy")}}


# ---- text


def figure(row):
    if row.get("value") is None:
        return "–"
    digits = {"s/s": 4, "x": 2, "s": 3, "of one's peak": 2, "TMAC": 2}.get(row["unit"], 1)
    return f"{row['value']:.{digits}f} {row['unit']}"


def share(row):
    return f"{100 * row['share']:.0f} %" if row.get("share") else ""


def ratio(row):
    return f"{row['ratio']:.2f} x {row['ratio_to']}" if row.get("ratio") else ""


def bar(row):
    if not row.get("bar"):
        return ""
    if row["bar_on"] == "share":
        return f"≥ {100 * row['bar']:.0f} %"
    if row["bar_on"] == "least":
        return f"≥ {row['bar']:g}"
    return f"≥ {row['bar']:g} x" if row["bar_on"] == "ratio" else f"≤ {row['bar']:g}"


def remark(row):
    said = [f"{row['snr_db']:.0f} dB beside onnxruntime"] if row.get("snr_db") else []
    if "scaled" in row and row["verdict"].endswith("scaled"):
        said.append(f"{row['scaled']:.3g} at the bar's core")
    if row.get("siblings"):
        said.append(f"{row['processors']} processors; siblings of the first: {row['siblings']}")
    if row.get("note"):
        said.append(row["note"])
    return "; ".join(said + ([row["why"]] if row.get("why") else []))


HEAD = ("what", "engine", "figure", "of peak", "beside", "bar", "verdict", "remark")


def line(row):
    engine = " ".join(x for x in (row["engine"], row.get("level") if row["engine"] else "") if x)
    if row.get("version"):
        engine += f" {row['version']}"
    return (row["what"], engine, figure(row), share(row), ratio(row), bar(row), row["verdict"], remark(row))


def verdict_of(rows):
    """The worst one of many."""
    for v in ("miss", "pass"):
        hit = [r for r in rows if r["verdict"] == v]
        if hit:
            return v + (": " + ", ".join(r["level"] for r in hit) if v == "miss" else "")
    return ""


def kernel_lines(rows):
    """A line a shape and form, levels side by side."""
    out, groups = [], {}
    for r in rows:
        if r["unit"] == "GFLOP/s" and r["value"] is not None:
            groups.setdefault((r["what"], r["form"]), []).append(r)
    for (what, form), members in groups.items():
        cells = [f"{r['level'] or r['engine']} {r['value']:.0f}" + (f" ({100 * r['share']:.0f} %)" if r.get("share") else "")
                 for r in members]
        limits = sorted({bar(r) for r in members if bar(r)})
        out.append((what + (", operands" if form == "operands" else ""), " · ".join(cells), " ".join(limits), verdict_of(members)))
    return out + [(r["what"], f"{r['level']}: {r['why']}", "", r["verdict"]) for r in rows if r["value"] is None]


def kernel_summary(rows):
    """A line a level: the lowest share of the shapes that have a bar, the fewest and the most GFLOP/s of all."""
    out = []
    for level in dict.fromkeys(r["level"] for r in rows if r["level"] and r["unit"] == "GFLOP/s" and r["value"] is not None):
        mine = [r for r in rows if r["level"] == level and r["unit"] == "GFLOP/s"]
        held = [r for r in mine if r.get("bar")]
        values = [r["value"] for r in mine]
        low = min(held, key=lambda r: r["share"] - r["bar"], default=None)
        out.append((f"{len(mine)} shapes", f"oratorio {level}", f"{min(values):.0f} to {max(values):.0f} GFLOP/s",
                    f"{100 * min(r['share'] for r in mine):.0f} to {100 * max(r['share'] for r in mine):.0f} %", "",
                    f"≥ {100 * low['bar']:.0f} % ({low['what']}: {100 * low['share']:.0f} %)" if low else "", verdict_of(held) if low else "",
                    ""))
    return out + [line(r) for r in rows if r["value"] is None]


def columns(lines):
    widths = [max(len(x[i]) for x in lines) for i in range(len(lines[0]))]
    return ["  ".join(x.ljust(w) for x, w in zip(one, widths)).rstrip() for one in lines]


def head_lines(f):
    versions = ", ".join(f"{k} {v}" for k, v in f["versions"].items() if v)
    levels = ", ".join(r["level"] + ("" if r["available"] else " (not here)") for r in f["levels"])
    return [f"{f['cpu'].get('model_name', 'unknown')} (family {f['cpu'].get('cpu_family')}, model {f['cpu'].get('model')}), "
            f"{f['cpu']['processors']} processors; {f['date']}; load before {f['load_before']:.1f}; `{f['command']}`, {f['took_s'] / 60:.0f} min",
            f"levels: {levels}", f"versions: {versions}"]


def tally(rows):
    count = {v: sum(r["verdict"].split(" scaled")[0] == v for r in rows if r.get("bar")) for v in ("pass", "miss", "not run")}
    return f"{count['pass']} bars reached, {count['miss']} missed, {count['not run']} not run"


def as_text(f, rows):
    out = head_lines(f)
    for part, title in TITLES.items():
        mine = [r for r in rows if r["part"] == part]
        if not mine:
            continue
        out += ["", title]
        if part == "kernels":
            out += columns([("shape", "GFLOP/s", "bar", "verdict"), *kernel_lines(mine)])
        else:
            out += columns([HEAD, *map(line, mine)])
    return "\n".join(out + ["", tally(rows)]) + "\n"


def short(rows):
    """Without the stages that have neither bar nor peer."""
    return [r for r in rows if r.get("bar") or r.get("ratio") or r["part"] in ("peaks", "whole machine")
            or r["what"] in ("whole voice", "whole chunk") or r["engine"] == "pytorch"]


def as_markdown(f, rows):
    """The same for the README: without stages that have neither bar nor peer, the kernels a line a level."""
    out = ["; ".join(head_lines(f)[:1]) + "; " + "; ".join(head_lines(f)[1:]) + f". {tally(rows)}.", ""]
    out += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    for part, title in TITLES.items():
        mine = [r for r in rows if r["part"] == part]
        if mine:
            out.append(f"| **{title}** |" + " |" * (len(HEAD) - 1))
            out += ["| " + " | ".join(x) + " |" for x in (kernel_summary(mine) if part == "kernels" else map(line, short(mine)))]
    return "\n".join(out) + "\n"


def into_readme(text, plot):
    """Between the marks of the README; the plot into docs."""
    path, begin, end = harness.ROOT / "README.md", "<!-- deploy/bench -->\n", "<!-- /deploy/bench -->\n"
    old = path.read_text(encoding="utf8")
    head, rest = old.split(begin)
    picture = "![the table as a plot](docs/bench.svg)\n\n" if plot.exists() else ""
    path.write_text(head + begin + picture + text + end + rest.split(end)[1], encoding="utf8")
    if plot.exists():
        harness.ROOT.joinpath("docs/bench.svg").write_bytes(plot.read_bytes())


def draw(document, path):
    try:
        import plot
    except ImportError as why:
        harness.note(f"no plot: {why}")
        return False
    if any(r.get("value") and r["part"] not in ("peaks", "same bytes", "flat memory") for r in document["rows"]):
        plot.draw(document, path)
        return True
    return False


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("parts", nargs="*")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--out", type=pathlib.Path, default=harness.ROOT / "build/bench")
    p.add_argument("--readme", action="store_true")
    o = p.parse_args()
    wrong = [x for x in o.parts if x not in PARTS]
    if wrong:
        p.error(f"no part {wrong[0]!r}; there are: {' '.join(PARTS)}")
    begin, f, rows, parts = time.monotonic(), facts(o), [], o.parts or list(PARTS)
    for name in PARTS:
        if name in parts:
            rows += PARTS[name][0](o)
    f["took_s"] = time.monotonic() - begin
    rows = bars.apply(rows, [PARTS[x][1] for x in parts], o.quick)
    document = {"format": 1, "run": f, "rows": rows}
    o.out.mkdir(parents=True, exist_ok=True)
    o.out.joinpath("table.json").write_text(json.dumps(document, indent=1, ensure_ascii=False))
    o.out.joinpath("table.md").write_text(as_markdown(f, rows), encoding="utf8")
    drawn = draw(document, o.out / "table.svg")
    if o.readme:
        into_readme(as_markdown(f, rows), o.out / "table.svg")
    print(as_text(f, rows))
    print(f"written: {o.out}/table.json, table.md{', table.svg' if drawn else ''}")
    return 1 if any(r["verdict"].startswith("miss") for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
