"""The table as a picture (SVG): speeds of whole voices, MegaTTS 3 by stage, kernels as shares of their peak.

    plot.py TABLE.json OUT.svg|OUT.png
"""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

OTHERS = "#9a9a9a"
plt.rcParams.update({"svg.fonttype": "none", "font.size": 9, "font.family": ["DejaVu Sans", "sans-serif"],
                     "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "oratorio"})


def colours(document):
    """A colour a level, in the order in which the program lists them."""
    cycle = ["#1f6fb4", "#e08214", "#7b3294", "#c51b7d", "#1b9e77", "#0b3c6f", "#a6761d", "#66a61e"]
    names = [r["level"] for r in document["run"]["levels"] if r["instruction"]]
    return {name: cycle[i % len(cycle)] for i, name in enumerate(names)}


def label(row):
    return row.get("level") or row["engine"]


def barred(ax, entries, title, unit, note=""):
    """Horizontal bars of (label, value, colour), the longest on top, with their values."""
    entries = sorted(entries, key=lambda e: e[1])
    ax.barh([e[0] for e in entries], [e[1] for e in entries], color=[e[2] for e in entries], height=0.7)
    most = max((e[1] for e in entries), default=1)
    for i, (_, value, _) in enumerate(entries):
        ax.text(value + most * 0.01, i, f"{value:.3g}", va="center")
    ax.set_xlim(0, most * 1.12)
    ax.set_title(title, loc="left", fontweight="bold", fontsize=10)
    ax.set_xlabel(unit + note)


def speeds(ax, rows, part, title, colour):
    """Audio seconds a CPU second, whole voices."""
    mine = [r for r in rows if r["part"] == part and r["what"] == "whole voice" and r["value"]]
    barred(ax, [(label(r), 1 / r["value"], colour.get(r.get("level"), OTHERS)) for r in mine], title,
           "audio seconds a CPU second, one core")


def machine(ax, rows, colour):
    mine = [r for r in rows if r.get("workers") and r["value"] and r["what"] != "all processors beside the best peer"]
    entries = []
    for r in mine:
        words = f"{label(r)}, {r['workers']} {'worker' if r['engine'] == 'oratorio' else 'process'}"
        plural = "" if r["workers"] == 1 else "s" if r["engine"] == "oratorio" else "es"
        entries.append((words + plural, r["value"], colour.get(r.get("level"), OTHERS)))
    barred(ax, entries, "Whole machine, 100 lines", "audio seconds a wall second")


def chunk(ax, rows, colour):
    """MegaTTS 3: a chunk's seconds a second of speech, stacked by stage, a level a bar."""
    mine = [r for r in rows if r["part"] == "MegaTTS 3" and r["value"] and r["engine"] == "oratorio"]
    total = {r["level"]: r["value"] for r in mine if r["what"] == "whole chunk"}
    peer = {r["what"]: r["value"] for r in rows if r["part"] == "MegaTTS 3" and r["engine"] == "pytorch" and r["value"]}
    if len(peer) == 2:
        total["pytorch"] = (8 * peer["a step, three branches"] + peer["wave decoder"]) / 10
    order = sorted(total, key=total.get, reverse=True)
    for i, level in enumerate(order):
        at = peer if level == "pytorch" else {r["what"]: r["value"] for r in mine if r["level"] == level}
        steps, wave = 8 * at["a step, three branches"] / 10, at["wave decoder"] / 10
        left = 0
        for width, shade, words in ((steps, 1.0, "8 steps"), (wave, 0.6, "wave decoder"), (total[level] - steps - wave, 0.3, "")):
            ax.barh(i, width, left=left, color=colour.get(level, OTHERS), alpha=shade, height=0.7)
            if words and width > 0.021 * len(words) * max(total.values()):
                ax.text(left + width / 2, i, words, ha="center", va="center", color="white" if shade > 0.8 else "black")
            left += width
        ax.text(left + max(total.values()) * 0.01, i, f"{left:.2f}", va="center")
    ax.set_yticks(range(len(order)), order)
    ax.set_xlim(0, max(total.values(), default=1) * 1.12)
    ax.set_title("MegaTTS 3, full size, one core", loc="left", fontweight="bold", fontsize=10)
    ax.set_xlabel("CPU seconds a second of speech (palest: text and G2P, of ours alone)")


def kernels(ax, rows, colour):
    """Shares of the level's own peak, a shape a line."""
    mine = [r for r in rows if r["part"] == "kernels" and r.get("share") and r.get("form") == "floats"]
    shapes = list(dict.fromkeys(r["what"] for r in mine))[::-1]
    for level in dict.fromkeys(r["level"] for r in mine):
        own = {r["what"]: r for r in mine if r["level"] == level}
        ax.plot([100 * own[s]["share"] for s in shapes if s in own], [i for i, s in enumerate(shapes) if s in own], "o",
                color=colour[level], label=level, markersize=5)
    for i, shape in enumerate(shapes):
        for limit in {(r["bar"], r["level"]) for r in mine if r["what"] == shape and r.get("bar")}:
            ax.plot([100 * limit[0]] * 2, [i - 0.4, i + 0.4], color=colour[limit[1]], linewidth=1.5)
    ax.set_yticks(range(len(shapes)), shapes)
    ax.set_ylim(-0.7, len(shapes) - 0.3)
    ax.grid(axis="x", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_title("Kernels, one core: share of the peak of the level's instruction (strokes: bars)", loc="left", fontweight="bold",
                 fontsize=10)
    ax.set_xlabel("% of peak; Winograd counts the direct form's work, so it may pass 100")
    ax.legend(loc="upper right", frameon=False)


def draw(document, path):
    """Only the parts that were measured have a panel."""
    rows, colour, run = document["rows"], colours(document), document["run"]
    have = {r["part"] for r in rows if r.get("value")}
    panels = [("VITS medium", lambda ax: speeds(ax, rows, "VITS medium", "VITS medium (joe)", colour)),
              ("VITS high", lambda ax: speeds(ax, rows, "VITS high", "VITS high (decoder by formula)", colour)),
              ("whole machine", lambda ax: machine(ax, rows, colour)), ("MegaTTS 3", lambda ax: chunk(ax, rows, colour))]
    panels = [paint for part, paint in panels if part in have]
    heights = [2.8] * ((len(panels) + 1) // 2) + [5.2] * ("kernels" in have)
    fig = plt.figure(figsize=(12.5, 0.4 + sum(heights)), layout="constrained")
    grid = fig.add_gridspec(len(heights), 2, height_ratios=heights)
    for i, paint in enumerate(panels):
        paint(fig.add_subplot(grid[i // 2, i % 2]))
    if "kernels" in have:
        kernels(fig.add_subplot(grid[-1, :]), rows, colour)
    fig.suptitle(f"{run['cpu'].get('model_name', 'unknown')}, family {run['cpu'].get('cpu_family')} model {run['cpu'].get('model')}, "
                 f"{run['cpu']['processors']} processors; {run['date']}; {run['command']}", fontsize=9, x=0.01, ha="left")
    fig.savefig(path, metadata={"Date": None} if str(path).endswith("svg") else None, dpi=80)
    plt.close(fig)


if __name__ == "__main__":
    draw(json.load(open(sys.argv[1], encoding="utf8")), sys.argv[2])
