#!/usr/bin/env python3
"""Bad input: a clear message, a ledger that balances, nothing half-written."""
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

from cli import BIN, Skip, check, main, says

SENTENCE = "A plain sentence follows here.\n"


def finished(t, inputs, want, more="", code=1):
    """Runs a job of `inputs` and compares (done, rejected, failed)."""
    result = t.oratorio("run", t.job(inputs, more=more), "--workers", "1", code=code)
    done, rejected, failed, reasons = t.ledger()
    check((done, rejected, failed) == want, f"done, rejected, failed are {(done, rejected, failed)}, wanted {want}; {reasons}\n{result}")
    t.nothing_half_written()
    return reasons, result


def case_empty_file(t):
    t.write("a.txt", "")
    reasons, result = finished(t, ["a.txt"], (0, 1, 0))
    check(reasons == {"empty": 1}, str(reasons))
    says(result, "a.txt:1", "the input is empty")


def case_only_punctuation_is_rejected_in_lines(t):
    t.write("a.txt", "?!?\n" + SENTENCE)
    reasons, _ = finished(t, [{"path": "a.txt", "layout": "lines"}], (1, 1, 0))
    check(reasons == {"no-words": 1}, str(reasons))


def case_ornaments_and_blank_lines_are_structure(t):
    t.write("a.txt", SENTENCE + "\n***\n\n" + SENTENCE + "\n-----\n\n\n")
    finished(t, ["a.txt"], (2, 0, 0), code=0)


def case_one_letter_line(t):
    t.write("a.txt", "I\n" + SENTENCE)
    finished(t, [{"path": "a.txt", "layout": "lines"}], (2, 0, 0), code=0)


def case_five_thousand_words_in_a_line_are_split(t):
    words = " ".join(f"word{i}" for i in range(5000))
    t.write("a.txt", words + ".\n")
    t.oratorio("run", t.job([{"path": "a.txt", "layout": "lines"}], more="views: [jsonl]\n"), "--workers", "1", code=0)
    rows = [json.loads(x) for x in (t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()]
    spoken = " ".join(r["text"] for r in rows).split()
    check(len(rows) > 10 and "".join(spoken) == words.replace(" ", "") + ".", f"{len(rows)} parts lose text")
    check(all("-s" in r["id"] for r in rows), "parts are not named as splits")


def case_invalid_utf8_in_lines(t):
    t.write("a.txt", b"good line here\nbad \xff\xfe line\nanother good line\n")
    result = t.oratorio("run", t.job([{"path": "a.txt", "layout": "lines"}]), "--workers", "1")
    check(result.code in (1, 2), f"{result}")
    says(result, "a.txt", "2", "UTF-8")


def case_utf16_is_named(t):
    t.write("a.txt", "Some words in another encoding.\n".encode("utf-16"))
    result = t.oratorio("run", t.job(["a.txt"]), code=2)
    says(result, "a.txt", "UTF-16")


def case_latin1_is_named(t):
    t.write("a.txt", "Das Café öffnet früh, sagt Frau Müller.\n".encode("latin-1"))
    result = t.oratorio("run", t.job(["a.txt"]), code=2)
    says(result, "a.txt", "8859-1")


def case_nul_bytes(t):
    t.write("a.txt", b"good line here\nbad \0 line\nanother good line\n")
    result = t.oratorio("run", t.job([{"path": "a.txt", "layout": "lines"}]), "--workers", "1")
    check(result.code in (1, 2), f"{result}")
    says(result, "a.txt", "NUL")


def case_emoji_only_is_rejected(t):
    t.write("a.txt", "\U0001F600\U0001F680\n" + SENTENCE)
    reasons, _ = finished(t, [{"path": "a.txt", "layout": "lines"}], (1, 1, 0))
    check(reasons == {"no-words": 1}, str(reasons))


def case_right_to_left_text_is_spoken(t):
    t.write("a.txt", "שלום עולם\nمرحبا بالعالم\n")
    finished(t, [{"path": "a.txt", "layout": "lines"}], (2, 0, 0), code=0)


def case_bars_tabs_and_crlf(t):
    t.write("a.txt", "one | two | three\r\nfour\tfive\r\n\r\nsix seven\r\n")
    finished(t, [{"path": "a.txt", "layout": "lines"}], (3, 0, 0), code=0)


def case_duplicate_ids(t):
    t.write("a.jsonl", '{"id":"x","text":"first one"}\n{"id":"x","text":"second one"}\n')
    reasons, _ = finished(t, ["a.jsonl"], (1, 1, 0))
    check(reasons == {"duplicate-id": 1}, str(reasons))


def case_ids_with_spaces_and_dots_are_mapped(t):
    t.write("a.jsonl", '{"id":"my id.1","text":"first one"}\n{"id":"my id.2","text":"second one"}\n')
    finished(t, ["a.jsonl"], (2, 0, 0), more="views: [jsonl]\n", code=0)
    rows = [json.loads(x) for x in (t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()]
    check([r["source_id"] for r in rows] == ["my id.1", "my id.2"], str(rows))
    check(all(c.isalnum() or c in "-_" for r in rows for c in r["id"]), str(rows))


def case_broken_jsonl_lines(t):
    t.write("a.jsonl", '{"id":"a","text":"fine words"}\n{"id":"b","text":\n{"id":"c"}\n{"id":"d","text":7}\n[1]\n')
    reasons, _ = finished(t, ["a.jsonl"], (1, 4, 0))
    check(sum(reasons.values()) == 4, str(reasons))


def case_a_refused_first_record(t):
    t.write("a.jsonl", 'garbage\n{"id":"b","text":"hello there"}\n')
    t.write("b.txt", b"caf\xe9 first\ngood second line\n")
    reasons, _ = finished(t, ["a.jsonl", {"path": "b.txt", "layout": "lines"}], (2, 2, 0))
    check(len(reasons) == 2, str(reasons))


def case_impossible_language_and_speed(t):
    t.write("a.jsonl", '{"id":"a","text":"one"}\n{"id":"b","text":"two","lang":"%s"}\n{"id":"c","text":"three","speed":1e300}\n' % ("a" * 600))
    reasons, _ = finished(t, ["a.jsonl"], (1, 2, 0))
    check(reasons == {"bad-value": 2}, str(reasons))
    says(t.oratorio("run", t.job(["a.jsonl"], name="j2.yaml", more="lang: ../../etc\n"), code=2), "lang", "../../etc")


def case_a_batch_of_records_with_much_carried_through(t):
    t.write("a.jsonl", "".join(json.dumps({"id": f"a{i}", "text": "hello", "x": "y" * 900000}) + "\n" for i in range(40)))
    finished(t, ["a.jsonl"], (40, 0, 0), more="views: []\n", code=0)


def case_a_job_file_with_a_byte_order_mark(t):
    t.write("a.txt", SENTENCE)
    t.oratorio("run", t.write("j.yaml", "\ufeffname: t\nvoice: tone\ninputs: a.txt\n"), "--workers", "1", code=0)


def case_missing_file(t):
    says(t.oratorio("run", t.job(["missing.txt"]), code=2), "missing.txt")
    says(t.oratorio("run", "nothing-here.txt", code=2), "nothing-here.txt")
    check(not (t.dir / "runs/t").exists(), "a run was left behind")


def case_too_few_open_files(t):
    """ulimit -n: told at once, with what to do; the same command goes on afterwards."""
    t.write("a.txt", SENTENCE)
    for limit in (10, 24, 40):
        result = t.oratorio("run", t.job(["a.txt"]), "--workers", "1", code=2, open_files=limit)
        says(result, "the limit of open files", str(limit), "ulimit -n")
    finished(t, ["a.txt"], (1, 0, 0), code=0)


def case_unreadable_folder(t):
    if os.getuid() != 0:
        raise Skip("needs root to become another user")
    t.write("secret/a.txt", SENTENCE)
    os.chmod(t.dir / "secret", 0o700)
    os.chmod(t.dir, 0o777)
    job = t.job(["secret/a.txt"])
    result = t.oratorio("run", job, code=2, user=pwd.getpwnam("nobody").pw_uid, env={"HOME": str(t.dir)})
    says(result, "secret/a.txt", "Permission denied")


def case_folder_that_cannot_be_written(t):
    if os.getuid() != 0:
        raise Skip("needs root to become another user")
    t.write("a.txt", SENTENCE)
    os.chmod(t.dir, 0o755)
    result = t.oratorio("run", t.job(["a.txt"]), user=pwd.getpwnam("nobody").pw_uid, env={"HOME": "/tmp"})
    check(result.code == 2, f"{result}")
    says(result, "runs", "Permission denied")


def case_broken_yaml(t):
    says(t.oratorio("run", t.write("j.yaml", "name: t\ninputs: [a.txt\nvoice: tone\n"), code=2), "j.yaml:")


def case_unknown_field(t):
    t.write("a.txt", SENTENCE)
    result = t.oratorio("run", t.write("j.yaml", "name: t\nvoise: tone\ninputs: a.txt\n"), code=2)
    says(result, "j.yaml:2", "voise", "did you mean 'voice'")


def case_wrong_type(t):
    t.write("a.txt", SENTENCE)
    result = t.oratorio("run", t.write("j.yaml", "name: t\nvoice: tone\ninputs: a.txt\nseed: many\n"), code=2)
    says(result, "j.yaml:4", "seed", "many")


def case_unknown_voice(t):
    t.write("a.txt", SENTENCE)
    says(t.oratorio("run", t.job(["a.txt"], voice="nobody-medium"), code=2), "nobody-medium")


def case_unknown_setting(t):
    t.write("a.txt", SENTENCE)
    says(t.oratorio("run", t.job(["a.txt"], more="settings: {noise_scal: 1}\n"), code=2), "noise_scal")


def joe(t):
    voice = pathlib.Path(os.environ.get("ORATORIO_VOICES", str(pathlib.Path(__file__).parents[2] / "voices"))) / "en_US-joe-medium"
    if not voice.exists():
        raise Skip("the default voice is not here (deploy/fetch-voice)")
    shutil.copytree(voice, t.dir / "v/joe")
    return t.dir / "v/joe"


def case_voice_truncated_by_one_byte(t):
    voice = joe(t)
    weights = voice / "model.safetensors"
    with open(weights, "r+b") as f:
        f.truncate(weights.stat().st_size - 1)
    t.write("a.txt", SENTENCE)
    result = t.oratorio("run", t.job(["a.txt"], voice=str(voice)), "--workers", "1", code=2)
    says(result, "model.safetensors")
    says(t.oratorio("say", "Hello.", "-o", "x.wav", "--voice", voice, code=2), "model.safetensors")
    check(not (t.dir / "x.wav").exists(), "x.wav was written")


def case_voice_of_another_architecture(t):
    t.write("other.onnx", b"\x08\x08\x12\x07pytorch:\x0d\x0a\x05\x22\x03Add\x12\x04main")
    t.write("other.onnx.json", '{"audio":{"sample_rate":22050},"phoneme_id_map":{"_":[0]}}')
    result = t.oratorio("voice", "import", "vits", "other.onnx", "--out", "v", code=2)
    says(result, "other.onnx")
    check(not (t.dir / "v/other").exists(), "a voice was left behind")


def on_a_small_disk(case, megabytes):
    """Runs a case again with its scratch folder on a disk of that size. The mount lives in a namespace of its own and goes with
    it. True in the outer call: all was done."""
    if "ORATORIO_SMALL_DISK" in os.environ:
        return False
    if os.getuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        raise Skip("needs root to mount a small disk")
    with tempfile.TemporaryDirectory(prefix="oratorio-disk-") as folder:
        script = (f"mount -t tmpfs -o size={megabytes}m none {folder} && "
                  f"TMPDIR={folder} ORATORIO_SMALL_DISK=1 {sys.executable} {__file__} {case}")
        code = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script], check=False).returncode
        check(code == 0, f"the case on the small disk ended with {code}")
    return True


def case_disk_too_small_to_begin(t):
    if on_a_small_disk("disk_too_small_to_begin", 6):
        return
    t.write("a.txt", SENTENCE)
    says(t.oratorio("run", t.job(["a.txt"]), code=3), "5 MB free", "needs")
    check(not (t.dir / "runs/t").exists(), "a run was left behind")


def case_disk_fills_while_it_works(t):
    if on_a_small_disk("disk_fills_while_it_works", 200):
        return
    t.write("a.txt", "".join(f"This is line number {i} of very many lines.\n" for i in range(800)))
    job = t.job([{"path": "a.txt", "layout": "lines"}], more="settings: {sleep_ms: 10}\naudio: {format: wav}\nviews: []\n")
    run = subprocess.Popen([str(BIN / "oratorio"), "run", str(job), "--workers", "1", "--json-progress"], cwd=t.dir, text=True,
                           stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    told = []
    for line in run.stderr:
        told.append(line)
        if line.startswith("{") and json.loads(line)["done"] > 0 and not (t.dir / "filler").exists():
            subprocess.run(["dd", "if=/dev/zero", f"of={t.dir}/filler", "bs=1M"], check=False, capture_output=True)
    code = run.wait()
    check(code == 3 and any("disk" in x for x in told), f"exit {code}: {told[-3:]}")
    (t.dir / "filler").unlink()
    t.oratorio("run", job, "--workers", "1", code=0)
    check(t.ledger()[0] == 800, str(t.ledger()))
    t.nothing_half_written()


if __name__ == "__main__":
    main(globals())
