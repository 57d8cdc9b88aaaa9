#!/usr/bin/env python3
"""Being told to stop, texts that kill an engine, and disks that fill up."""
import os
import signal
import subprocess
import time

from world import Skip, check, run_cases, says, wait_for


def begin(t, **corpus):
    process = t.start("run", t.corpus(**{"sleep_ms": 20, **corpus}), "--workers", 2)
    t.wait_done(16)
    return process


def case_interrupt_once_then_go_on(t):
    process = begin(t)
    process.send_signal(signal.SIGINT)
    t.end_of(process, 3)
    t.nobody_is_left()
    t.nothing_half_written()
    check(t.query("SELECT count(*) FROM leases WHERE ended_ms IS NULL") == [(0,)], "leases were left open")
    check(0 < t.done() < 240, f"{t.done()} done")
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)
    t.is_like_undisturbed()


def case_terminate_twice_is_at_once(t):
    process = begin(t, count=80, sleep_ms=200)
    process.send_signal(signal.SIGTERM)
    # Two signals at once are one; the second comes when workers have returned what they had not begun.
    wait_for("the first signal to be taken", lambda: t.query("SELECT 1 FROM leases WHERE why = 'draining'"))
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    t.end_of(process, 3)
    check(time.monotonic() - begun < 12, f"it took {time.monotonic() - begun:.1f} s")
    t.nobody_is_left()
    check(16 <= t.done() < 80, f"{t.done()} done")
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)
    t.is_like_undisturbed()


def case_worker_told_to_stop_returns_its_batches_uncounted(t):
    process = begin(t)
    os.kill(t.workers()[0], signal.SIGTERM)
    t.end_of(process, 0)
    check(t.query("SELECT max(attempts) FROM batches") == [(0,)], "an attempt was counted")
    t.is_like_undisturbed()


def case_a_text_that_kills_is_set_aside_after_two_engines(t):
    job = t.corpus(count=60, extra="a text with a poison ☠ in it\n", more="")
    job.write_text(job.read_text().replace("{sleep_ms: 5}", "{sleep_ms: 5, crash_on: 0x2620}"))
    t.end_of(t.start("run", job, "--workers", 2), 1)
    done, rejected, failed, reasons = t.ledger()
    check((done, rejected, failed) == (60, 0, 1), f"{done}, {rejected}, {failed}")
    check(t.query("SELECT reason_code, crashes FROM v_failed") == [("crash", 2)], str(reasons))
    t.is_like_undisturbed(code=1)


def case_who_went_with_a_text_that_kills_is_spoken(t):
    """While eight are in work together nobody knows which of them kills; the engine after that takes them one by one."""
    t.write("voices/v/voice.yaml", "format: 1\nname: v\nfamily: tone\nlang: en-US\nsample_rate_hz: 16000\nlicense: CC0-1.0\n"
            "tone: {together: 8}\n")
    job = t.corpus(count=13, extra="a text with a poison ☠ in it\nand one behind it\n", more="")
    job.write_text(job.read_text().replace("{sleep_ms: 5}", "{sleep_ms: 5, crash_on: 0x2620}").replace("voice: tone", "voice: ./voices/v"))
    t.end_of(t.start("run", job, "--workers", 2), 1)
    done, rejected, failed, reasons = t.ledger()
    check((done, rejected, failed) == (14, 0, 1), f"{done}, {rejected}, {failed}: {reasons}")
    check("poison" in t.query("SELECT text FROM v_failed")[0][0], "an innocent was set aside")
    check(sum(n for n, in t.query("SELECT crashes FROM utterances")) == 3, "a joint crash, then two of the guilty one")


def case_a_voice_that_vanished(t):
    """Workers that can be of no use leave, are replaced some times, and then the run pauses with their reason."""
    t.write("voices/v/voice.yaml", "format: 1\nname: v\nfamily: tone\nlang: en-US\nsample_rate_hz: 16000\nlicense: CC0-1.0\n")
    job = t.corpus(count=160, sleep_ms=20, more="")
    job.write_text(job.read_text().replace("voice: tone", "voice: ./voices/v"))
    process = t.start("run", job, "--workers", 1)
    t.wait_done(8)
    (t.dir / "voices/v/voice.yaml").rename(t.dir / "voices/v/voice.away")
    os.kill(t.workers()[0], signal.SIGKILL)
    t.end_of(process, 3)
    text = t.said(process)
    check("paused: no worker stays alive" in text and "voices/v" in text, text)
    t.nobody_is_left()
    (t.dir / "voices/v/voice.away").rename(t.dir / "voices/v/voice.yaml")
    t.end_of(t.start("run", job, "--workers", 2), 0)
    t.is_like_undisturbed()


def case_an_mpirun_that_does_not_start(t):
    script = t.write("bin/mpirun", "#!/bin/sh\necho no mpirun today >&2\nexit 1\n")
    script.chmod(0o755)
    process = t.start("run", t.corpus(count=16), "--workers", 2, env={"PATH": f"{script.parent}:{os.environ['PATH']}"})
    t.end_of(process, 3)
    text = t.said(process)
    check("paused: no worker stays alive" in text and "no mpirun today" in text, text)
    empty = t.write("none/x", "").parent
    says(t.oratorio("run", "job.yaml", env={"PATH": str(empty)}, code=3), "mpirun is not in PATH", "openmpi-bin")
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)


def case_a_terminal_that_closes(t):
    process = begin(t)
    process.send_signal(signal.SIGHUP)
    t.end_of(process, 3)
    t.nobody_is_left()
    t.end_of(t.start("run", "job.yaml", "--workers", 2), 0)
    t.is_like_undisturbed()


def mount(path, size):
    path.mkdir(parents=True)
    if os.geteuid() != 0:
        raise Skip("mounting a small disk needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=False, capture_output=True).returncode:
        raise Skip("a small disk cannot be mounted here")


def on_small_disk(t, size, env, words, sleep_ms=0):
    """Stops with a clear line while the disk is small, and goes on when it has grown."""
    audio = t.dir / "runs/t/audio"
    job = t.corpus(count=1200, sleep_ms=sleep_ms)
    mount(audio, size)
    try:
        process = t.start("run", job, "--workers", 2, env=env)
        t.end_of(process, 3)
        text = t.said(process)
        check(all(word in text for word in words), text)
        check(0 < t.done() < 1200, f"{t.done()} done")
        t.nothing_half_written()
        subprocess.run(["mount", "-o", "remount,size=256m", audio], check=True)
        t.end_of(t.start("run", "job.yaml", "--workers", 2, env=env), 0)
        t.is_like_undisturbed()
    finally:
        t.clean_up()
        subprocess.run(["umount", audio], check=True)


def case_disk_nearly_full(t):
    on_small_disk(t, "20m", {"ORATORIO_MIN_FREE_MB": "8"}, ["paused", "MB left"], sleep_ms=4)


def case_disk_full(t):
    on_small_disk(t, "12m", {"ORATORIO_MIN_FREE_MB": "0"}, ["paused", "o space left"])


if __name__ == "__main__":
    run_cases(globals())
