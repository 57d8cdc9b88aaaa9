"""What the benchmarks share: starting oratorio, watching its processes, reading /proc."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).parents[2]
ORATORIO = shutil.which("oratorio") or str(ROOT / "build/release/bin/oratorio")


def cpu_name():
    for line in open("/proc/cpuinfo", encoding="utf8"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def scratch():
    return tempfile.TemporaryDirectory(prefix="oratorio-bench-")


def children(pid):
    """All descendants of a process, as pid → command name."""
    parent, name = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat", encoding="utf8", errors="replace").read()
            except OSError:
                continue
            head, tail = stat.rsplit(")", 1)
            parent[int(entry)] = int(tail.split()[1])
            name[int(entry)] = head.split("(", 1)[1]
    found, todo = {}, [pid]
    while todo:
        up = todo.pop()
        for p, q in parent.items():
            if q == up and p not in found:
                found[p] = name[p]
                todo.append(p)
    return found


def memory_kb(pid):
    """(rss, pss, peak rss) in kB; zeros when the process is gone."""
    rss = pss = peak = 0
    try:
        for line in open(f"/proc/{pid}/smaps_rollup", encoding="utf8"):
            if line.startswith("Rss:"):
                rss = int(line.split()[1])
            elif line.startswith("Pss:"):
                pss = int(line.split()[1])
        for line in open(f"/proc/{pid}/status", encoding="utf8"):
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    except OSError:
        pass
    return rss, pss, peak


def engines(pid):
    """pids of engine processes below pid: oratorio-worker processes that were started with --engine."""
    out = []
    for p in children(pid):
        try:
            words = open(f"/proc/{p}/cmdline", "rb").read().split(b"\0")
        except OSError:
            continue
        if any(w == b"--engine" for w in words):
            out.append(p)
    return out


class Run:
    """oratorio run with JSON progress; `last` is the newest progress object, `peak_kb` the coordinator's peak RSS."""

    def __init__(self, job, out, *words, cwd=None):
        self.start = time.monotonic()
        self.last, self.lines, self.peak_kb = {}, [], 0
        self.process = subprocess.Popen([ORATORIO, "run", str(job), "--out", str(out), "--json-progress", *words],
                                        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            if line.startswith("{"):
                self.last = json.loads(line)
            self.peak_kb = max(self.peak_kb, memory_kb(self.process.pid)[2])

    def wait(self):
        self.stdout = self.process.stdout.read()
        code = self.process.wait()
        self.wall_s = time.monotonic() - self.start
        self.thread.join(5)
        return code

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


def report(out):
    return json.loads(pathlib.Path(out, "report.json").read_text())
