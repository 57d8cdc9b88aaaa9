#!/usr/bin/env python3
"""Several workers on one run: the same bytes however many, joining by hand, and who is not let in."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fault"))
from world import BIN, check, run_cases, wait_for  # noqa: E402

ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def case_one_two_and_four_workers_give_the_same_bytes(t):
    job = t.corpus(count=400, sleep_ms=0)
    sums = []
    for n in (1, 2, 4):
        t.oratorio("run", job, "--out", f"runs/w{n}", "--workers", n, code=0)
        t.ledger(f"runs/w{n}")
        sums.append(t.sums(f"runs/w{n}"))
    check(sums[0] and sums[0] == sums[1] == sums[2], "audio differs")


def serve(t, **corpus):
    """A coordinator that starts nobody; returns it and the arguments that a worker needs."""
    process = t.start("run", t.corpus(**corpus), "--launch", "none")
    endpoint = wait_for("the endpoint", lambda: t.query("SELECT value FROM meta WHERE key = 'endpoint'"))[0][0]
    return process, ["--connect", endpoint, "--key", str(t.dir / "runs/t/keys/worker.key")]


def worker(t, arguments, prefix=(), name="worker"):
    out = open(t.dir / f"{name}.txt", "w+", encoding="utf8")
    process = subprocess.Popen([*prefix, str(BIN / "oratorio-worker"), *arguments], cwd=t.dir, stdin=subprocess.DEVNULL,
                               stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **ROOT})
    process.output = out
    t.started.append(process)
    return process


def case_a_worker_joins_by_hand_without_mpi(t):
    process, arguments = serve(t)
    line = wait_for("the line for workers", lambda: re.search(r"mpirun .*", pathlib.Path(process.output.name).read_text(encoding="utf8")))[0]
    check(re.search(r" -n [1-9][0-9]* oratorio-worker " + re.escape(" ".join(arguments[:2])), line), line)
    hand = worker(t, arguments)
    t.end_of(process, 0)
    t.end_of(hand, 0)
    t.is_like_undisturbed()


def case_a_second_mpirun_joins_while_the_run_goes_on(t):
    # Some 20 s of work for one worker: where a host does not know its own name, an mpirun takes 5 s to start.
    process = t.start("run", t.corpus(sleep_ms=80), "--workers", 1)
    t.wait_done(8)
    endpoint = t.query("SELECT value FROM meta WHERE key = 'endpoint'")[0][0]
    arguments = ["--connect", endpoint, "--key", str(t.dir / "runs/t/keys/worker.key"), "--log-dir", str(t.dir / "runs/t/logs")]
    second = worker(t, arguments, ["mpirun", "--enable-recovery", "--oversubscribe", "--mca", "plm", "isolated", "-n", "2"])
    t.end_of(process, 0)
    t.end_of(second, 0)
    did = t.query("SELECT count(*) FROM workers WHERE batches > 0")[0][0]
    check(did == 3, f"{did} of 3 workers did something")
    t.is_like_undisturbed()


def made_voice(t, *folders):
    """A small voice of random weights in each folder, of one name; and a job that it speaks."""
    for seed, folder in enumerate(folders):
        t.oratorio("voice", "make-random", "megatts3", "--seed", seed, "--name", "machine", "--out", folder, code=0)
    t.write("lines.txt", "".join(f"Line {i}.\n" for i in range(6)))
    return t.job([{"path": "lines.txt", "layout": "lines"}], voice="machine", more="batch: {utterances: 1}\nviews: []\n")


def case_a_voice_that_was_changed_under_a_run_is_told(t):
    job = made_voice(t, "voices")
    env = {"ORATORIO_VOICES": f"{t.dir}/voices", "XDG_CACHE_HOME": f"{t.dir}/cache"}
    t.oratorio("run", job, "--workers", 1, env=env, code=0)
    for voice in ("machine", "machine-base"):
        file = t.dir / "voices" / voice / "voice.yaml"
        was = file.read_text(encoding="utf8")
        file.write_text(f"# A remark changes nothing.\n{was}", encoding="utf8")
        t.oratorio("run", job, env=env, code=0)
        file.write_text(was.replace('license: "', 'license: "another, '), encoding="utf8")
        refused = t.oratorio("run", job, env=env, code=2)
        check("voice machine: its voice.yaml or its base's has changed" in refused.err, refused.err)
        file.write_text(was, encoding="utf8")
    t.oratorio("run", job, env=env, code=0)


def case_a_worker_with_another_voice_of_the_name_renders_nothing(t):
    """Where hosts have voices of their own, a name may mean two of them."""
    job = made_voice(t, "voices", "others")
    caches = f"XDG_CACHE_HOME={t.dir}/cache"
    mine, others = (f"ORATORIO_VOICES={t.dir}/{folder}" for folder in ("voices", "others"))
    here = dict([mine.split("=", 1)])
    process = t.start("run", job, "--launch", "none", env=here)
    endpoint = wait_for("the endpoint", lambda: t.query("SELECT value FROM meta WHERE key = 'endpoint'"))[0][0]
    arguments = ["--connect", endpoint, "--key", str(t.dir / "runs/t/keys/worker.key")]
    stranger = worker(t, arguments, ["env", caches, others], name="stranger")
    t.end_of(stranger, 1)
    check("voice 'machine' is another one here" in t.said(stranger), t.said(stranger))
    check(t.query("SELECT count(*) FROM batches WHERE state = 2") == [(0,)], "it rendered")
    t.end_of(worker(t, arguments, ["env", caches, mine]), 0)
    t.end_of(process, 0)
    t.oratorio("verify", "runs/t", "--sample", 6, env=here, code=0)


def case_a_wrong_key_is_turned_away(t):
    process, arguments = serve(t, count=40)
    t.write("other.txt", "One line.\n")
    other = t.start("run", t.job(["other.txt"], name="other.yaml").rename(t.dir / "o.yaml"), "--out", "runs/other", "--launch",
                    "none")
    wait_for("the other run's key", lambda: (t.dir / "runs/other/keys/worker.key").exists())
    # The right server, but a pair of keys that is not this run's.
    fields = dict(line.split(" ", 1) for line in open(t.dir / "runs/other/keys/worker.key", encoding="utf8") if line[0] != "#")
    fields |= {k: v for k, v in (line.split(" ", 1) for line in open(arguments[3], encoding="utf8") if line[0] != "#")
               if k in ("run_id", "server_public")}
    bad = t.write("bad.key", "".join(f"{k} {v}" for k, v in fields.items()))
    bad.chmod(0o600)
    stranger = worker(t, [*arguments[:3], str(bad), "--patience", "3"], name="stranger")
    t.end_of(stranger, 3)
    check(t.query("SELECT count(*) FROM workers") == [(0,)], "it got in")
    t.end_of(worker(t, arguments), 0)
    t.end_of(process, 0)
    other.terminate()
    t.end_of(other, 3)


def case_a_worker_of_another_run_is_refused(t):
    process, arguments = serve(t, count=40)
    text = open(arguments[3], encoding="utf8").read()
    run_id = next(line for line in text.split("\n") if line.startswith("run_id "))
    t.write("other.key", text.replace(run_id, "run_id 0123456789abcdef")).chmod(0o600)
    stranger = worker(t, [*arguments[:3], str(t.dir / "other.key")], name="stranger")
    t.end_of(stranger, 1)
    stranger.output.seek(0)
    check("another run" in stranger.output.read(), "it does not say why")
    named = worker(t, [*arguments, "--run-id", "0123456789abcdef"], name="named")
    t.end_of(named, 2)
    t.end_of(worker(t, arguments), 0)
    t.end_of(process, 0)


def case_a_key_that_others_may_read_is_refused(t):
    process, arguments = serve(t, count=40)
    os.chmod(arguments[3], 0o644)
    t.end_of(worker(t, arguments, name="open"), 2)
    os.chmod(arguments[3], 0o600)
    t.end_of(worker(t, arguments), 0)
    t.end_of(process, 0)


def case_frames_that_are_none_drop_their_peer_and_never_the_run(t):
    process, arguments = serve(t)
    subprocess.run([os.environ["ORATORIO_STRANGER"], arguments[1], arguments[3]], check=True, timeout=60)
    hand = worker(t, arguments)
    t.end_of(process, 0)
    t.end_of(hand, 0)
    t.is_like_undisturbed()


def case_listening_on_every_interface(t):
    process = t.start("run", t.corpus(count=40), "--workers", 1, "--listen", "tcp://0.0.0.0:*")
    t.end_of(process, 0)
    t.is_like_undisturbed()


def case_two_coordinators_on_one_run(t):
    process, arguments = serve(t, count=40)
    second = t.oratorio("run", "job.yaml", "--launch", "none")
    check(second.code == 3 and "at work on this run" in second.err, repr(second))
    t.end_of(worker(t, arguments), 0)
    t.end_of(process, 0)


def case_workers_leave_when_no_coordinator_answers(t):
    t.write("x.txt", "One line.\n")
    process, arguments = serve(t, count=40)
    process.kill()
    process.wait()
    t.end_of(worker(t, [*arguments, "--patience", "1"]), 3)


if __name__ == "__main__":
    run_cases(globals())
