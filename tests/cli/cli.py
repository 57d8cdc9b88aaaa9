"""What the command-line tests share: a scratch folder, running oratorio, reading a run. Plain python3, no packages.

Each test file defines `def case_x(t)`; `python3 FILE x` runs one, `python3 FILE` all. A failed check raises."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ.get("ORATORIO_BIN", pathlib.Path(__file__).parents[2] / "build/release/bin"))
VOICES = os.environ.get("ORATORIO_VOICES", str(pathlib.Path(__file__).parents[2] / "voices"))


class Skip(Exception):
    """The case cannot run here; the message says why."""


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Scratch:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder)

    def write(self, name, content):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf8")
        return path

    def oratorio(self, *words, code=None, stdin=None, user=None, env=None, open_files=None):
        """Runs oratorio in the scratch folder; `code` is the exit code that is expected, `open_files` a
        limit."""
        program = BIN / "oratorio"
        if user is not None:  # who may not enter the folder of the build, as a clone under /root
            (self.dir / "bin").mkdir(mode=0o755, exist_ok=True)
            program = shutil.copy2(program, self.dir / "bin/oratorio")
        limit = ["prlimit", f"--nofile={open_files}"] if open_files else []
        done = subprocess.run([*limit, str(program), *map(str, words)], cwd=self.dir, input=stdin, capture_output=True, text=True,
                              env={**os.environ, "ORATORIO_VOICES": VOICES, **(env or {})}, user=user, check=False)
        result = Result(done)
        if code is not None and result.code != code:
            raise AssertionError(f"oratorio {' '.join(map(str, words))}: expected exit {code}, got {result}")
        return result

    def job(self, inputs, name="job.yaml", voice="tone", more=""):
        """A small job of the family without weights."""
        listed = "".join(f"  - {i if isinstance(i, str) else json.dumps(i)}\n" for i in inputs)
        return self.write(name, f"name: t\nvoice: {voice}\ninputs:\n{listed}{more}")

    def ledger(self, run="runs/t"):
        """(done, rejected, failed, reasons) and checks that the counters are the rows'."""
        db = sqlite3.connect(f"file:{self.dir / run}/run.sqlite?mode=ro", uri=True)
        try:
            row = db.execute("SELECT utterances, done, rejected, failed FROM v_progress").fetchone()
        finally:
            db.close()
        status = json.loads(self.oratorio("status", run, "--json").out)
        ledger = status["ledger"]
        check(row == (ledger["utterances"], ledger["done"], ledger["rejected"], ledger["failed"]), f"{row} is not {ledger}")
        check(ledger["utterances"] == ledger["done"] + ledger["rejected"] + ledger["failed"], f"does not balance: {ledger}")
        return ledger["done"], ledger["rejected"], ledger["failed"], {r["code"]: r["count"] for r in status["reasons"]}

    def nothing_half_written(self, run="runs/t"):
        for path in (self.dir / run).rglob("*"):
            check(".part" not in path.name and ".tmp" not in path.name, f"left behind: {path}")


def check(truth, text):
    if not truth:
        raise AssertionError(text)


def says(result, *words):
    """Every word stands in what was printed."""
    text = result.out + result.err
    for word in words:
        check(word in text, f"'{word}' is missing in: {result}")


def main(cases):
    names = sys.argv[1:] or [n.removeprefix("case_") for n in cases if n.startswith("case_")]
    for name in names:
        with tempfile.TemporaryDirectory(prefix="oratorio-cli-") as folder:
            os.chmod(folder, 0o755)
            try:
                cases["case_" + name](Scratch(folder))
            except Skip as why:
                print(f"not run: {name}: {why}")
                sys.exit(77)
        print(f"ok {name}")
