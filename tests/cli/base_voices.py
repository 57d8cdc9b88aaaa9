#!/usr/bin/env python3
"""Base voices on the command line: checkpoints imported, random weights made, and what both say of themselves."""
import hashlib
import json
import pathlib
import shutil

from cli import check, main, says

CHECKPOINTS = pathlib.Path(__file__).parents[1] / "golden/megatts3/checkpoints"
PARTS = ("diffusion_transformer", "duration_lm", "aligner_lm", "wavvae", "g2p")


def places(t):
    return {"ORATORIO_VOICES": str(t.dir / "voices"), "XDG_DATA_HOME": str(t.dir / "none"), "XDG_CACHE_HOME": str(t.dir / "cache")}


def voice(t, *words, code=0):
    return t.oratorio("voice", *words, env=places(t), code=code)


def release(t, *parts):
    for part in parts:
        shutil.copytree(CHECKPOINTS / part, t.dir / "release" / part)
    return t.dir / "release"


def load(t, code=0, more=()):
    return voice(t, "import", "megatts3", "release", "--dims", CHECKPOINTS / "dims.json", "--name", "base", "--out", "voices", *more,
                 code=code)


def case_a_release_becomes_a_base(t):
    release(t, *PARTS)
    result = load(t)
    check(result.out.strip() == "voices/base", result)
    says(result, "unknown files, of no release whose SHA-256 is known: diffusion_transformer/model_only_last.ckpt, ",
         "left out 3 unknown tensors", "dit.null_cond [1, 1, 16]", "wavvae has no encoder")
    text = (t.dir / "voices/base/voice.yaml").read_text()
    sums = [hashlib.sha256((t.dir / "release" / f).read_bytes()).hexdigest()
            for f in ("diffusion_transformer/model_only_last.ckpt", "wavvae/decoder.ckpt", "g2p/vocab.json")]
    for part in ("Apache-2.0", "ByteDance", "role: base", "parts: [dit, dur, align, vae, g2p]", *sums):
        check(part in text, f"'{part}' is missing in {text}")
    check("random" not in text, text)
    says(load(t, code=2), "is there already")
    says(voice(t, "import", "megatts3", "release", "--dims", "mini", "--name", "named", "--out", "voices"), "voices/named")
    check((t.dir / "voices/named/model.safetensors").read_bytes() == (t.dir / "voices/base/model.safetensors").read_bytes(),
          "the sizes by name and by file gave different voices")
    says(voice(t, "import", "megatts3", "release", "--dims", "tiny", code=2), "no sizes 'tiny': wanted mini, full, or a JSON file")
    says(voice(t, "import", "megatts3", "release", "--dims", f"{CHECKPOINTS / 'dims.json'}#tiny", code=2), "no set 'tiny' in it")
    load(t, more=("--replace",))
    says(t.oratorio("say", "-v", "base", "-o", "x.wav", "Hello.", env=places(t), code=2), "oratorio voice add")


def case_a_release_is_known_by_its_folders(t):
    release(t, "g2p", "wavvae")
    result = voice(t, "import", "release", "--dims", "mini", "--name", "base", "--out", "voices")
    check(result.out.strip() == "voices/base", result)
    says(result, "note: release is taken for the release of MegaTTS 3: wavvae, g2p; not there: diffusion_transformer, duration_lm, aligner_lm (family megatts3)")
    t.write("downloads/read.me", "nothing")
    shutil.copytree(t.dir / "release", t.dir / "downloads/checkpoints")
    for path, near in (("downloads", "downloads/checkpoints"), ("downloads/checkpoints/g2p", "downloads/checkpoints")):
        says(voice(t, "import", path, "--out", "voices", code=2), f"{path}: nothing that can be imported lies there; but {near} is the release of MegaTTS 3",
             "vits wants a Piper voice", "megatts3 wants")


def case_a_wrong_file_leaves_nothing(t):
    release(t, *PARTS)
    target = t.dir / "release/aligner_lm/model_only_last.ckpt"
    for hostile, word in (("exec-legacy.ckpt", "posix.system"), ("truncated-legacy.ckpt", "truncated?"), ("exec-zip.ckpt", "posix.system")):
        shutil.copy(CHECKPOINTS / "hostile" / hostile, target)
        result = load(t, code=2)
        says(result, str(target.name), word)
        check("\nHOSTILE-CODE-RAN" not in "\n" + result.err, result)
    check(not list((t.dir / "voices").iterdir()), "something was left")
    shutil.copy(CHECKPOINTS / "aligner_lm/model_only_last.ckpt", target)
    shutil.copy(CHECKPOINTS / "hostile/config-eval.yaml", t.dir / "release/diffusion_transformer/config.yaml")
    result = load(t, code=2)
    says(result, "config.yaml:1", "never evaluated")
    check("\nHOSTILE-CODE-RAN" not in "\n" + result.err, result)


def case_sizes_must_be_the_releases(t):
    release(t, "duration_lm")
    says(voice(t, "import", "megatts3", "release", code=2), "wanted F32 [174, 512], found F32 [174, 32]", "--dims")


def case_random_weights_speak_and_say_so(t):
    says(voice(t, "make-random", "megatts3", "--dims", "mini", "--seed", "7", "--name", "noise", "--out", "voices"), "voices/noise")
    listed = {v["name"]: v for v in json.loads(voice(t, "list", "--json").out)}
    check({"noise", "noise-base"} <= set(listed), str(listed))
    t.oratorio("say", "-v", "noise", "-o", "x.wav", "Hello there.", env=places(t), code=0)
    check((t.dir / "x.wav").stat().st_size > 10000, "no audio")
    said = json.loads(t.oratorio("say", "-v", "noise", "-o", "y.wav", "--json", "Hello there.", env=places(t), code=0).out)
    check(said.get("weights") == "random", str(said))
    first = (t.dir / "voices/noise-base/model.safetensors").read_bytes()
    voice(t, "make-random", "megatts3", "--dims", "mini", "--seed", "7", "--name", "noise", "--out", "voices", "--replace")
    check(first == (t.dir / "voices/noise-base/model.safetensors").read_bytes(), "the same seed gave other weights")
    says(voice(t, "make-random", "megatts3", "--seed", "../7", code=2), "letters and digits")
    says(voice(t, "make-random", "vits", code=2), "makes no random voices")


def case_the_sizes_of_the_readme_are_mini(t):
    text = (pathlib.Path(__file__).parents[2] / "src/models/megatts3/README.md").read_text()
    sizes = json.loads(text.split("```json\n", 1)[1].split("```", 1)[0])
    t.write("alone.json", json.dumps(sizes))
    t.write("sets.json", json.dumps({"dims": {"other": {}, "small": sizes}}))
    weights = []
    for name, dims in (("a", "mini"), ("b", "alone.json"), ("c", "sets.json#small")):
        voice(t, "make-random", "megatts3", "--dims", dims, "--seed", "7", "--name", name, "--out", "voices")
        weights.append((t.dir / f"voices/{name}-base/model.safetensors").read_bytes())
    check(weights[0] == weights[1] == weights[2], "the README's sizes are others")


def case_random_weights_of_any_seed(t):
    for seed in ("1", "3", "word"):
        voice(t, "make-random", "megatts3", "--dims", "mini", "--seed", seed, "--name", f"noise-{seed}", "--out", "voices")
        t.oratorio("say", "-v", f"noise-{seed}", "-o", "x.wav", "Hello there.", env=places(t), code=0)
        check((t.dir / "x.wav").stat().st_size > 10000, "no audio")
        text = (t.dir / f"voices/noise-{seed}/voice.yaml").read_text()
        check("prompt_alignment: formula" in text or "prompt_alignment: aligner" in text, text)


def case_random_weights_are_made_whole_or_not_at_all(t):
    (t.dir / "voices/noise").mkdir(parents=True)
    says(voice(t, "make-random", "megatts3", "--dims", "mini", "--seed", "7", "--name", "noise", "--out", "voices", code=2), "is there already")
    dims = json.loads((CHECKPOINTS / "dims.json").read_text())
    dims["align"]["audio_ctx"] = 20  # less than the prompt
    t.write("small.json", json.dumps(dims))
    says(voice(t, "make-random", "megatts3", "--dims", "small.json", "--name", "small", "--out", "voices", code=2), "the prompt is 3.00 s long", "aligner takes at most 0.0 s of it")
    check([p.name for p in (t.dir / "voices").iterdir()] == ["noise"], "something was left")


if __name__ == "__main__":
    main(globals())
