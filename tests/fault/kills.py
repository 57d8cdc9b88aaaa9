#!/usr/bin/env python3
"""kill -9 of anything in mid-run: the run ends right, with the same bytes as one that nothing happened to."""
import json
import os
import signal

from world import check, run_cases, wait_for


def begin(t, workers=2, sleep_ms=20):
    """240 texts of sleep_ms each: long enough that what is struck is struck in mid-run, on a fast machine too."""
    process = t.start("run", t.corpus(sleep_ms=sleep_ms), "--workers", workers)
    t.wait_done(16)
    return process


def case_engine(t):
    process = begin(t)
    engine = t.engines()[0]
    os.kill(engine, signal.SIGKILL)
    t.end_of(process, 0)
    check(t.query("SELECT count(*) FROM leases WHERE why LIKE '%signal 9%'")[0][0] == 1, "one lease names the signal")
    t.is_like_undisturbed()


def case_engine_of_the_only_worker_again_and_again(t):
    process = begin(t, workers=1)
    for _ in range(4):
        done = t.done()
        os.kill(wait_for("an engine", t.engines)[0], signal.SIGKILL)
        wait_for("the run to go on", lambda: t.done() > done)
    t.end_of(process, 0)
    t.is_like_undisturbed()


def case_worker(t):
    process = begin(t)
    victim = t.workers()[0]
    os.kill(victim, signal.SIGKILL)
    wait_for("its engine to end with it", lambda: len(t.engines()) <= 2)
    t.end_of(process, 0)
    check(len(t.query("SELECT * FROM workers")) >= 3, "nobody took its place")
    t.is_like_undisturbed()
    t.nobody_is_left()


def case_every_worker(t):
    process = begin(t)
    for pid in t.workers():
        os.kill(pid, signal.SIGKILL)
    t.end_of(process, 0)
    t.is_like_undisturbed()


def case_mpirun(t):
    process = begin(t)
    os.kill(t.mpiruns()[0], signal.SIGKILL)
    t.end_of(process, 0)
    t.is_like_undisturbed()
    t.nobody_is_left()


def case_coordinator_and_living_workers_hand_in(t):
    process = begin(t)
    workers = t.workers()
    process.kill()
    process.wait()
    check(sorted(t.workers()) == sorted(workers), "workers ended with their coordinator")
    status = json.loads(t.oratorio("status", "runs/t", "--json", code=3).out)
    check((status["end"], status["workers"]) == ("unfinished", 0) and "nobody works on it now" in status["why"], str(status))
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)
    pids = sorted(row[0] for row in t.query("SELECT pid FROM workers"))
    check(pids == sorted(workers), f"not the same workers: {pids}, {workers}")
    t.is_like_undisturbed()
    t.nobody_is_left()


def case_coordinator_again_and_again(t):
    process = begin(t, sleep_ms=50)
    for _ in range(4):
        done = t.done()
        process.kill()
        process.wait()
        process = t.start("run", "job.yaml", "--workers", 2)
        wait_for("the run to go on", lambda: t.done() > done)
    t.end_of(process, 0)
    t.is_like_undisturbed()


def case_everything_at_once(t):
    process = begin(t)
    for pid in [process.pid, *t.mpiruns(), *t.workers()]:
        os.kill(pid, signal.SIGKILL)
    process.wait()
    t.nobody_is_left()
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0, patience_s=30)  # leases of the dead are not waited for
    t.is_like_undisturbed()


if __name__ == "__main__":
    run_cases(globals())
