"""Memory: engine RSS flat (+-5 %) between utterance 100 and 2,000; packed weights shared by two engines (PSS); a 40-minute
chapter of one paragraph in flat memory. With --megatts3: megatts3_memory.py."""
import pathlib
import sys
import time
import harness
import megatts3_memory

WORDS = ("the keeper wrote every number down because a number that is not written is only a rumour and rumours never lit "
         "a lamp on any coast that she had heard of").split()


def sentence(i):
    start = (7 * i) % len(WORDS)
    picked = [WORDS[(start + k) % len(WORDS)] for k in range(6 + i % 14)]
    return " ".join(picked).capitalize() + "."


def watch(run, points):
    """Memory of the engines each time the number of done utterances passes a point."""
    seen = {}
    while run.process.poll() is None:
        done = run.last.get("done", 0)
        for p in points:
            if p not in seen and done >= p:
                seen[p] = [harness.memory_kb(e) for e in harness.engines(run.process.pid)]
        time.sleep(0.1)
    run.wait()
    return seen


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2100
    print(f"memory: {harness.cpu_name()}")
    with harness.scratch() as tmp:
        pathlib.Path(tmp, "lines.txt").write_text("\n".join(sentence(i) for i in range(count)) + "\n")
        job = pathlib.Path(tmp, "job.yaml")
        job.write_text("name: m\nvoice: en_US-joe-medium\ninputs:\n  - path: lines.txt\n    layout: lines\nbatch: {chars: 1000}\nviews: []\n")
        run = harness.Run(job, f"{tmp}/out", "--workers", "2")
        seen = watch(run, (100, count // 2, count - 100))
        for point, engines in sorted(seen.items()):
            print(f"utterance {point}: " + "; ".join(f"engine rss {r / 1000:.1f} MB, pss {p / 1000:.1f} MB" for r, p, _ in engines))
        first, last = seen[100], seen[count - 100]
        print(f"growth {100 * (sum(e[0] for e in last) / sum(e[0] for e in first) - 1):+.1f} % (bar +-5 %); "
              f"pss / rss {sum(e[1] for e in last) / sum(e[0] for e in last):.2f}: below 1 where pages are shared")
    with harness.scratch() as tmp:
        pathlib.Path(tmp, "chapter.txt").write_text(" ".join(sentence(i) for i in range(820)) + "\n")
        job = pathlib.Path(tmp, "job.yaml")
        job.write_text("name: c\nvoice: en_US-joe-medium\ninputs: chapter.txt\nviews: [chapters]\n")
        run = harness.Run(job, f"{tmp}/out", "--workers", "2")
        peaks = {}
        while run.process.poll() is None:
            for e in harness.engines(run.process.pid):
                peaks[e] = max(peaks.get(e, 0), harness.memory_kb(e)[2])
            time.sleep(0.2)
        code = run.wait()
        hours = harness.report(f"{tmp}/out")["audio"]["hours"]
        print(f"one paragraph of {60 * hours:.1f} minutes: exit {code}, engine peak {max(peaks.values(), default=0) / 1000:.0f} MB, "
              f"coordinator peak {run.peak_kb / 1000:.0f} MB (it also joins the chapter)")


if sys.argv[1:2] == ["--megatts3"]:
    sys.exit(megatts3_memory.main(sys.argv[2:]))
main()
