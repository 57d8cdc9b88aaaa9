"""What the tests of the distributed part share: a run in mid-work whose processes can be found by name and struck, and the
undisturbed run that it must equal byte for byte. Nothing sleeps for a fixed time: it waits for what it needs, with a deadline."""
import hashlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
from cli import BIN, Result, Scratch, check, main, says, Skip  # noqa: E402,F401

PATIENCE_S = 50
WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa".split()


def lines(count, extra=""):
    """Texts of about 40 characters, all different."""
    return "".join(f"{' '.join(WORDS[(i * k) % 10] for k in (1, 3, 7, 9))} {i:05d}{extra}\n" for i in range(count))


def wait_for(what, truth, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        value = truth()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {patience_s} s for {what}")


def stat_field(pid, field):
    """A field of /proc/PID/stat by its number in proc(5), or None when there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2:].split()[field - 3]


def alive(pid):
    return stat_field(pid, 3) not in (None, "Z", "X")


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf8", "replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


class World(Scratch):
    """A scratch folder with one job of many short batches."""

    def __init__(self, folder):
        super().__init__(folder)
        self.started = []

    def corpus(self, count=240, sleep_ms=5, extra="", more="", name="job.yaml"):
        self.write("lines.txt", lines(count) + extra)
        return self.job([{"path": "lines.txt", "layout": "lines"}], name=name,
                        more=f"settings: {{sleep_ms: {sleep_ms}}}\nbatch: {{utterances: 8}}\n{more}")

    def start(self, *words, env=None):
        """oratorio in the background; its output goes to files."""
        number = len(self.started)
        out = open(self.dir / f"out{number}.txt", "w+", encoding="utf8")
        process = subprocess.Popen([str(BIN / "oratorio"), *map(str, words)], cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        process.output = out
        self.started.append(process)
        return process

    def end_of(self, process, code, patience_s=PATIENCE_S):
        try:
            got = process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"still running after {patience_s} s: {self.said(process)}") from None
        check(got == code, f"expected exit {code}, got {got}: {self.said(process)}")

    def said(self, process):
        process.output.seek(0)
        return process.output.read() + self.logs()

    def logs(self):
        text = ""
        for path in sorted(self.dir.rglob("logs/*.log")):
            text += f"--- {path}\n{path.read_text(errors='replace')[-3000:]}"
        return text

    def query(self, sql, run="runs/t"):
        path = self.dir / run / "run.sqlite"
        if not path.exists():
            return []
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            db.close()

    def done(self, run="runs/t"):
        rows = self.query("SELECT done FROM v_progress", run)
        return rows[0][0] if rows else 0

    def wait_done(self, count, run="runs/t"):
        wait_for(f"{count} utterances done", lambda: self.done(run) >= count)

    # ---- processes of a run, told by the key file in their command line ----

    def pids(self, run, wanted):
        key = str(self.dir / run / "keys/worker.key")
        return [int(p) for p in os.listdir("/proc") if p.isdigit() and alive(p) and (c := command(p)) and key in c and wanted(c)]

    def workers(self, run="runs/t"):
        return self.pids(run, lambda c: c[0].endswith("oratorio-worker"))

    def mpiruns(self, run="runs/t"):
        return self.pids(run, lambda c: c[0].endswith("mpirun"))

    def engines(self, run="runs/t"):
        workers = set(map(str, self.workers(run)))
        return [int(p) for p in os.listdir("/proc")
                if p.isdigit() and stat_field(p, 4) in workers and alive(p) and command(p)[1:2] == ["--engine"]]

    def nobody_is_left(self, run="runs/t"):
        wait_for("all processes of the run to end", lambda: not (self.workers(run) or self.mpiruns(run)))

    # ---- results ----

    def sums(self, run):
        """Names and SHA-256 of all that lies in audio/."""
        folder = self.dir / run / "audio"
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
                for p in sorted(folder.rglob("*")) if p.is_file()}

    def undisturbed(self, job="job.yaml", run="runs/calm", code=0):
        """The run that nothing happened to. Its utterances do not sleep less: settings are part of their records."""
        self.oratorio("run", job, "--out", run, "--workers", 2, code=code)
        return self.sums(run)

    def is_like_undisturbed(self, run="runs/t", job="job.yaml", code=0):
        self.ledger(run)
        self.nothing_half_written(run)
        want, got = self.undisturbed(job, code=code), self.sums(run)
        check(want and want == got, f"audio differs: {sorted(set(want.items()) ^ set(got.items()))[:4]}")

    def clean_up(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.output.close()
        for run in (self.dir / "runs").glob("*"):
            for pid in self.workers(f"runs/{run.name}") + self.mpiruns(f"runs/{run.name}"):
                os.kill(pid, signal.SIGKILL)


def run_cases(cases):
    """Every case gets a World, and its processes end with it."""
    def wrapped(case):
        def run(scratch):
            world = World(os.path.realpath(scratch.dir))
            try:
                case(world)
            finally:
                world.clean_up()
        return run
    main({name: wrapped(case) if name.startswith("case_") else case for name, case in cases.items()})
