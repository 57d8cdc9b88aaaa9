"""Runs of the family without weights, read by the real loaders (run_folder.py, in the tests' own Python).

`python3 loaders.py CASE`; see tests/cli/cli.py."""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
from cli import Skip, check, main

HERE = pathlib.Path(__file__).parent
PYTHON = pathlib.Path(os.environ.get("ORA_VENV_PYTHON", HERE.parents[1] / "build/venv/bin/python"))

BOOK = """# The Well

It was late. "Who is there?" she asked. Nobody answered!

“Curly quotes”, a | bar, and a 5" pipe stand in this line.

# Second part: *the end*

Mr. Smith paid $5.20 on 3 May 1999. Then all was quiet…
"""
# An id to be mapped, a quote that is never closed, a key of the user's own, and a line that is refused.
TABLE = 'id\ttext\tnote\nspk1.a b\tA line of a list.\tx\nb\t"Quoted from the first letter on\ty\nc\tone column too few\n'


def read(t, run="runs/t"):
    if not PYTHON.exists():
        raise Skip(f"{PYTHON} is not there: tests/python-env makes it")
    return subprocess.run([PYTHON, HERE / "run_folder.py", t.dir / run], capture_output=True, text=True, check=False)


def render(t, more):
    t.write("book.md", BOOK)
    t.write("table.tsv", TABLE)
    job = t.job(["book.md", "table.tsv"], more=more + "views: [jsonl, ljspeech, chapters]\nbatch: {utterances: 3}\n")
    t.oratorio("run", job, "--workers", "2", code=1)  # 1: one line is refused


def reads_all(t, more):
    render(t, more)
    done = read(t)
    check(done.returncode == 0 and "ok   jsonl" in done.stdout, done.stdout + done.stderr)
    return done.stdout


def case_flac(t):
    out = reads_all(t, "")
    check("ok   webdataset" in out and "ok   tarfile" in out and "ok   chapters: 3" in out, out)


def case_wav(t):
    reads_all(t, "audio: {format: wav, sample_rate_hz: 22050, loudness_lufs: -20, peak_dbfs: -1, trim_silence: true}\n")


def case_wav_f32(t):
    reads_all(t, "audio: {format: wav-f32}\n")


def case_files(t):
    reads_all(t, "store: files\n")


def case_damage_is_seen(t):
    """A clip with another sample, a record that promises more, a line too few: each is found."""
    render(t, "audio: {format: wav}\n")
    check(read(t).returncode == 0, read(t).stdout)
    for name, path, old, new in (("sample", "audio/000000.tar", b"data", b"data"), ("record", "audio/000000.tar", b'"num_samples":', b'"num_samples":1'),
                                 ("manifest", "views/jsonl/manifest.jsonl", b'"id":"', b'"id":"x'),
                                 ("metadata", "views/ljspeech/metadata.csv", b"|", b""),
                                 ("chapters", "views/chapters/chapters.json", b'"start":0.0', b'"start":0.1')):
        shutil.copytree(t.dir / "runs/t", t.dir / name)
        file = t.dir / name / path
        data = bytearray(file.read_bytes())
        at = data.index(old)
        if name == "sample":
            data[at + 1000] ^= 1
        elif name == "record":
            data[at + len(old)] ^= 1
        else:
            data[at:at + len(old)] = new
        os.chmod(file, 0o644)
        file.write_bytes(data)
        done = read(t, name)
        check(done.returncode == 1 and "FAIL" in done.stdout, f"{name}: {done.stdout}")


if __name__ == "__main__":
    main(globals())
