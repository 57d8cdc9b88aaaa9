#!/usr/bin/env python3
"""The verbs as a user types them, with the family that has no weights."""
import fcntl
import json
import os
import pathlib
import subprocess
import wave

from cli import BIN, check, main, says

ROOT = pathlib.Path(__file__).parents[2]
STORY = "# One\n\nFirst sentence. Second one!\n\n# Two\n\n\"Third?\" asked the fourth. Done.\n"


def ran(t, more="views: [jsonl, chapters]\n"):
    t.write("story.md", STORY)
    return t.oratorio("run", t.job(["story.md"], more=more), "--workers", "1", code=0)


def case_clips_below_their_loudness_are_counted(t):
    t.write("a.txt", "One plain sentence is here.\n\nAnother plain sentence follows it.\n")
    result = t.oratorio("run", t.job(["a.txt"], more="audio: {loudness_lufs: -10, peak_dbfs: -20}\n"), "--workers", "1", code=0)
    says(result, "2 utterances limited by the peak ceiling")
    report = json.loads((t.dir / "runs/t/report.json").read_text())
    check(report["audio"]["peak_limited"] == 2, str(report["audio"]))


def case_help_and_version(t):
    verbs = t.oratorio("--help", code=0).out
    for verb in ("run", "serve", "plan", "tune", "status", "cancel", "retry", "verify", "export", "say", "voice"):
        check(f"  {verb} " in verbs, f"{verb} is missing in --help")
        page = t.oratorio(verb, "--help", code=0).out
        check("Usage: oratorio " + verb in page and "xample" in page, page)
        check(t.oratorio("help", verb, code=0).out == page, "help VERB differs")
    says(t.oratorio("--version", code=0), "oratorio ")
    says(t.oratorio("rum", code=2), "did you mean 'run'")
    says(t.oratorio("run", "x", "--worker", "2", code=2), "did you mean '--workers'")
    t.oratorio(code=2)


def case_precisions_are_shown_whole_and_taken(t):
    for verb in ("say", "run", "plan", "tune"):
        lines = t.oratorio(verb, "--help", code=0).out.splitlines()
        at = next(i for i, line in enumerate(lines) if "--precision" in line)
        words = lines[at].split()[1].split("|")
        check({"exact", "plain-dp", "f32-blas"} <= set(words), lines[at])
        check(lines[at + 1].strip().startswith("arithmetic of"), lines[at + 1])
        script = f'. "$0"; COMP_WORDS=(oratorio {verb} --precision ""); COMP_CWORD=3; _oratorio; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", script, ROOT / "docs/oratorio.bash-completion"], capture_output=True, text=True, check=True,
                              env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
        check(done.stdout.split() == words, done.stdout + done.stderr)
    t.write("a.txt", "Some words.\n")
    for word in words:
        t.oratorio("plan", t.job(["a.txt"]), "--precision", word, code=0)


def case_run_then_run_again(t):
    first = ran(t)
    says(first, "6 done, 0 rejected, 0 failed", "views/chapters", "manifest.jsonl")
    report = (t.dir / "runs/t/report.json").read_text()
    again = t.oratorio("run", "job.yaml", code=0)
    says(again, "nothing left to render", "6 done")
    after = (t.dir / "runs/t/report.json").read_text()
    check(json.loads(after)["speed"]["audio_s_per_wall_s"] > 0 and after == report, f"the report was {report}, is {after}")
    shown = json.loads(t.oratorio("status", "runs/t", "--json", code=0).out)
    check(shown["speed"] == json.loads(after)["speed"], f"status tells another speed: {shown}")


def case_a_bare_text_is_a_job(t):
    t.write("note.txt", "Only this.\n")
    # All defaults means the default voice too: where it is not, the message names it and the places that were searched.
    missing = t.oratorio("run", "note.txt", code=2, env={"ORATORIO_VOICES": str(t.dir / "none"), "HOME": str(t.dir), "XDG_DATA_HOME": ""})
    says(missing, "en_US-joe-medium", str(t.dir / "none"))
    check(not (t.dir / "runs").exists(), "a run was left behind")
    t.write("j.yaml", "voice: tone\ninputs: note.txt\n")
    t.oratorio("run", "j.yaml", "--workers", "1", code=0)
    check((t.dir / "runs/j/report.json").exists(), "runs/j is missing")


def case_stdin_is_a_text(t):
    t.write("j.yaml", "name: t\nvoice: tone\ninputs: '-'\n")
    t.oratorio("run", "j.yaml", "--workers", "1", stdin="Hello there. General remark.\n", code=0)
    check(t.ledger()[0] == 2, str(t.ledger()))


def case_changed_inputs_are_refused(t):
    ran(t)
    t.write("story.md", STORY + "\nOne more.\n")
    says(t.oratorio("run", "job.yaml", code=2), "story.md", "--new")
    t.oratorio("run", "job.yaml", "--new", "--workers", "1", code=0)
    check((t.dir / "runs/t-2/run.sqlite").exists(), "--new made no runs/t-2")


def case_plan_renders_nothing(t):
    t.write("a.jsonl", '{"id":"a","text":"some words"}\n{"id":"a","text":"more words"}\n')
    out = t.oratorio("plan", t.job(["a.jsonl"]), code=0)
    says(out, "utterances", "duplicate")
    check(not (t.dir / "runs").exists(), "plan made a run")


def case_status(t):
    ran(t)
    says(t.oratorio("status", "t", code=0), "finished", "6 done")
    check(json.loads(t.oratorio("status", "runs/t", "--json", code=0).out)["ledger"]["done"] == 6, "done is not 6")
    says(t.oratorio("status", "nowhere", code=2), "nowhere")


def case_status_of_a_run_that_nobody_works_on(t):
    ran(t)
    first = json.loads((t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()[0])["id"]
    t.oratorio("retry", "runs/t", "--id", first, code=0)
    with open(t.dir / "runs/t/lock", encoding="utf8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        says(t.oratorio("status", "t", code=3), "(working)")
    says(t.oratorio("status", "t", code=3), "nobody works on it now; the same command goes on", "0 workers")


def case_rejected_lines_are_in_order(t):
    t.write("a.jsonl", '{"text":"x","voice":"nobody"}\n{}\n{"text":"Good words."}\n{"text":"x","phones":"y"}\n')
    t.oratorio("run", t.job(["a.jsonl"]), "--workers", "1", code=1)
    lost = [json.loads(line) for line in (t.dir / "runs/t/views/jsonl/rejected.jsonl").read_text().splitlines()]
    check([(r["source_line"], r["reason_code"]) for r in lost] == [(1, "unknown-voice"), (2, "missing-field"), (4, "bad-value")], str(lost))
    check([r["id"] for r in lost] == ["a-000001", "a-000002", "a-000004"], str(lost))
    check("'text' and 'phones'" in lost[2]["reason"], lost[2]["reason"])


def case_verify_finds_a_changed_file(t):
    ran(t)
    says(t.oratorio("verify", "runs/t", "--sample", "6", code=0), "0 bad", "6 utterances rendered again, 0 different")
    tar = next((t.dir / "runs/t/audio").glob("*.tar"))
    data = bytearray(tar.read_bytes())
    data[600] ^= 1
    tar.chmod(0o644)
    tar.write_bytes(data)
    says(t.oratorio("verify", "runs/t", "--sample", "0", code=1), tar.name, "repair: oratorio retry runs/t --id story-")


def case_retry_reopens_a_batch(t):
    ran(t)
    before = next((t.dir / "runs/t/audio").glob("*.tar")).read_bytes()
    first = json.loads((t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()[0])["id"]
    says(t.oratorio("retry", "runs/t", "--id", first, code=0), "1 batch reopened")
    check(t.oratorio("status", "runs/t").code == 3, "the run is not open again")
    t.oratorio("run", "job.yaml", "--workers", "1", code=0)
    check(next((t.dir / "runs/t/audio").glob("*.tar")).read_bytes() == before, "rendered again, it differs")
    says(t.oratorio("retry", "runs/t", "--id", "nobody", code=2), "nobody")


def case_a_lost_job_table_and_strays_are_mended(t):
    ran(t)
    stray = t.write("runs/t/audio/.000003.0123456789abcdef00000001.part", "")
    t.oratorio("run", "job.yaml", code=0)
    check(not stray.exists(), "a stray part was left")
    for path in (t.dir / "runs/t").glob("run.sqlite*"):
        path.unlink()
    t.oratorio("run", "job.yaml", "--workers", "1", code=0)  # keys of the run that was are made anew
    next((t.dir / "runs/t/audio").glob("*.tar")).unlink()
    says(t.oratorio("run", "job.yaml", code=3), "oratorio verify runs/t")
    says(t.oratorio("verify", "runs/t", "--sample", "0", code=1), "repair: oratorio retry")


def case_retry_takes_the_id_as_given(t):
    t.write("a.jsonl", '{"id":"Ruth1:1","text":"first one"}\n')
    t.oratorio("run", t.job(["a.jsonl"]), "--workers", "1", code=0)
    says(t.oratorio("retry", "runs/t", "--id", "Ruth1:1", code=0), "1 batch reopened")
    says(t.oratorio("verify", "runs/t", "--sample", "0", code=0), "1 utterances are open")


def case_export_views(t):
    ran(t, more="views: []\n")
    t.oratorio("export", "runs/t", "ljspeech", code=0)
    rows = (t.dir / "runs/t/views/ljspeech/metadata.csv").read_text().splitlines()
    check(len(rows) == 6 and all(r.count("|") == 2 for r in rows), str(rows))
    with wave.open(str(t.dir / "runs/t/views/ljspeech/wavs" / (rows[0].split("|")[0] + ".wav"))) as w:
        check(w.getnchannels() == 1 and w.getsampwidth() == 2 and w.getnframes() >= 960, "not a 16-bit mono WAV of three phones")
    t.oratorio("export", "runs/t", "chapters", "elsewhere", code=0)
    check(len(list((t.dir / "elsewhere").glob("*.flac"))) == 2, "two chapters were expected")
    says(t.oratorio("export", "runs/t", "ljspech", code=2), "did you mean 'ljspeech'")


def case_say(t):
    t.oratorio("say", "Hello there.", "-o", "a.wav", "--voice", "tone", code=0)
    with wave.open(str(t.dir / "a.wav")) as w:
        check(w.getframerate() == 16000 and w.getnframes() > 1000, "not what tone says")
    out = json.loads(t.oratorio("say", "-", "-o", "b.flac", "--voice", "tone", "--json", stdin="Hello there.", code=0).out)
    check(out["text"] == "Hello there." and out["ai_generated"] is True, str(out))
    says(t.oratorio("say", "x", "--voice", "tone", code=2), "-o FILE")
    says(t.oratorio("say", "x", "-o", "a.mp3", "--voice", "tone", code=2), ".mp3")
    says(t.oratorio("say", "x", "-o", str(t.dir), "--voice", "tone", code=2), "a folder")
    says(t.oratorio("say", "  ", "-o", "c.wav", "--voice", "tone", code=2), "empty")
    says(t.oratorio("say", "x", "-o", "c.wav", "--voice", "tone", "--set", "phone_mss=5", code=2), "phone_ms")


def case_voice_list_and_describe(t):
    says(t.oratorio("voice", "list", code=0), "tone")
    json.loads(t.oratorio("voice", "list", "--json", code=0).out)
    says(t.oratorio("voice", "describe", "tone", code=0), "tone")
    t.oratorio("voice", "check", "tone", code=0)
    says(t.oratorio("voice", "liste", code=2), "did you mean 'list'")


def case_cancel_without_a_coordinator(t):
    ran(t)
    says(t.oratorio("cancel", "runs/t", code=0), "nobody works on it")


def case_progress_forms(t):
    t.write("story.md", STORY)
    job = t.job(["story.md"])
    quiet = t.oratorio("run", job, "--workers", "1", "--quiet", code=0)
    check(quiet.out == "" and quiet.err == "", f"{quiet}")
    objects = t.oratorio("run", job, "--out", "other", "--workers", "1", "--json-progress", code=0)
    lines = [json.loads(x) for x in objects.err.splitlines()]
    check(lines and lines[-1]["done"] == 6, objects.err)


def case_worker_program_tells_its_options(t):
    done = subprocess.run([str(BIN / "oratorio-worker"), "--help"], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and "--connect" in done.stdout and "--key" in done.stdout, str(done))


if __name__ == "__main__":
    main(globals())
