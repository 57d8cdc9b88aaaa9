"""Parts `bytes` and `flat` of the table: what holds whatever is asked, seen in real runs of the default voice (and,
where batches are concerned, of MegaTTS 3).

bytes: a level's audio files and records are the same from one worker and from two, from one batch, from batches of three and of one;
and the levels of one class of arithmetic give the same. How a layer is tiled cannot be asked of a run: vits_test and vits_bits
vary that, to the same bits. The level `scalar` is there for tests, far slower, and speaks the first two lines alone.
flat: what an engine holds beyond the packed weights that all engines of a host share, at a word, and at a text as long as a job
file permits whose pauses make half an hour of it and more.
"""
import hashlib
import pathlib
import subprocess
import tarfile
import time

import harness

SENTENCES = ["Yes.", "No.", "The ferry leaves at nine.", "Nobody had seen the second letter.", "A cold wind came over the hills."]
MAX_CHARS = 20000  # what text.max_chars may be
TOGETHER = "workers and batches, MegaTTS 3 of mini size"
WAYS = [(1, 256), (2, 1), (2, 3)]  # workers, utterances a batch


def write_job(folder, lines, more, voice=harness.VOICE):
    folder.mkdir()
    folder.joinpath("lines.txt").write_text("".join(f"{x}\n" for x in lines))
    path = folder / "job.yaml"
    path.write_text(f"name: p\nvoice: {voice}\ninputs:\n  - path: lines.txt\n    layout: lines\nviews: []\n{more}")
    return path


# ---- bytes


def members(out):
    """Name to SHA-256 of every file and record that a run made."""
    sums = {}
    for path in sorted(pathlib.Path(out, "audio").glob("*.tar")):
        with tarfile.open(path) as tar:
            sums |= {m.name: hashlib.sha256(tar.extractfile(m).read()).hexdigest() for m in tar}
    return sums


def render(folder, level, workers, utterances, voice=harness.VOICE):
    work = folder / f"{level}-{workers}-{utterances}"
    job = write_job(work, SENTENCES[:2] if level == "scalar" else SENTENCES, f"kernels: {level}\nbatch: {{utterances: {utterances}}}\n", voice)
    run = harness.Run(job, work / "out", "--workers", str(workers))
    if run.wait() != 0:
        return None, "; ".join(run.lines[-2:])
    return members(work / "out"), None


def same(lists, common=False):
    """How many of a hundred files are the same in all lists; `common`: of those that are in all of them."""
    names = set(lists[0]).intersection(*lists) if common else set().union(*lists)
    return 100 * sum(len({x.get(n) for x in lists}) == 1 for n in names) / len(names) if names else 0


def together(o, common):
    """MegaTTS 3, whose model takes the utterances of a batch together: small networks by a formula, the same code."""
    if o.quick:
        return []
    rows = []
    with harness.scratch() as tmp:
        tmp = pathlib.Path(tmp)
        subprocess.run([harness.ORATORIO, "voice", "make-random", "megatts3", "--dims", "mini", "--seed", "A", "--name", "mini", "--out",
                        tmp / "voices"], check=True, capture_output=True)
        for level in harness.fast_levels():
            harness.note(f"bytes, MegaTTS 3: {level}")
            made = [render(tmp, level, *way, tmp / "voices/mini") for way in WAYS]
            why = next((w for _, w in made if w), None)
            rows.append(common | {"what": TOGETHER, "level": level, "value": None if why else same([x for x, _ in made]), "why": why,
                                  "note": " = ".join(f"{w} x {n}" for w, n in WAYS)})
    return rows


def bytes_of_levels(o):
    common = {"part": "same bytes", "engine": "oratorio", "unit": "% same"}
    rows, first = [], {}
    with harness.scratch() as tmp:
        tmp = pathlib.Path(tmp)
        for r in harness.levels():
            if not r["available"]:
                continue
            harness.note(f"bytes: {r['level']}")
            ways = WAYS[:2] if o.quick or r["level"] == "scalar" else WAYS
            made = [render(tmp, r["level"], *way) for way in ways]
            why = next((w for _, w in made if w), None)
            rows.append(common | {"what": "workers and batches", "level": r["level"], "value": None if why else same([x for x, _ in made]),
                                  "why": why, "note": " = ".join(f"{w} x {n}" for w, n in ways)})
            first[r["level"]] = (r["arithmetic"], made[0][0])
    return rows + class_rows(common, first) + together(o, common)


def class_rows(common, first):
    """A row a class of arithmetic that has several levels."""
    rows = []
    for arithmetic in dict.fromkeys(r["arithmetic"] for r in harness.levels()):
        levels = [r["level"] for r in harness.levels() if r["arithmetic"] == arithmetic]
        made = [first[x][1] for x in levels if x in first and first[x][1]]
        if len(levels) > 1:
            rows.append(common | {"what": "levels of one class", "level": arithmetic, "value": same(made, common=True) if len(made) > 1 else None,
                                  "why": None if len(made) > 1 else "this processor runs one of them at most",
                                  "note": " = ".join(x for x in levels if x in first)})
    return rows


# ---- flat


def sentences_to(chars):
    """One line of just under so many characters."""
    words = ("the keeper wrote every number down because a number that is not written is only a rumour and rumours never lit a lamp on "
             "any coast that she had heard of").split()
    text, i = "", 0
    while True:
        one = " ".join(words[(7 * i + k) % len(words)] for k in range(6 + i % 14)).capitalize() + ". "
        if len(text) + len(one) > chars:
            return text.rstrip()
        text, i = text + one, i + 1


def peak_mb(job, out):
    """The most that the one engine held beyond the shared weights; and hours of audio."""
    run, peak = harness.Run(job, out, "--workers", "1"), 0
    while run.process.poll() is None:
        peak = max([peak, *map(harness.beyond_weights_kb, harness.engines(run.process.pid))])
        time.sleep(0.02)
    if run.wait() != 0:
        return None, "; ".join(run.lines[-2:])
    if not peak:
        return None, "the engine was gone before it was looked at"
    return peak * 1024 / 1e6, harness.report(out)["audio"]["hours"]


def memory(o):
    """Speed shortens the long one's speech, not its text, nor the pauses."""
    common = {"part": "flat memory", "engine": "oratorio", "unit": "MB", "level": ""}
    long = f"speed: {4 if o.quick else 1.5}\ntext: {{max_chars: {MAX_CHARS}, pauses_ms: {{sentence: {5000 if o.quick else 12000}}}}}\n"
    rows = []
    with harness.scratch() as tmp:
        tmp = pathlib.Path(tmp)
        peak_mb(write_job(tmp / "warm", ["Yes."], ""), tmp / "warm/out")  # packs the weights, which takes memory of its own
        for what, name, text, count, more in (("an engine's own memory, one word", "word", "Yes.", 100, ""),
                                              ("an engine's own memory, longest text", "long", sentences_to(MAX_CHARS), 1, long)):
            harness.note(f"memory: {name}")
            value, told = peak_mb(write_job(tmp / name, [text] * count, more), tmp / name / "out")
            rows.append(common | {"what": what, "value": value, "why": told if value is None else None,
                                  "note": None if value is None else f"{len(text)} characters, {3600 * told / count:.1f} s of audio"})
    return rows
