#!/usr/bin/env python3
"""The class of arithmetic of a run: the same bytes from every level of it, and nobody who computes otherwise. A level that this
processor lacks is reported as not run."""
import json
import os
import pathlib
import shutil
import signal
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fault"))
from join import serve, worker  # noqa: E402
from world import Skip, check, run_cases, says, wait_for  # noqa: E402

SENTENCES = ["The ferry leaves at nine.", "Nobody had seen the second letter.", "A cold wind came over the hills.",
             "She counted the stairs again.", "Seven boats lay in the harbour.", "The lamp went out before midnight.",
             "He asked for a map of the coast.", "It rained until the market closed."]


def trained_voice():
    voice = pathlib.Path(os.environ.get("ORATORIO_VOICES", str(pathlib.Path(__file__).parents[2] / "voices"))) / "en_US-joe-medium"
    if not (voice / "model.safetensors").exists():
        raise Skip("the default voice is not here (deploy/fetch-voice)")
    return str(voice)


def spoken(t, more="", count=8):
    """A job of short lines, one a batch, in a voice whose layers the levels compute otherwise."""
    os.environ["XDG_CACHE_HOME"] = str(t.dir / "cache")
    t.write("lines.txt", "".join(f"{SENTENCES[i % 8]} Line {i}.\n" for i in range(count)))
    return t.job([{"path": "lines.txt", "layout": "lines"}], voice=trained_voice(),
                 more=f"batch: {{utterances: 1}}\n{more}")


def plan(t, job, *words, env=None):
    return json.loads(t.oratorio("plan", job, "--json", *words, env=env, code=0).out)


def needs_class(t, job, arithmetic):
    got = plan(t, job, "--precision", arithmetic)
    check(got["arithmetic"] == arithmetic, str(got))
    if not got["level_here"]:
        raise Skip(f"no level of {arithmetic} on this processor: it needs {got['needs']}")


def needs_levels(t, job, arithmetic, *levels):
    for level in levels:
        if not plan(t, job, "--precision", arithmetic, env={"ORATORIO_KERNELS": f"scalar,{level}"})["level_here"]:
            raise Skip(f"this processor has no {level}")


def records(t, run):
    for path in sorted((t.dir / run / "audio").glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    yield json.load(tar.extractfile(member))


def levels(t, run):
    return {row[0] for row in t.query("SELECT DISTINCT kernel_level FROM batches", run)}


def one_and_two(t, arithmetic):
    job = spoken(t, count=6)
    needs_class(t, job, arithmetic)
    for n in (1, 2):
        t.oratorio("run", job, "--precision", arithmetic, "--out", f"runs/w{n}", "--workers", n, code=0)
        t.ledger(f"runs/w{n}")
        told = {r["arithmetic"] for r in records(t, f"runs/w{n}")}
        check(told == {arithmetic}, f"records say {told}")
        check(all("kernel_level" not in r for r in records(t, f"runs/w{n}")), "a record names a level")
        meta = t.query("SELECT value FROM meta WHERE key IN ('arithmetic', 'precision')", f"runs/w{n}")
        check(meta == [(arithmetic,), (arithmetic,)], str(meta))
        check(json.loads((t.dir / f"runs/w{n}/report.json").read_text())["arithmetic"] == arithmetic, "the report's class")
        lines = (t.dir / f"runs/w{n}/views/jsonl/manifest.jsonl").read_text(encoding="utf8").splitlines()
        check({json.loads(line)["kernel_level"] for line in lines} == levels(t, f"runs/w{n}"), "the manifest's level")
    check(t.sums("runs/w1") and t.sums("runs/w1") == t.sums("runs/w2"), "audio differs")
    t.oratorio("verify", "runs/w2", "--sample", 3, code=0)
    return t.sums("runs/w1")


def case_f32_wino_at_one_and_two_workers(t):
    wino = one_and_two(t, "f32-wino")
    t.oratorio("run", "job.yaml", "--out", "runs/exact", "--workers", 2, code=0)
    check(t.sums("runs/exact").keys() == wino.keys() and t.sums("runs/exact") != wino, "Winograd gave the direct bits")


def case_split_at_one_and_two_workers(t):
    one_and_two(t, "split")


def case_plain_at_one_and_two_workers(t):
    one_and_two(t, "plain")


def case_plain_dp_at_one_and_two_workers(t):
    one_and_two(t, "plain-dp")


def resumed_on_another_level(t, arithmetic, first, then):
    job = spoken(t, f"precision: {arithmetic}\n", count=24)
    needs_levels(t, job, arithmetic, first, then)
    process = t.start("run", job, "--workers", 1, env={"ORATORIO_KERNELS": first})
    t.wait_done(4)
    process.send_signal(signal.SIGINT)
    t.end_of(process, 3)
    t.end_of(t.start("run", job, "--workers", 1, env={"ORATORIO_KERNELS": then}), 0)
    check(levels(t, "runs/t") == {first, then}, f"rendered at {levels(t, 'runs/t')}")
    t.is_like_undisturbed()


def case_f32_wino_resumed_on_another_level(t):
    resumed_on_another_level(t, "f32-wino", "avx512-wino", "avx2-wino")


def case_f32_direct_resumed_on_another_level(t):
    resumed_on_another_level(t, "f32-direct", "avx512", "avx2")


def case_another_pinned_level_of_the_class_is_no_change(t):
    needs_levels(t, spoken(t, count=3), "f32-wino", "avx512-wino", "avx2-wino")
    job = spoken(t, "kernels: avx2-wino\n", count=3)
    t.oratorio("run", job, "--workers", 1, code=0)
    check(levels(t, "runs/t") == {"avx2-wino"}, str(levels(t, "runs/t")))
    job.write_text(job.read_text().replace("avx2-wino", "avx512-wino"))
    says(t.oratorio("run", job, "--workers", 1, code=0), "nothing left to render")
    job.write_text(job.read_text().replace("avx512-wino", "avx512"))
    says(t.oratorio("run", job, "--workers", 1, code=2), "precision: was f32-wino, is f32-direct")


def case_another_class_is_another_run(t):
    job = t.corpus(count=16, sleep_ms=0)
    t.oratorio("run", job, "--workers", 1, code=0)
    refused = t.oratorio("run", job, "--workers", 1, "--precision", "split", code=2)
    says(refused, "runs/t was made from other inputs or settings", "precision: was f32-direct, is split", "--new")
    fast = plan(t, job, "--precision", "fast")["arithmetic"]
    if fast == "f32-direct":
        raise Skip("this processor has nothing faster than f32-direct")
    says(t.oratorio("run", job, "--workers", 1, "--precision", "fast", code=2), f"precision: was f32-direct, is {fast}")
    says(t.oratorio("run", job, "--workers", 1, "--precision", "exact", code=0), "nothing left to render")


def case_fast_is_what_it_was_when_the_run_was_made(t):
    job = t.corpus(count=40, sleep_ms=20, more="precision: fast\n")
    process = t.start("run", job, "--workers", 1, env={"ORATORIO_KERNELS": "scalar"})
    t.wait_done(8)
    process.send_signal(signal.SIGINT)
    t.end_of(process, 3)
    t.end_of(t.start("run", job, "--workers", 1), 0)
    check(t.query("SELECT value FROM meta WHERE key = 'arithmetic'") == [("f32-direct",)], "the class moved")
    check({r["arithmetic"] for r in records(t, "runs/t")} == {"f32-direct"}, "records of two classes")


def held_to(levels_, t, arguments, name):
    os.environ["ORATORIO_KERNELS"] = levels_
    try:
        return worker(t, arguments, name=name)
    finally:
        del os.environ["ORATORIO_KERNELS"]


def case_a_worker_of_another_class_is_turned_away(t):
    process, arguments = serve(t, count=40)
    other = held_to("blas", t, arguments, "other")
    t.end_of(other, 1)
    other.output.seek(0)
    why = "arithmetic f32-direct needs avx512 (AVX-512 F, BW, VL, DQ), avx2 (AVX2, FMA) or scalar (any processor, slowly)"
    said = other.output.read()
    check(why in said and "has blas" in said, f"it does not say why: {said}")
    wait_for("the coordinator to tell it", lambda: f"a worker was turned away: {why}" in t.said(process))
    t.end_of(held_to("blas", t, arguments, "again"), 1)
    t.end_of(held_to("scalar", t, arguments, "scalar"), 0)
    t.end_of(process, 0)
    check(t.query("SELECT kernel_level FROM workers") == [("scalar",)], "it got in")
    check(t.said(process).count("a worker was turned away") == 1, "one host is told once")
    t.is_like_undisturbed()


def case_a_worker_without_the_pinned_level_is_turned_away(t):
    process, arguments = serve(t, count=16, more="kernels: blas\n")
    other = held_to("scalar", t, arguments, "other")
    t.end_of(other, 1)
    check("arithmetic f32-blas needs blas" in t.said(other), "it does not say why")
    t.end_of(worker(t, arguments), 0)
    t.end_of(process, 0)


def case_no_worker_can_be_started_here(t):
    job = t.corpus(count=16)
    ended = t.oratorio("run", job, "--workers", 2, env={"ORATORIO_KERNELS": "blas"}, code=3)
    says(ended, "no worker can be started here", "arithmetic f32-direct needs avx512", "this host has blas", "--launch none")
    check("one a core" not in ended.err, f"it tells how many workers it starts: {ended.err}")
    says(t.oratorio("plan", job, env={"ORATORIO_KERNELS": "blas"}, code=0), "time here:             none", "which this host has no level of")
    eta = plan(t, job, env={"ORATORIO_KERNELS": "blas"})["eta"]
    check(eta["seconds"] is None and eta["workers"] == 0 and eta["source"] is None, str(eta))
    check(not t.mpiruns(), "mpirun was started all the same")
    t.end_of(t.start("run", job, "--workers", 2), 0)
    t.is_like_undisturbed()


def case_every_worker_is_turned_away(t):
    """mpirun starts them where the levels are not what the coordinator's host has."""
    mpirun = shutil.which("mpirun")
    t.write("bin/mpirun", f'#!/bin/sh\nORATORIO_KERNELS=blas exec {mpirun} "$@"\n').chmod(0o755)
    process = t.start("run", t.corpus(count=16), "--workers", 2, env={"PATH": f"{t.dir}/bin:{os.environ['PATH']}"})
    t.end_of(process, 3)
    said = t.said(process)
    check("paused: no worker can join: arithmetic f32-direct needs avx512" in said, said)
    check("a worker was turned away: arithmetic f32-direct" in said, said)
    check(t.query("SELECT count(*) FROM workers") == [(0,)], "one got in")
    t.nobody_is_left()
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)
    t.is_like_undisturbed()


def case_what_contradicts_is_refused_by_name(t):
    job = t.corpus(count=4, more="kernels: blas\nprecision: fast\n")
    says(t.oratorio("run", job, code=2), "'kernels' and 'precision' contradict each other", "f32-blas, which is not fast")
    job = t.corpus(count=4, more="kernels: scalar\n")
    says(t.oratorio("plan", job, "--precision", "split", code=2), "'kernels' and 'precision' contradict each other")
    says(t.oratorio("plan", job, "--precision", "quick", code=2), "--precision wants one of exact|fast")
    says(t.oratorio("plan", job, env={"ORATORIO_KERNELS": "avx3"}, code=2), "oratorio plan: ORATORIO_KERNELS: no kernel level \"avx3\"")
    says(t.oratorio("plan", job, "--precision", "exact", code=0), "f32-direct, here at level scalar", "scalar (any processor")


def case_a_run_is_looked_at_wherever_it_lies(t):
    """Whoever renders nothing needs no level, and what the environment asks for is no field of a run."""
    t.oratorio("run", t.corpus(count=2), "--workers", 1, code=0)
    for words in (("status", "runs/t"), ("export", "runs/t", "jsonl", "away")):
        t.oratorio(*words, env={"ORATORIO_KERNELS": "avx3"}, code=0)


if __name__ == "__main__":
    run_cases(globals())
