"""Two workers on two cores against one, on a compute-bound run of the default voice. Bar: >= 1.8 x."""
import pathlib
import statistics
import harness

SENTENCE = "The keeper counted every step of the tower, wrote the number down, and lit the lamp again before the tide had turned."


def main():
    rounds = []
    print(f"workers: {harness.cpu_name()}")
    with harness.scratch() as tmp:
        text = pathlib.Path(tmp, "lines.txt")
        text.write_text("\n".join(f"{SENTENCE} Line {i} ends here." for i in range(96)) + "\n")
        job = pathlib.Path(tmp, "job.yaml")
        job.write_text("name: w\nvoice: en_US-joe-medium\ninputs:\n  - path: lines.txt\n    layout: lines\n"
                       "batch: {chars: 800}\nviews: []\n")
        harness.Run(job, f"{tmp}/warm", "--workers", "1").wait()
        for r in range(3):
            speed = {}
            for n in (1, 2):
                run = harness.Run(job, f"{tmp}/out-{r}-{n}", "--workers", str(n))
                code = run.wait()
                if code != 0:
                    raise SystemExit(f"exit {code}: {run.lines[-3:]}")
                speed[n] = harness.report(f"{tmp}/out-{r}-{n}")["speed"]["audio_s_per_wall_s"]
            rounds.append(speed[2] / speed[1])
            print(f"round {r + 1}: 1 worker {speed[1]:.1f} audio s/s, 2 workers {speed[2]:.1f}, ratio {rounds[-1]:.2f}")
    print(f"median ratio {statistics.median(rounds):.2f} (bar 1.8)")


main()
