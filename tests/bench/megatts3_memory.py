"""Memory of MegaTTS 3 at the official sizes, weights by formula: what one engine holds at its first start (it packs its
weights), later, with a chunk of a minute, and what two engines hold together.

    deploy/bench memory --megatts3 [--voice NAME] [--seconds N] [--only long,two] [--kernels LEVEL]

Without --voice one is made and removed again (4 GB on disk, and as much of packed weights). Bar: PSS of one engine at most
1.6 GB and the activations, which are what it holds in private memory beyond what a short chunk takes."""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import harness

BAR_MB = 1600
# Short as speech can be, and one step of the sampler: they cost time alone. Given phones need no language model, so a text goes with them.
SETTINGS = {"steps": 1, "alpha": 0.1, "silence_stop_ms": 0, "silence_comma_ms": 0}
TEXT = "Then the others are in."


def given(seconds):
    """One chunk of nearly so many seconds: its phones' lengths are given, and silence comes before them."""
    return " ".join(f"{p}:5800" for p in ("n", "i3", "h", "ao3", "n", "i3", "h", "ao3", "n", "i3")[: seconds // 6])


def pss(pid):
    """PSS in MB: all, of private memory, of files (weights, code)."""
    found = {}
    try:
        for line in open(f"/proc/{pid}/smaps_rollup", encoding="utf8"):
            words = line.split()
            if words[0] in ("Pss:", "Pss_Anon:", "Pss_File:"):
                found[words[0]] = int(words[1]) / 1000
    except OSError:
        pass
    return found.get("Pss:", 0), found.get("Pss_Anon:", 0), found.get("Pss_File:", 0)


class Watch:
    """A run, and the moment at which its engines together held most."""

    def __init__(self, tmp, name, lines, kernels, workers=1):
        folder = pathlib.Path(tmp, name)
        folder.mkdir()
        (folder / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        job = {"name": name, "voice": VOICE, "inputs": [{"path": "lines.jsonl"}], "settings": SETTINGS, "batch": {"utterances": 1 if workers > 1 else 2},
               "kernels": kernels, "views": ["jsonl"]}
        (folder / "job.yaml").write_text(json.dumps(job))
        self.peak, self.anon = (0, 0, 0), 0
        run = harness.Run(folder / "job.yaml", folder / "out", "--workers", str(workers))
        try:
            self.follow(run)
        finally:
            if run.process.poll() is None:
                run.interrupt()
        if run.wait():
            raise SystemExit(f"{name}: " + "\n".join(run.lines[-5:]))
        self.wall_s = run.wall_s
        manifest = folder / "out/views/jsonl/manifest.jsonl"
        cut = [r["id"] for r in map(json.loads, manifest.read_text(encoding="utf8").splitlines()) if r["forced_cuts"]]
        if cut:
            raise SystemExit(f"{name}: {', '.join(cut)} became more than one chunk")

    def follow(self, run):
        while run.process.poll() is None:
            held = [pss(e) for e in harness.engines(run.process.pid)]
            total = tuple(sum(column) for column in zip(*held)) if held else (0, 0, 0)
            self.anon = max(self.anon, total[1])
            self.peak = max(self.peak, total)
            time.sleep(0.03)

    def tell(self, what):
        total, anon, files = self.peak
        print(f"{what:<34} {total:7.0f} {anon:9.0f} {files:7.0f} {self.anon:13.0f}   {self.wall_s:.0f} s", flush=True)


def make_voice(tmp):
    os.environ["ORATORIO_VOICES"] = f"{tmp}/voices"
    subprocess.run([harness.ORATORIO, "voice", "make-random", "megatts3", "--dims", "full", "--seed", "A", "--name", "mega"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return "mega"


def main(words):
    global VOICE
    options = argparse.ArgumentParser(prog="deploy/bench memory --megatts3")
    options.add_argument("--voice")
    options.add_argument("--seconds", type=int, default=60, choices=range(6, 61, 6), metavar="N", help="of the long chunk, by sixes")
    options.add_argument("--only", default="long,two", help="besides the first start and a later one")
    options.add_argument("--kernels", default="auto")
    o = options.parse_args(words)
    wanted, missed = o.only.split(","), False
    with tempfile.TemporaryDirectory(prefix="oratorio-memory-", dir=os.environ.get("TMPDIR", "/var/tmp")) as tmp:
        os.environ["XDG_CACHE_HOME"] = f"{tmp}/cache"
        VOICE = o.voice or make_voice(tmp)
        print(f"MegaTTS 3, weights by formula, kernels {o.kernels}, {harness.cpu_name()}\n\n"
              f"{'MB at the peak of PSS':<34} {'PSS':>7} {'private':>9} {'files':>7} {'most private':>13}")
        text = [{"id": "t", "text": TEXT}]
        first = Watch(tmp, "first", text, o.kernels)
        first.tell("one engine, first start (packs)")
        missed |= first.peak[0] > BAR_MB
        later = Watch(tmp, "later", text, o.kernels)
        later.tell("one engine, packs at hand")
        missed |= later.peak[0] > BAR_MB
        if "long" in wanted:
            long = Watch(tmp, "long", text + [{"id": "l", "phones": given(o.seconds), "settings": {"alpha": 1}}], o.kernels)
            long.tell(f"one engine, a chunk of {o.seconds} s")
            activations = max(0, long.anon - later.anon)
            missed |= long.peak[0] > BAR_MB + activations
            print(f"activations of the chunk: {activations:.0f} MB")
        if "two" in wanted:
            two = Watch(tmp, "two", [dict(text[0], id=f"t{i}") for i in range(4)], o.kernels, workers=2)
            two.tell("two engines together")
            print(f"two engines hold {two.peak[0] / later.peak[0]:.2f} of what one does: packs are shared")
    print(f"bar: {BAR_MB} MB and activations: {'MISSED' if missed else 'kept'}")
    return missed
