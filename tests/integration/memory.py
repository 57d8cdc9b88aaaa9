#!/usr/bin/env python3
"""What an engine holds does not grow with an utterance: samples that are too many for memory lie in files without a name, which
a full disk ends with one clear line and nothing is left of."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fault"))
from precision import SENTENCES, trained_voice  # noqa: E402
from stops import mount  # noqa: E402
from world import Skip, check, run_cases  # noqa: E402

PAUSE_MS, LONG = 60000, 16  # the pauses make a quarter of an hour: 84 MB of samples, as much again when resampled, as much encoded
MOST_BEYOND_WEIGHTS_MB = 120  # the product's promise for any length
# What a long utterance may add to what a short one needs: two spools (resampled, encoded), each 8 MB that it keeps in memory and as
# much once more while that grows, and the 8 MB of a buffer that a short one does not fill. Any one of its forms held whole is more.
MOST_GROWTH_MB = 5 * 8


def job(t, name, sentences, lines=1):
    """Lines of so many sentences."""
    os.environ["XDG_CACHE_HOME"] = str(t.dir / "cache")
    t.write(f"{name}.txt", " ".join(SENTENCES[i % 8] for i in range(sentences)) + "\n" + "".join(f"{SENTENCES[i % 8]}\n" for i in range(1, lines)))
    return t.job([{"path": f"{name}.txt", "layout": "lines"}], name=f"{name}.yaml", voice=trained_voice(),
                 more=f"text: {{max_chars: 20000, pauses_ms: {{sentence: {PAUSE_MS}}}}}\nviews: []\n"
                      "audio: {format: wav-f32, sample_rate_hz: 22051, loudness_lufs: -20, trim_silence: true}\n")


def beyond_weights_mb(pid):
    """The most that was ever resident, without the packed weights that all engines of a host share."""
    weights = peak = 0
    try:
        ours = False
        for line in open(f"/proc/{pid}/smaps", encoding="utf8", errors="replace"):
            if "-" in line.split(" ", 1)[0]:
                ours = line.rstrip().endswith(".pack")
            elif ours and line.startswith("Rss:"):
                weights += int(line.split()[1])
        for line in open(f"/proc/{pid}/status", encoding="utf8"):
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1])
    except OSError:
        return 0
    return (peak - weights) * 1024 / 1e6 if weights else 0  # before that it is no engine with a voice


def peak_of(t, name, path):
    process = t.start("run", path, "--out", f"runs/{name}", "--workers", 1)
    peak = 0
    while process.poll() is None:
        peak = max([peak, *map(beyond_weights_mb, t.engines(f"runs/{name}"))])
        time.sleep(0.02)
    t.end_of(process, 0)
    check(peak > 0, "no engine was seen at work")
    return peak


def case_a_long_utterance_is_rendered_in_flat_memory(t):
    if os.environ.get("ORATORIO_SANITIZE"):
        raise Skip("the sanitizer's own memory is counted too")
    t.oratorio("run", job(t, "warm", 1), "--out", "runs/warm", "--workers", 1, code=0)  # packs the weights
    short = peak_of(t, "short", job(t, "short", 1, lines=20))  # long enough at work to be seen
    long = peak_of(t, "long", job(t, "long", LONG))
    seconds = 3600 * json.loads((t.dir / "runs/long/report.json").read_text())["audio"]["hours"]
    check(seconds > (LONG - 1) * PAUSE_MS / 1000, f"the long one lasts {seconds} s")
    print(f"beyond the weights: a sentence {short:.1f} MB, {seconds / 60:.0f} minutes {long:.1f} MB")
    check(long < MOST_BEYOND_WEIGHTS_MB, f"{long:.1f} MB beyond the weights")
    check(long - short < MOST_GROWTH_MB, f"{short:.1f} MB for a sentence, {long:.1f} MB for {seconds / 60:.0f} minutes")
    t.nothing_half_written("runs/long")


def case_a_disk_full_of_samples_pauses_the_run(t):
    """They lie beside the audio that they become: one disk, one kind of stop, and the same command goes on when there is room."""
    t.oratorio("run", job(t, "warm", 1), "--out", "runs/warm", "--workers", 1, code=0)
    path, audio, env = job(t, "long", LONG), t.dir / "runs/t/audio", {"ORATORIO_MIN_FREE_MB": "0"}
    mount(audio, "40m")
    try:
        process = t.start("run", path, "--workers", 1, "--out", "runs/t", env=env)
        t.end_of(process, 3)
        text = t.said(process)
        check(all(words in text for words in ("paused", "a temporary file", "runs/t/audio", "o space left")), text)
        check(not list(audio.iterdir()), f"left behind: {list(audio.iterdir())}")
        used = os.statvfs(audio)
        check(used.f_blocks - used.f_bfree < 100, f"{used.f_blocks - used.f_bfree} blocks of the disk are still taken")
        subprocess.run(["mount", "-o", "remount,size=600m", audio], check=True)
        t.end_of(t.start("run", path, "--workers", 1, "--out", "runs/t", env=env), 0)
        t.is_like_undisturbed("runs/t", path)
    finally:
        t.clean_up()
        subprocess.run(["umount", audio], check=True)


if __name__ == "__main__":
    run_cases(globals())
