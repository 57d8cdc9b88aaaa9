#!/usr/bin/env python3
"""A MegaTTS 3 voice of mini size (its weights made by a formula: it speaks noise) in whole runs: the same bytes with 1, 2 and
4 workers, after kills, in batches of other sizes; texts that nobody expects end clearly, each by itself."""
import json
import os
import signal

from world import check, run_cases, says, wait_for

TEXTS = ["Then the others are in.", "It is over there.", "他们在这里。", "Is it on the inner iron? 再见！", "Another one, then.",
         "No, it is not.", "The rain.", "One of the others is on the train then.", "好。", "On and on, in the north."]
# Little sound of each, so that runs are short.
QUICK = "settings: {steps: 2, alpha: 0.3, silence_stop_ms: 100, silence_comma_ms: 50}\n"


def with_voice(t):
    """Makes the voice `ann` and its base in the scratch folder."""
    os.environ["ORATORIO_VOICES"] = str(t.dir / "voices")
    os.environ["XDG_CACHE_HOME"] = str(t.dir / "cache")
    env = {"ORATORIO_VOICES": os.environ["ORATORIO_VOICES"]}
    t.oratorio("voice", "make-random", "megatts3", "--dims", "mini", "--seed", "A", "--name", "ann", code=0, env=env)
    return env


def corpus(t, count=24, batch="{utterances: 4}", name="job.yaml"):
    t.write("lines.txt", "".join(f"{TEXTS[i % len(TEXTS)]}\n" for i in range(count)))
    return t.job([{"path": "lines.txt", "layout": "lines"}], voice="ann", name=name, more=f"{QUICK}batch: {batch}\n")


def clips(t, run):
    return t.query("SELECT u.id, hex(c.pcm_sha256) FROM utterances u JOIN clips c USING (utt) ORDER BY u.id", run)


def case_any_number_of_workers_and_any_batches(t):
    env = with_voice(t)
    runs = []
    for workers in (1, 2, 4):
        t.oratorio("run", corpus(t), "--out", f"runs/w{workers}", "--workers", workers, code=0, env=env)
        runs.append(t.sums(f"runs/w{workers}"))
    check(runs[0] and runs[0] == runs[1] == runs[2], "audio hangs on the number of workers")
    want = clips(t, "runs/w1")
    check(len(want) == 24, f"{len(want)} clips")
    for batch in ("{utterances: 1}", "{utterances: 17}", "{chars: 3000}", "{chars: auto}"):
        t.oratorio("run", corpus(t, batch=batch), "--out", "runs/other", "--new", "--workers", 2, code=0, env=env)
        newest = sorted((t.dir / "runs").glob("other*"))[-1]
        check(clips(t, f"runs/{newest.name}") == want, f"audio hangs on the batches: {batch}")


def case_records_say_what_it_is(t):
    env = with_voice(t)
    t.oratorio("run", corpus(t, count=5), "--workers", 1, code=0, env=env)
    for line in (t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text(encoding="utf8").splitlines():
        record = json.loads(line)
        check(record["weights"] == "random" and record["consent"], f"{record}")
        check(record["model"] == "megatts3" and record["base"] == "ann-base", f"{record}")
        phones = record["phone_alignment"]
        end = phones[-1]["start"] + phones[-1]["duration"]
        check(abs(end - record["duration"]) < 0.002, f"phones end at {end} of {record['duration']}")


def case_records_say_what_was_cut(t):
    """A chunk that would last longer than max_chunk_seconds is cut; who filters a data set finds it in the records."""
    env = with_voice(t)
    lines = [{"id": f"l{i}", "text": TEXTS[i]} for i in range(6)]
    lines[3] = {"id": "l3", "text": "One of the others is on the train then, and over it is another one in the north.", "settings": {"max_chunk_seconds": 2}}
    t.write("cut.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    t.job(["cut.jsonl"], voice="ann", more=f"{QUICK}batch: {{utterances: 2}}\n")
    runs = []
    for workers in (1, 3):
        t.oratorio("run", "job.yaml", "--out", f"runs/w{workers}", "--workers", workers, code=0, env=env)
        runs.append(t.sums(f"runs/w{workers}"))
    check(runs[0] == runs[1], "audio or records hang on the number of workers")
    cuts = {}
    for line in (t.dir / "runs/w1/views/jsonl/manifest.jsonl").read_text(encoding="utf8").splitlines():
        record = json.loads(line)
        check(isinstance(record.get("forced_cuts"), int), f"no forced_cuts: {record}")
        check(record["segments"] > record["forced_cuts"], f"{record}")
        cuts[record["id"]] = record["forced_cuts"]
    check(len(cuts) == 6 and cuts.pop("l3") >= 2 and set(cuts.values()) == {0}, f"{cuts}")


def case_killed(t):
    with_voice(t)
    job = corpus(t, count=90)
    process = t.start("run", job, "--workers", 2)
    t.wait_done(8)
    os.kill(wait_for("an engine", t.engines)[0], signal.SIGKILL)
    t.wait_done(24)
    os.kill(t.workers()[0], signal.SIGKILL)
    t.wait_done(48)
    process.kill()
    process.wait()
    t.end_of(t.start("run", job, "--workers", 2), 0)
    t.oratorio("run", job, "--out", "runs/calm", "--workers", 1, code=0, env=dict(os.environ))
    check(t.sums("runs/t") == t.sums("runs/calm"), "audio differs")


def case_odd_texts(t):
    env = with_voice(t)
    odd = ["a", "e" * 2000, "天" * 700, "\U0001F600", "Well \U0001F600 then", "<Reserved_TTS_5>", "say <|endoftext|> now",
           "Привет, мир. 你好 world. مرحبا", "《》", "...", "1", "[[hh ax l ow]]", "[[no phones]]", "2024年3月5日, at 10:30", "plain words"]
    t.write("odd.jsonl", "".join(json.dumps({"id": f"o{i}", "text": text}) + "\n" for i, text in enumerate(odd)))
    t.job(["odd.jsonl"], voice="ann", more=f"{QUICK}text: {{max_chars: 20000}}\n")
    result = t.oratorio("run", "job.yaml", "--workers", 2, env=env)
    done, rejected, failed, reasons = t.ledger()
    check(result.code == (1 if rejected or failed else 0), f"{result}")
    check(done + rejected + failed == len(odd) and failed == 0, f"{done} {rejected} {reasons}")
    states = dict(t.query("SELECT coalesce(source_id, id), reason FROM v_failed"))
    check("o0" not in states and "o1" not in states and "o14" not in states, f"{states}")
    check(all(states.values()), f"without a reason: {states}")
    codes = dict(t.query("SELECT coalesce(source_id, id), reason_code FROM v_failed"))
    check(codes.get("o3") == codes.get("o5") == "no-words" and codes.get("o7") == "foreign-script", f"{codes}")


def case_a_base_is_refused(t):
    env = with_voice(t)
    says(t.oratorio("say", "--voice", "ann-base", "hello", "-o", "x.flac", code=2, env=env), "voice add")


if __name__ == "__main__":
    run_cases(globals())
