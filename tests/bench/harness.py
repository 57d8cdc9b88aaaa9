"""What the benchmarks share: the machine's name, programs of ours and of others that answer a line with a row of JSON,
turns taken in rounds, starting oratorio and watching its processes."""
import functools
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORATORIO = shutil.which("oratorio") or str(ROOT / "build/release/bin/oratorio")
PROGRAMS = pathlib.Path(ORATORIO).resolve().parent / "bench"
TORCH = pathlib.Path(os.environ.get("ORATORIO_TORCH_PYTHON", ROOT / "build/torch/bin/python"))
NO_TORCH = "no PyTorch (ORATORIO_TORCH_PYTHON)"
PEERS = ("onnxruntime", "piper-tts", "sherpa-onnx")
VOICE = "en_US-joe-medium"
sys.path.insert(0, str(ROOT / "tests/golden"))


# ---- the machine


def cpu_facts():
    """Of /proc/cpuinfo: name, family, model; and how many processors this process may use."""
    facts = {}
    for line in open("/proc/cpuinfo", encoding="utf8"):
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "cpu family", "model"):
            facts.setdefault(key.strip().replace(" ", "_"), value.strip())
    return facts | {"processors": len(os.sched_getaffinity(0))}


def cpu_name():
    return cpu_facts().get("model_name", "unknown")


def cores():
    return sorted(os.sched_getaffinity(0))


def note(text):
    """What is going on, for whoever waits."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def scratch(folder=None):
    return tempfile.TemporaryDirectory(prefix="oratorio-bench-", dir=folder)


# ---- programs and rows


def command(words, on=None):
    """The words as strings, pinned to the processors `on`."""
    pin = ["taskset", "-c", ",".join(map(str, on))] if on else []
    return pin + [str(w) for w in words]


def rows_of(program, *words, on=None):
    """Runs one of the programs in bin/bench with --json and returns its rows."""
    with scratch() as tmp:
        path = pathlib.Path(tmp, "rows")
        done = subprocess.run(command([PROGRAMS / program, *words, "--json", path], on), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.stderr:
            note(done.stderr.rstrip())
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@functools.cache
def levels():
    """The kernel levels as the program lists them: rows with level, instruction, available, by_name; best first."""
    return [r for r in rows_of("machine_bench", "--rounds", 1) if r["group"] == "level"]


def fast_levels():
    """Names of those that this processor runs and that are meant to be fast (they have an instruction of their own)."""
    return [r["level"] for r in levels() if r["available"] and r["instruction"]]


def main_levels():
    """fast_levels() without those narrower than the default one: what a short run looks at."""
    first = next(r for r in levels() if r["available"] and not r["by_name"])
    return [r["level"] for r in levels() if r["available"] and r["instruction"]
            and (r["instruction"] == first["instruction"] or not r["instruction"].startswith("f32"))]


def is_exact(level):
    """Is its arithmetic of f32 grade? (All but the plain products of bfloat16.)"""
    return not any(r["level"] == level and r["arithmetic"].startswith("plain") for r in levels())


def default_level():
    return next(r["level"] for r in levels() if r["available"] and not r["by_name"])


class Engine:
    """A process that answers every line with one line of JSON. `error` tells why it is none."""

    def __init__(self, *words, on=None, greets=False):
        env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        self.process = subprocess.Popen(command(words, on), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
                                        stderr=subprocess.DEVNULL)
        self.greeting = self.answer() if greets else {}
        self.error, self.version = self.greeting.get("error"), self.greeting.get("version")

    def send(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.error = self.error or "it ended"

    def answer(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "it ended without an answer"}

    def ask(self, line):
        self.send(line)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peer(name, voice, work, on=None, part="0/1", pcm=None):
    extra = ["--pcm", pcm] if pcm else []
    return Engine(sys.executable, ROOT / "tests/bench/peer.py", name, voice, work, "--part", part, *extra, on=on, greets=True)


def in_rounds(count, turns, warm_up=True):
    """Calls every turn once a round, in an order that shifts by one each time; returns name → list of answers. The first
    round warms up and is dropped."""
    names, answers = list(turns), {name: [] for name in turns}
    for number in range(count + warm_up):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            row = turns[name]()
            if number >= warm_up:
                answers[name].append(row)
    return answers


def middle(rows, key):
    return statistics.median(key(r) if callable(key) else r[key] for r in rows)


# ---- oratorio and its processes


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


def anonymous_kb(pid):
    """Memory of its own: neither weights nor programs, which are mapped files."""
    try:
        for line in open(f"/proc/{pid}/status", encoding="utf8"):
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def beyond_weights_kb(pid):
    """The most that was ever resident but for the packed weights, which all engines of a host share; 0 before they are mapped."""
    weights, ours = 0, False
    try:
        for line in open(f"/proc/{pid}/smaps", encoding="utf8", errors="replace"):
            if "-" in line.split(" ", 1)[0]:
                ours = line.rstrip().endswith(".pack")
            elif ours and line.startswith("Rss:"):
                weights += int(line.split()[1])
    except OSError:
        return 0
    return memory_kb(pid)[2] - weights if weights else 0


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
