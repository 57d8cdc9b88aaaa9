#!/usr/bin/env python3
"""oratorio tune: what it tells and keeps, what run and plan make of it, and every way in which there is none."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

from cli import BIN, check, main, says

TEXT = "".join(f"Sentence number {w} is spoken here.\n" for w in ("one", "two", "three", "four", "five", "six"))


def home(t, **more):
    return {"XDG_CACHE_HOME": str(t.dir / "cache"), **more}


def job(t, voice="tone", more="", text=TEXT):
    t.write("lines.txt", text)
    return t.job([{"path": "lines.txt", "layout": "lines"}], voice=voice, more="views: []\nbatch: {utterances: 1}\n" + more)


def kept(t):
    found = list((t.dir / "cache/oratorio/tune").glob("*"))
    check(len(found) == 1, f"one file was expected: {found}")
    return found[0]


def edit(t, **fields):
    path = kept(t)
    doc = json.loads(path.read_text())
    path.write_text(json.dumps({**doc, **fields}))
    return doc


def audio(t, run):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((t.dir / run / "audio").glob("*.tar"))}


def levels(t, run):
    import sqlite3
    db = sqlite3.connect(f"file:{t.dir / run}/run.sqlite?mode=ro", uri=True)
    try:
        return {row[0] for row in db.execute("SELECT kernel_level FROM batches")}
    finally:
        db.close()


def mini(t):
    """A voice whose levels differ, in the scratch folder; what the commands need to find it."""
    env = home(t, ORATORIO_VOICES=str(t.dir / "voices"))
    t.oratorio("voice", "make-random", "megatts3", "--dims", "mini", "--seed", "A", "--name", "machine", "--out", "voices", env=env, code=0)
    return env


def case_a_table_is_told_and_kept(t):
    first = t.oratorio("tune", "--voice", "tone", env=home(t), code=0)
    says(first, "voice tone, precision f32-direct", "level ", "<- best", "a run here starts")
    doc = json.loads(kept(t).read_text())
    check(doc["format"] == 2 and doc["voice"] == "tone" and doc["rows"][doc["best"]]["workers"] >= 1, str(doc))
    check(len(doc["rows"]) >= min(2, doc["cores"]), "one worker and all cores were expected")
    says(t.oratorio("tune", "--voice", "tone", env=home(t), code=0), "kept from then")
    check(json.loads(t.oratorio("tune", "--voice", "tone", "--json", env=home(t), code=0).out) == doc, "--json differs from the file")
    t.oratorio("tune", "--voice", "tone", "--again", env=home(t), code=0)
    check(json.loads(kept(t).read_text())["measured_ms"] > doc["measured_ms"], "--again did not measure")


def case_a_jobs_voices_are_measured(t):
    job(t)
    says(t.oratorio("tune", "job.yaml", env=home(t), code=0), "voice tone")
    t.job([{"path": "lines.txt", "voice": "nobody"}, {"path": "lines.txt", "voice": "tone"}], name="two.yaml")
    says(t.oratorio("tune", "two.yaml", "--again", env=home(t), code=2), "voice tone", "nobody")
    says(t.oratorio("tune", "job.yaml", "--kernels", "avx513", env=home(t), code=2), "avx513")
    says(t.oratorio("tune", "--voice", "nobody", env=home(t), code=2), "nobody")
    says(t.oratorio("tune", "--voice", "tone", "--precision", "quick", env=home(t), code=2), "quick")


def case_run_and_plan_say_where_their_figures_come_from(t):
    job(t)
    says(t.oratorio("plan", "job.yaml", env=home(t), code=0), "the family's estimate", "none was made")
    says(t.oratorio("run", "job.yaml", env=home(t), code=0), "one a core", "'oratorio tune'")
    t.oratorio("tune", "job.yaml", env=home(t), code=0)
    doc = edit(t)
    workers = doc["rows"][doc["best"]]["workers"]
    day = doc["measured"][:10]
    says(t.oratorio("plan", "job.yaml", env=home(t), code=0), f"with {workers} worker", f"measured on this host on {day}")
    eta = json.loads(t.oratorio("plan", "job.yaml", "--json", env=home(t), code=0).out)["eta"]
    check(eta["source"] == "measured" and eta["workers"] == workers and eta["seconds"] > 0, str(eta))
    says(t.oratorio("run", "job.yaml", "--new", env=home(t), code=0), f"{workers} worker", f"as measured on this host on {day}")
    check("as measured" not in t.oratorio("run", "job.yaml", "--new", "--workers", "1", env=home(t), code=0).err, "--workers was not taken")


def case_a_plan_without_a_table_speaks_a_sentence(t):
    """A voice of random weights speaks as long as it likes: several times what its family expects of a voice."""
    env = mini(t)
    job(t, voice="machine")
    said = t.oratorio("plan", "job.yaml", env=env, code=0)
    says(said, "the family's estimate, set right by sentences spoken now")
    plan = json.loads(t.oratorio("plan", "job.yaml", "--json", env=env, code=0).out)
    check(plan["eta"]["source"] == "spoken", str(plan["eta"]))
    t.oratorio("run", "job.yaml", env=env, code=0)
    report = json.loads((t.dir / "runs/t/report.json").read_text())
    real = report["audio"]["seconds"]
    check(0.4 * real < plan["audio_s"] < 2.5 * real, f"{plan['audio_s']} s foretold, {real} s made")


def case_the_number_of_workers_is_taken(t):
    job(t)
    t.oratorio("tune", "job.yaml", env=home(t), code=0)
    rows = [{"level": "scalar", "workers": n, "audio_s_per_wall_s": 10.0 * n, "core_s_per_audio_s": 0.1, "memory_bytes": 1} for n in (1, 3)]
    edit(t, rows=rows, best=1)
    says(t.oratorio("run", "job.yaml", env=home(t), code=0), "3 workers, as measured")
    log = "".join(p.read_text() for p in (t.dir / "runs/t/logs").glob("coordinator*.log"))
    joined = len(list((t.dir / "runs/t/logs").glob("worker-*.log")))
    check(joined == 3, f"{joined} workers joined: {log}")


def case_no_byte_depends_on_it(t):
    """The best level of the file is taken, whatever it is, unless the job pins one, and so is the number of workers: the bytes
    are those of a run that was not tuned. (The budget: no bound on a slow machine; a quick one does not use it.)"""
    env = mini(t)
    job(t, voice="machine", text="One.\nTwo.\nThree.\n")
    t.oratorio("run", "job.yaml", "--out", "plain", env=env, code=0)
    told = t.oratorio("tune", "job.yaml", "--budget", "600", env=env, code=0)
    doc = edit(t)
    names = sorted({row["level"] for row in doc["rows"]})
    t.oratorio("run", "job.yaml", "--out", "tuned", env=env, code=0)
    check(audio(t, "plain") == audio(t, "tuned"), f"bytes differ: {told}")
    check(levels(t, "tuned") == {doc["rows"][doc["best"]]["level"]}, f"{levels(t, 'tuned')}: {told}")
    for level in names:
        rows = [{"level": level, "workers": 3, "audio_s_per_wall_s": 10.0, "core_s_per_audio_s": 0.1, "memory_bytes": 1}]
        edit(t, rows=rows, best=0)
        t.oratorio("run", "job.yaml", "--out", level, env=env, code=0)
        check(levels(t, level) == {level}, f"{levels(t, level)}, but {level} was the best")
        check(audio(t, "plain") == audio(t, level), f"bytes differ at {level}")
    if len(names) > 1:  # the file knows the last one only
        job(t, voice="machine", text="One.\nTwo.\nThree.\n", more=f"kernels: {names[0]}\n")
        says(t.oratorio("plan", "job.yaml", env=env, code=0), f"it has no level {names[0]}")
        t.oratorio("run", "job.yaml", "--out", "pinned", env=env, code=0)
        check(levels(t, "pinned") == {names[0]}, str(levels(t, "pinned")))
        t.oratorio("tune", "job.yaml", "--budget", "600", env=env, code=0)  # for the pinned level, and the others none the less
        check({row["level"] for row in json.loads(kept(t).read_text())["rows"]} == set(names), kept(t).read_text())
        says(t.oratorio("plan", "job.yaml", env=env, code=0), f"at level {names[0]}")


def case_stale_is_measured_again(t):
    job(t)
    t.oratorio("tune", "job.yaml", env=home(t), code=0)
    for field, value, why in (("cores", 99, "made with 99 cores"), ("cpu", "Another CPU", "another processor (Another CPU)"),
                              ("engine", "0.0.1", "made by version 0.0.1"), ("host", "elsewhere", "made on host elsewhere"),
                              ("voice_sha256", "00", "before the voice changed")):
        before = edit(t, **{field: value})
        says(t.oratorio("plan", "job.yaml", env=home(t), code=0), "the family's estimate", why)
        says(t.oratorio("run", "job.yaml", "--new", env=home(t), code=0), "one a core", why)
        check("kept from then" not in t.oratorio("tune", "job.yaml", env=home(t), code=0).out, f"{field}: not measured again")
        check(json.loads(kept(t).read_text())[field] == before[field], f"{field} was not mended")


def case_levels_are_part_of_what_was_measured(t):
    """What was measured with all levels does not hold where fewer may be used, and the other way round."""
    job(t)
    t.oratorio("tune", "job.yaml", env=home(t), code=0)
    held = home(t, ORATORIO_KERNELS="scalar")
    if kept(t) and json.loads(kept(t).read_text())["levels"] == "scalar":
        return  # a processor that has no other
    says(t.oratorio("plan", "job.yaml", env=held, code=0), "the family's estimate", "and here are scalar now")
    says(t.oratorio("run", "job.yaml", env=held, code=0), "one a core", "and here are scalar now")
    t.oratorio("tune", "job.yaml", env=held, code=0)
    says(t.oratorio("plan", "job.yaml", env=home(t), code=0), "the family's estimate", "made with levels scalar")


def case_damaged_or_unreadable_is_none(t):
    job(t)
    t.oratorio("tune", "job.yaml", env=home(t), code=0)
    path = kept(t)
    whole = path.read_text()
    for content in (whole[:200], "", "[]", whole.replace('"format": 2', '"format": 7'), whole.replace('"cpu": "', '"cpu": "\\u001b[2J'), "\0" * 64):
        path.write_text(content)
        says(t.oratorio("plan", "job.yaml", env=home(t), code=0), "the family's estimate", "damaged")
        says(t.oratorio("run", "job.yaml", "--new", env=home(t), code=0), "one a core", "damaged")
    path.unlink()
    path.mkdir()
    says(t.oratorio("plan", "job.yaml", env=home(t), code=0), "cannot be read")
    path.rmdir()
    says(t.oratorio("tune", "job.yaml", env=home(t), code=0), "<- best")


def case_without_a_cache_the_table_is_told_all_the_same(t):
    t.write("cache", "a file in its place\n")
    told = t.oratorio("tune", "--voice", "tone", env=home(t), code=0)
    says(told, "not kept", "<- best", "one worker a core unless --workers")
    check("a run here starts 1 worker (" not in told.out and "a run here starts 2" not in told.out, told.out)
    says(t.oratorio("tune", "--voice", "tone", env={"XDG_CACHE_HOME": "", "HOME": ""}, code=0), "not kept", "XDG_CACHE_HOME")


def session_members(sid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == sid and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def case_killed_while_it_measures(t):
    t.oratorio("tune", "--voice", "tone", env=home(t), code=0)
    before = kept(t).read_bytes()
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        run = subprocess.Popen([str(BIN / "oratorio"), "tune", "--voice", "tone", "--again"], cwd=t.dir, start_new_session=True,
                               env={**os.environ, **home(t)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while len(session_members(run.pid)) < 2:  # it and one that speaks
            check(time.monotonic() < deadline and run.poll() is None, "it did not begin to measure")
            time.sleep(0.01)
        run.send_signal(number)
        check(run.wait(20) == -number, f"ended with {run.returncode}")
        while session_members(run.pid):
            check(time.monotonic() < deadline + 20, f"left behind: {session_members(run.pid)}")
            time.sleep(0.01)
        check(kept(t).read_bytes() == before, "what was kept is another now")


main(globals())
