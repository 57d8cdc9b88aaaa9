#!/usr/bin/env python3
"""Reads a finished run as its users do, with the loaders they use: tars by webdataset, tarfile and (where it is installed)
Hugging Face datasets, audio by soundfile, metadata.csv by split and by csv, chapters by soundfile.

    tests/loaders/run_folder.py RUN      every check that fits the run; prints one line each; exit 1 when one fails

Needs webdataset, soundfile and numpy (tests/requirements.txt)."""
import csv
import hashlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

import numpy as np
import soundfile


class Run:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder).resolve()
        db = sqlite3.connect(f"file:{self.dir}/run.sqlite?mode=ro", uri=True)
        self.done = [r[0] for r in db.execute("SELECT id FROM utterances WHERE state = 1 ORDER BY utt")]
        self.lost = db.execute("SELECT count(*) FROM utterances WHERE state IN (2, 3)").fetchone()[0]
        db.close()
        self.tars = sorted((self.dir / "audio").glob("*.tar"))
        self.jsonl = self.dir / "views/jsonl"
        self.ljspeech = self.dir / "views/ljspeech"
        self.chapters = self.dir / "views/chapters"


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def samples_of(data, record):
    """Reads an encoded clip and compares it with its record; gives the samples as 16 bit (or as floats)."""
    is_float = record["codec"] == "wav-f32"
    import io
    audio, rate = soundfile.read(io.BytesIO(data), dtype="float32" if is_float else "int16")
    expect(rate == record["sampling_rate"], f"{record['id']}: {rate} Hz, the record has {record['sampling_rate']}")
    expect(audio.ndim == 1 and len(audio) == record["num_samples"], f"{record['id']}: shape {audio.shape}")
    expect(abs(record["duration"] - len(audio) / rate) < 1e-6, f"{record['id']}: duration {record['duration']}")
    digest = hashlib.sha256(audio.astype("<f4" if is_float else "<i2").tobytes()).hexdigest()
    expect(digest == record["pcm_sha256"], f"{record['id']}: pcm_sha256")
    return audio


def check_record(record):
    """What a record must say of itself, and that its times lie within its audio and in order."""
    for key, kind in {"id": str, "text": str, "normalized_text": str, "phonemes": str, "lang": str, "voice": str,
                      "voice_license": str, "model": str, "model_sha256": str, "speaker": str, "speaker_id": int, "seed": int,
                      "speed": float, "settings": dict, "duration": float, "clip_count": int, "forced_cuts": int, "word_alignment": list,
                      "phone_alignment": list}.items():
        expect(isinstance(record.get(key), kind), f"{record['id']}: {key} is {record.get(key)!r}")
    expect(record["ai_generated"] is True, f"{record['id']}: ai_generated")
    expect(re.fullmatch(r"[A-Za-z0-9_-]{1,90}", record["id"]), record["id"])
    for name in ("word_alignment", "phone_alignment"):
        at = 0
        for span in record[name]:
            expect(0 <= span["start"] and span["start"] + span["duration"] <= record["duration"] + 2e-4, f"{record['id']}: {span}")
            expect(span.get("flags") == "unknown" or span["start"] >= at - 1e-4, f"{record['id']}: {name} goes back: {span}")
            at = max(at, span["start"])


def check_tarfile(run):
    """Members are pairs in the order of the ledger; nothing in a header differs from machine to machine."""
    seen = []
    for path in run.tars:
        with tarfile.open(path) as tar:
            members = tar.getmembers()
            for audio, record in zip(members[::2], members[1::2], strict=True):
                key, extension = audio.name.split(".")
                expect(extension in ("flac", "wav") and record.name == key + ".json", f"{path.name}: {audio.name}, {record.name}")
                for m in (audio, record):
                    expect((m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname) == (0, 0o444, 0, 0, "", ""), f"{m.name}: header")
                seen.append(key)
    expect(seen == run.done, f"{len(seen)} clips in the tars, {len(run.done)} in the ledger")
    return f"{len(seen)} clips in {len(run.tars)} tars"


def check_webdataset(run):
    import webdataset
    dataset = webdataset.WebDataset([str(p) for p in run.tars], shardshuffle=False, empty_check=False)
    keys = []
    for sample in dataset:
        record = json.loads(sample["json"])
        audio = [sample[k] for k in ("flac", "wav") if k in sample]
        expect(len(audio) == 1 and record["id"] == sample["__key__"], sample["__key__"])
        check_record(record)
        samples_of(audio[0], record)
        keys.append(sample["__key__"])
    expect(keys == run.done, f"{len(keys)} samples, {len(run.done)} in the ledger")
    return f"{len(keys)} samples"


def check_datasets(run):
    """Columns are inferred from the first five records and all others are cast to them."""
    try:
        import datasets
    except ImportError:
        return "not installed, not tried"
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        data = datasets.load_dataset("webdataset", data_files={"train": [str(p) for p in run.tars]}, split="train", cache_dir=cache)
        audio = next(c for c in data.column_names if c in ("flac", "wav"))
        data = data.cast_column(audio, datasets.Audio(decode=False))
        keys = [row["__key__"] for row in data]
        for row in data:
            samples_of(row[audio]["bytes"], row["json"])
    expect(keys == run.done, f"{len(keys)} rows, {len(run.done)} in the ledger")
    return f"{len(keys)} rows, datasets {datasets.__version__}"


def check_jsonl(run):
    lines = [json.loads(line) for line in (run.jsonl / "manifest.jsonl").read_text(encoding="utf8").splitlines()]
    expect([r["id"] for r in lines] == run.done, f"{len(lines)} lines, {len(run.done)} in the ledger")
    for r in lines:
        for key in ("worker", "host", "attempt", "kernel_level", "synth_seconds", "generated_at", "shard_id", "member"):
            expect(r.get(key) not in (None, ""), f"{r['id']}: no {key}")
        check_record(r)
        if "member_offset" in r:
            with open(run.dir / r["shard"], "rb") as f:
                f.seek(r["member_offset"])
                samples_of(f.read(r["member_bytes"]), r)
        else:
            samples_of((run.jsonl / r["audio_filepath"]).read_bytes(), r)
    lost = [json.loads(line) for line in (run.jsonl / "rejected.jsonl").read_text(encoding="utf8").splitlines()]
    expect(len(lost) == run.lost, f"{len(lost)} in rejected.jsonl, {run.lost} in the ledger")
    expect(all(r["reason"] and r["reason_code"] for r in lost), "a rejection without a reason")
    subprocess.run(["sha256sum", "--quiet", "-c", "views/jsonl/SHA256SUMS"], cwd=run.dir, check=True)
    return f"{len(lines)} lines, {len(lost)} rejected, sums hold"


def check_ljspeech(run):
    """The same rows by a split at `|` (LJSpeech, Coqui) and by Python's csv (Piper)."""
    path = run.ljspeech / "metadata.csv"
    split = [line.split("|") for line in path.read_text(encoding="utf8").splitlines()]
    with open(path, encoding="utf8", newline="") as f:
        piper = list(csv.reader(f, delimiter="|"))
    expect(split == piper, "csv reads other rows than split")
    expect([r[0] for r in split] == run.done, f"{len(split)} rows, {len(run.done)} in the ledger")
    expect(all(len(r) == 3 and r[1].strip() and r[2].strip() for r in split), "a row without its three columns")
    for key, _, _ in split:
        info = soundfile.info(str(run.ljspeech / "wavs" / f"{key}.wav"))
        expect((info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1) and info.frames > 0, f"{key}: {info}")
    expect(len(list((run.ljspeech / "wavs").iterdir())) == len(split), "a wav without a row")
    return f"{len(split)} rows"


def clip(run, manifest, key):
    r = manifest[key]
    if "member_offset" in r:
        with open(run.dir / r["shard"], "rb") as f:
            f.seek(r["member_offset"])
            return samples_of(f.read(r["member_bytes"]), r), r
    return samples_of((run.jsonl / r["audio_filepath"]).read_bytes(), r), r


def check_chapters(run):
    """Each utterance begins in its chapter where chapters.json says, sample by sample, and between them is silence."""
    index = json.loads((run.chapters / "chapters.json").read_text(encoding="utf8"))["chapters"]
    files = sorted(p.name for p in run.chapters.iterdir() if p.suffix in (".flac", ".wav"))
    expect(files == sorted(c["file"] for c in index), f"{files} are not those of chapters.json")
    expect([u["id"] for c in index for u in c["utterances"]] == run.done, "not the ledger's utterances in its order")
    manifest = {}
    if (run.jsonl / "manifest.jsonl").exists():
        manifest = {r["id"]: r for r in map(json.loads, (run.jsonl / "manifest.jsonl").read_text(encoding="utf8").splitlines())}
    for chapter in index:
        audio, rate = soundfile.read(str(run.chapters / chapter["file"]), dtype="int16")
        expect((rate, len(audio)) == (chapter["sampling_rate"], chapter["num_samples"]), chapter["file"])
        at = 0
        for u in chapter["utterances"]:
            start, count = round(u["start"] * rate), round(u["duration"] * rate)
            expect(start >= at and not audio[at:start].any(), f"{u['id']}: no silence before it")
            if u["id"] in manifest:
                samples, record = clip(run, manifest, u["id"])
                if record["sampling_rate"] == rate and samples.dtype == np.int16:
                    expect(np.array_equal(audio[start:start + count], samples), f"{u['id']}: not its clip")
            at = start + count
        expect(not audio[at:].any(), f"{chapter['file']}: sound after the last utterance")
    return f"{len(index)} chapters"


def main():
    run = Run(sys.argv[1])
    expect(run.done, "the run has nothing that is done")
    checks = [check_tarfile, check_webdataset, check_datasets] if run.tars else []
    checks += [check for check, view in ((check_jsonl, run.jsonl), (check_ljspeech, run.ljspeech), (check_chapters, run.chapters))
               if view.exists()]
    failed = 0
    for check in checks:
        name = check.__name__.removeprefix("check_")
        try:
            print(f"ok   {name}: {check(run)}")
        except Exception as e:  # every check is tried, whatever the one before met
            failed += 1
            print(f"FAIL {name}: {type(e).__name__}: {e}")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
