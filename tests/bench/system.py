"""The system's own cost: family tone, 100,000 lines of 40 characters, 2 workers; and the ingest of one million lines.
Bars: >= 1,000 utterances/s from ingest to balanced ledger, coordinator <= 150 MB; ingest < 60 s and < 200 MB."""
import pathlib
import sys
import time
import harness


def lines(path, count):
    with open(path, "w", encoding="utf8") as f:
        for i in range(count):
            f.write(f"line {i:07d} has exactly forty letters ok\n")


def job(tmp, text):
    path = pathlib.Path(tmp, "job.yaml")
    path.write_text(f"name: s\nvoice: tone\ninputs:\n  - path: {text}\n    layout: lines\nviews: []\n")
    return path


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    print(f"system: {harness.cpu_name()}")
    with harness.scratch() as tmp:
        lines(f"{tmp}/lines.txt", count)
        run = harness.Run(job(tmp, "lines.txt"), f"{tmp}/out", "--workers", "2")
        code = run.wait()
        ledger = harness.report(f"{tmp}/out")["ledger"]
        print(f"exit {code}, {ledger['done']} of {ledger['utterances']} done in {run.wall_s:.1f} s: "
              f"{ledger['done'] / run.wall_s:.0f} utterances/s (bar 1000), coordinator peak {run.peak_kb / 1000:.0f} MB (bar 150)")
    with harness.scratch() as tmp:
        lines(f"{tmp}/million.txt", 10 * count)
        run = harness.Run(job(tmp, "million.txt"), f"{tmp}/out", "--launch", "none")
        peak = 0
        while not run.last and run.process.poll() is None:
            peak = max(peak, harness.memory_kb(run.process.pid)[2])
            time.sleep(0.05)
        took = time.monotonic() - run.start
        run.interrupt()
        run.wait()
        print(f"ingest of {run.last.get('utterances', 0)} lines: {took:.1f} s (bar 60), peak {peak / 1000:.0f} MB (bar 200)")


main()
