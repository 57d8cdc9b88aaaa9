#!/usr/bin/env python3
"""Cloned voices from the first command to the record, on networks of random weights at the tests' size."""
import array
import json
import math
import shutil
import struct
import wave

from cli import check, main, says

CONSENT = "Ann Example, by letter of 2026-10-02"
LICENSE = "for our audiobooks only"


def record(t, name, seconds=2.0, rate=24000, channels=1, amplitude=0.2):
    """A hum in bursts; returns the file's path."""
    path = t.dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = array.array("h")
    for i in range(int(seconds * rate)):
        x = i / rate
        v = amplitude * (math.sin(2 * math.pi * 130 * x) + 0.5 * math.sin(2 * math.pi * 390 * x)) if x % 0.4 < 0.3 else 0
        frames.extend([max(-32768, min(32767, round(32767 * v)))] * channels)
    with wave.open(str(path), "wb") as w:
        w.setnchannels(channels)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(frames.tobytes())
    return path


def latents(t, name, rows, dtype="<f4", order=False, value=0.5):
    header = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': (1, {rows}, 32), }}".ljust(117) + "\n"
    width = 8 if dtype == "<f8" else 4
    body = struct.pack("<" + ("d" if width == 8 else "f") * (rows * 32), *([value, -value] * (rows * 16)))
    return t.write(name, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body)


BASE = "machine-base"


def base(t, *more, seed="A"):
    """A base voice in ./voices, where the other commands look too (and a clone of it, "machine")."""
    t.oratorio("voice", "make-random", "megatts3", "--dims", "mini", "--seed", seed, "--name", "machine", "--out", "voices", *more,
               env=places(t), code=0)


def places(t):
    return {"ORATORIO_VOICES": str(t.dir / "voices"), "XDG_DATA_HOME": str(t.dir / "none"), "XDG_CACHE_HOME": str(t.dir / "cache")}


def add(t, *words, code=0):
    return t.oratorio("voice", "add", *words, "--consent", CONSENT, "--license", LICENSE, env=places(t), code=code)


def case_consent_and_licence_are_needed(t):
    base(t)
    prompt = record(t, "ann.wav")
    for words, text in ((("--license", LICENSE), "--consent"), (("--consent", CONSENT), "--license"),
                        (("--consent", " ", "--license", LICENSE), "--consent")):
        says(t.oratorio("voice", "add", "ann", "--base", BASE, "--prompt", prompt, *words, env=places(t), code=2), text)
    check(not (t.dir / "voices/ann").exists(), "a voice was made without consent")


def case_a_clone_is_described_checked_and_recorded(t):
    base(t)
    done = add(t, "ann", "--family", "megatts3", "--base", BASE, "--prompt", record(t, "ann.wav"), "--lang", "en-GB")
    says(done, "voices/ann", "5 to 20 s of speech")
    shown = json.loads(t.oratorio("voice", "describe", "ann", "--json", env=places(t), code=0).out)
    check(shown["consent"] == CONSENT and shown["license"] == LICENSE and shown["base"] == BASE and shown["lang"] == "en-GB", str(shown))
    check(shown["weights_random"] is True, "the base's weights are random, the clone does not say so")
    says(t.oratorio("voice", "describe", BASE, env=places(t), code=0), "a base: networks for `oratorio voice add`")
    says(t.oratorio("voice", "check", BASE, env=places(t), code=0), "use_pos_embed", "all numbers", "networks without a voice")
    said = t.oratorio("voice", "check", "ann", "--text", "Hello.", env=places(t))
    says(said, "use_pos_embed", "alignment", "8 against 32: mean spectra")
    t.write("story.txt", "Hello there.\n")
    t.oratorio("run", t.job(["story.txt"], voice="ann", more="views: [jsonl]\nsettings: {steps: 2}\n"), "--workers", "1", env=places(t), code=0)
    records = [json.loads(line) for line in (t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()]
    check(records, "no records")
    for r in records:
        check(r["consent"] == CONSENT and r["voice_license"] == LICENSE and r["base"] == BASE and r["weights"] == "random", str(r))
        check(r["base_sha256"] == shown["base_sha256"] and r["model_sha256"] == shown["model_sha256"], str(r))


def without(t, *parts, of=BASE):
    """The base as an import of a partial release leaves it, by voice.yaml."""
    path = t.dir / "voices" / of / "voice.yaml"
    text = path.read_text()
    listed = [p for p in ("dit", "dur", "align", "vae", "vae_encoder", "g2p") if p not in parts]
    head, tail = text.split("  parts: [", 1)
    path.write_text(head + f"  parts: [{', '.join(listed)}]" + tail.split("]", 1)[1])


def case_a_partial_base_is_told_everywhere(t):
    base(t)
    without(t, "g2p", "dur")
    checked = t.oratorio("voice", "check", BASE, env=places(t), code=0)
    says(checked, "WARN parts", "lacks g2p (folder g2p): no voice of it can speak", "lacks dur (folder duration_lm)",
         "WARN next", "import the whole release again", f"voice import megatts3 RELEASE-DIR --name {BASE} --replace")
    for row in ("use_pos_embed", "durations", " g2p  ", "makes one"):
        check(row not in checked.out, f"'{row}' is told of a part that is not there: {checked}")
    listed = {line.split()[0]: line for line in t.oratorio("voice", "list", env=places(t), code=0).out.splitlines()}
    check("NOT READY" in listed[BASE] and "dur (folder duration_lm), g2p (folder g2p)" in listed[BASE], str(listed))
    told = {v["name"]: v for v in json.loads(t.oratorio("voice", "list", "--json", env=places(t), code=0).out)}
    check(told[BASE]["ready"] is False and "g2p" in told[BASE]["why_not_ready"] and told["tone"]["ready"] is True, str(told))
    says(t.oratorio("voice", "describe", BASE, env=places(t), code=0), "not_ready", "dur (folder duration_lm)")
    t.write("own.txt", "Hello there.\n")
    for words in (("say", "Hello.", "-v", BASE, "-o", "x.wav"), ("plan", t.job(["own.txt"], voice=BASE))):
        refused = t.oratorio(*words, env=places(t), code=2)
        says(refused, "nobody's voice, and not ready", "dur (folder duration_lm), g2p (folder g2p)", "import the whole release again")
        check("voice add" not in refused.err, f"advises a voice that could not speak: {refused}")
    done = add(t, "ann", "--base", BASE, "--prompt", record(t, "ann.wav"))
    says(done, f"note: base '{BASE}' was imported without", "import the whole release again")
    t.write("story.txt", "Hello there.\n")
    for verb in ("plan", "run"):
        refused = t.oratorio(verb, t.job(["story.txt"], voice="ann"), env=places(t), code=2)
        says(refused, f"voice 'ann' cannot speak: its base '{BASE}' was imported without dur (folder duration_lm), g2p (folder g2p)",
             "make the voice anew")
    says(t.oratorio("say", "Hello.", "-v", "ann", "-o", "x.wav", env=places(t), code=2), "cannot speak: its base")
    says(t.oratorio("voice", "check", "ann", env=places(t), code=1), "FAIL opens")


def case_a_part_that_only_voice_yaml_has(t):
    base(t)
    path = t.dir / "voices" / BASE / "voice.yaml"
    path.write_text(path.read_text().replace('"ffn": 256', '"ffn": 320'))
    says(t.oratorio("voice", "check", BASE, env=places(t), code=1), "FAIL parts", "voice.yaml says that dur is there; another shape has tensor 'dur.")


def case_the_list_shows_base_and_random_weights(t):
    base(t)
    listed = {line.split()[0]: line for line in t.oratorio("voice", "list", env=places(t), code=0).out.splitlines()}
    check(f"base: {BASE}; weights: random" in listed["machine"], str(listed))
    check("a base for `voice add`; weights: random" in listed[BASE] and "NOT READY" not in listed[BASE], str(listed))
    told = {v["name"]: v for v in json.loads(t.oratorio("voice", "list", "--json", env=places(t), code=0).out)}
    check(told["machine"]["base"] == BASE and told["machine"]["weights_random"] is True, str(told))


def case_the_list_keeps_the_licence_of_a_voice_whose_base_is_gone(t):
    base(t)
    add(t, "ann", "--base", BASE, "--prompt", record(t, "ann.wav"))
    shutil.rmtree(t.dir / "voices" / BASE)
    listed = {line.split()[0]: line for line in t.oratorio("voice", "list", env=places(t), code=0).out.splitlines()}
    check(f"base: {BASE}; {LICENSE}; NOT READY: voice 'ann': its base '{BASE}' is neither" in listed["ann"], str(listed))
    told = {v["name"]: v for v in json.loads(t.oratorio("voice", "list", "--json", env=places(t), code=0).out)}["ann"]
    check(told["license"] == LICENSE and told["ready"] is False and BASE in told["why_not_ready"], str(told))


def case_a_base_whose_map_changed_is_refused(t):
    base(t)
    add(t, "ann", "--base", BASE, "--prompt", record(t, "ann.wav"))
    path = t.dir / "voices" / BASE / "voice.yaml"
    good = path.read_text()
    t.write("story.txt", "Hello there.\n")
    job = t.job(["story.txt"], voice="ann")
    path.write_text(good.replace("win_size: 1200", "win_size:   1200   # written otherwise, says the same"))
    t.oratorio("plan", job, env=places(t), code=0)
    for old, new in (("use_pos_embed: ", "use_pos_embed: true #"), ("win_size: 1200", "win_size: 1100")):
        path.write_text(good.replace(old, new))
        for words in (("plan", job), ("say", "Hello.", "-v", "ann", "-o", "x.wav")):
            says(t.oratorio(*words, env=places(t), code=2), "voice 'ann' was made when the map 'megatts3' in", "make the voice anew")
        says(t.oratorio("voice", "describe", "ann", env=places(t), code=0), "not_ready", "was made when the map 'megatts3' in", CONSENT)
    add(t, "ann", "--base", BASE, "--prompt", "ann.wav", "--replace")
    t.oratorio("plan", job, env=places(t), code=0)


def case_phones_are_judged_before_anything_is_spoken(t):
    base(t)
    t.write("a.jsonl", "".join(json.dumps({"id": i, "text": x}) + "\n" for i, x in (
        ("good", "Say [[hh:50 ax]] and \\\\[[ now."), ("open", "Say [[hh ax now."), ("bad", "Say [[hh qq]]."), ("long", "[[n:20000]]"))))
    job = t.job(["a.jsonl"], voice="machine")
    says(t.oratorio("plan", job, env=places(t), code=0), "rejected:              3", "3 x bad-phones",
         'a.jsonl:2: "[[" is not closed: expected "]]"', 'a.jsonl:3: "qq" is no phone of MegaTTS 3', 'a.jsonl:4: "n:20000"')
    check(not (t.dir / "runs").exists(), "plan made a run")
    t.oratorio("run", job, "--workers", "1", env=places(t), code=1)
    reasons = t.ledger()[3]
    check(reasons == {"bad-phones": 3}, str(reasons))
    said = t.oratorio("say", "Say [[hh ax now.", "-v", "machine", "-o", "x.wav", env=places(t), code=None)
    check(said.code != 0 and "is not closed" in said.err + said.out, f"say speaks an open bracket: {said}")


def case_phones_of_a_lexicon_are_judged(t):
    base(t)
    t.write("a.txt", "A gif.\n")
    t.write("words.tsv", "gif\t[[jh ih f]]\nnot\t[[nn ot]]\n")
    job = t.job(["a.txt"], voice="machine", more="text: {lexicon: words.tsv}\n")
    says(t.oratorio("plan", job, env=places(t), code=2), "words.tsv:2:", '"nn" is no phone')
    t.write("words.tsv", "gif\t[[jh ih f]]\n")
    t.oratorio("plan", job, env=places(t), code=0)


def case_mixed_texts_tell_the_language_they_were_read_in(t):
    base(t)
    t.write("a.jsonl", "".join(json.dumps({"id": i, "text": x, **more}) + "\n" for i, x, more in (
        ("a", "Good morning.", {}), ("b", "早上好 Ann.", {}), ("c", "2026", {"lang": "zh-CN"}), ("d", "2026", {"lang": "en-GB"}))))
    t.oratorio("run", t.job(["a.jsonl"], voice="machine"), "--workers", "1", env=places(t), code=0)
    rows = [json.loads(x) for x in (t.dir / "runs/t/views/jsonl/manifest.jsonl").read_text().splitlines()]
    langs = {r["id"]: r["lang"] for r in rows}
    check(langs == {"a": "en", "b": "zh", "c": "zh-CN", "d": "en-GB"}, str(langs))


def case_a_base_cannot_speak(t):
    base(t)
    says(t.oratorio("say", "Hello.", "-o", "a.wav", "--voice", BASE, env=places(t), code=2), "oratorio voice add")


def case_a_voice_that_is_no_base_is_told(t):
    says(add(t, "ann", "--base", "tone", "--prompt", record(t, "ann.wav"), code=2), "voice 'tone' is of family 'tone', which cannot clone voices (megatts3 can)")


def case_prompts_of_every_kind(t):
    base(t)
    for name, how, text in (("brief", {"seconds": 0.3}, "0.5 s at least"), ("silent", {"amplitude": 0}, "silent"),
                            ("long", {"seconds": 5}, "at most 3.4 s"), ("endless", {"seconds": 30}, "at most 3.4 s")):
        says(add(t, name, "--base", BASE, "--prompt", record(t, f"{name}.wav", **how), code=2), text)
        check(not (t.dir / "voices" / name).exists(), f"{name} was left behind")
    for name, how, text in (("loud", {"amplitude": 4}, "clipped"), ("phone", {"rate": 8000}, "8000 Hz"),
                            ("wide", {"rate": 48000, "channels": 2}, "2 channels")):
        says(add(t, name, "--base", BASE, "--prompt", record(t, f"{name}.wav", **how)), text)
    t.write("song.mp3", b"ID3 and so on")
    says(add(t, "song", "--base", BASE, "--prompt", "song.mp3", code=2), "neither WAV nor FLAC")
    says(add(t, "none", "--base", BASE, "--prompt", "none.wav", code=2), "no such recording")
    check(not list((t.dir / "voices").glob(".*")), "half a voice was left behind")


def names(result):
    """Of the voices whose folders were printed."""
    return [line.rsplit("/", 1)[1] for line in result.out.split()]


def case_a_folder_of_pairs(t):
    base(t)
    record(t, "people/ann.wav")
    latents(t, "people/ann.npy", 62)
    record(t, "people/bob.WAV")
    record(t, "people/cy.wav", seconds=0.2)
    record(t, "people/dan.wav")
    latents(t, "people/dan.npy", 20)
    record(t, "people/Eve Adams.wav")
    latents(t, "people/fay.npy", 62)
    how = ("club", "--base", BASE, "--prompt", "people")
    done = add(t, *how, code=1)
    check(names(done) == ["club-ann", "club-bob"], done)
    says(done, "5 recordings: 2 made, 0 there already, 3 refused", "refused: cy.wav (voice club-cy): the prompt is 0.20 s long",
         "refused: dan.wav (voice club-dan): 20 latents, wanted 62", "refused: Eve Adams.wav (voice club-Eve Adams): 'club-Eve Adams' cannot be",
         "people/fay.npy has no recording of that name", "note: club-ann: the recording has 2.0 s")
    for name, made in (("club-ann", "file"), ("club-bob", "encoder")):
        check(f"latents: {made}\n" in (t.dir / "voices" / name / "voice.yaml").read_text(), name)
    for bad in ("cy.wav", "dan.npy", "Eve Adams.wav"):
        (t.dir / "people" / bad).unlink()
    again = add(t, *how, code=0)
    check(names(again) == ["club-ann", "club-bob", "club-dan"], again)
    says(again, "3 recordings: 1 made, 2 there already, 0 refused")
    record(t, "people/ann.wav", amplitude=0.3)
    says(add(t, *how, code=1), "refused: ann.wav (voice club-ann): ", "/voices/club-ann is there already, made of other files: --replace")
    changed = t.oratorio("voice", "add", *how, "--consent", "somebody else", "--license", LICENSE, env=places(t), code=1)
    says(changed, "refused: bob.WAV (voice club-bob): ", "/voices/club-bob is there already, made with another consent or licence")
    says(add(t, *how, "--replace", code=0), "3 recordings: 3 made")


def case_two_recordings_of_one_name(t):
    base(t)
    record(t, "people/ann.wav")
    record(t, "people/ann.WAV")
    says(add(t, "--base", BASE, "--prompt", "people", code=1), "2 recordings: 1 made", "refused: ann.wav (voice ann): ann.WAV makes a voice of that name")


def case_a_damaged_base_is_refused(t):
    base(t)
    weights = t.dir / "voices" / BASE / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    says(add(t, "ann", "--base", BASE, "--prompt", record(t, "ann.wav"), code=2), f"voice '{BASE}': ", "SHA-256")
    check(not (t.dir / "voices/ann").exists(), "a voice of a damaged base")


def case_check_finds_a_base_damaged_behind_its_packs(t):
    base(t)
    check_it = ("voice", "check", "machine", "--text", "[[hh ax l ow]]")
    says(t.oratorio(*check_it, env=places(t)), "PASS base weights SHA-256", "PASS opens")
    weights = t.dir / "voices" / BASE / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    says(t.oratorio(*check_it, env=places(t), code=1), "PASS weights ", f"FAIL base weights voice '{BASE}': ", "it is damaged")
    shutil.rmtree(t.dir / "cache")
    says(t.oratorio("voice", "describe", "machine", env=places(t), code=0), "not_ready", "it is damaged")


def case_settings_are_shown(t):
    base(t)
    for name in ("megatts3", "machine"):
        says(t.oratorio("voice", "settings", name, env=places(t), code=0), "steps              8         1 to 10000", "0.55 TMAC", "rules or reference")
    shown = {s["name"]: s for s in json.loads(t.oratorio("voice", "settings", "machine", "--json", env=places(t), code=0).out)}
    check(shown["p_w"]["value"] == 1.6 and shown["p_w"]["max"] == 10 and shown["normaliser"]["value"] == "rules", str(shown))
    says(t.oratorio("voice", "settings", "tone", env=places(t), code=0), "range")
    says(t.oratorio("voice", "settings", "megatts", env=places(t), code=2), "no voice 'megatts'")


def case_latents_that_are_none(t):
    base(t)
    prompt = record(t, "ann.wav")
    for kind, path, text in (("float64", latents(t, "a.npy", 62, dtype="<f8"), "'<f8', wanted '<f4' (float32); latents of this recording are float32, C order, shape [1, 62, 32]"),
                             ("Fortran", latents(t, "b.npy", 62, order=True), "wanted C order"),
                             ("too few", latents(t, "c.npy", 49), "wanted 62 for a recording of 2.00 s"),
                             ("a pickle", t.write("d.npy", b"\x80\x04cos\nsystem\n."), "no .npy file")):
        says(add(t, "ann", "--base", BASE, "--prompt", prompt, "--latents", path, code=2), text)
        check(not (t.dir / "voices/ann").exists(), kind)
    says(add(t, "ann", "--base", BASE, "--prompt", prompt, "--latents", latents(t, "e.npy", 61)), "1 fewer than the recording")


def case_another_base_is_refused(t):
    base(t)
    add(t, "ann", "--base", BASE, "--prompt", record(t, "ann.wav"))
    base(t, "--replace", seed="B")
    described = ("voice", "describe", "ann")
    says(t.oratorio("voice", "check", "ann", env=places(t), code=2), f"made with a base '{BASE}' of SHA-256")
    says(t.oratorio(*described, env=places(t), code=0), f"made with a base '{BASE}' of SHA-256", LICENSE, CONSENT)
    (t.dir / "voices" / BASE).rename(t.dir / "voices/other")
    told = json.loads(t.oratorio(*described, "--json", env=places(t), code=0).out)
    check("neither beside it nor where voices are looked for" in told["not_ready"], str(told))
    check(told["license"] == LICENSE and told["consent"] == CONSENT and told["base"] == BASE and "facts" not in told, str(told))


if __name__ == "__main__":
    main(globals())
