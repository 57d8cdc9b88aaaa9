"""Is it recognisable speech? Word error rate of a recogniser (pocketsphinx, its own US English model) on the story's sentences, for
Oratorio's audio and for onnxruntime's audio of the same phonemes and settings, at zero noise and at the voice's defaults.

The bar: not worse than onnxruntime beyond the 95 % interval of the paired difference (bootstrap over sentences). The recogniser
is a small one, so the rates themselves are high; only the comparison counts.

    speech.py [--precision fast|f32-wino|split|plain|plain-dp]

With --precision Oratorio's audio of that precision is held beside its own of `exact` instead: word error rate, and loudness, which may
differ by 0.1 dB or by chance."""
import argparse
import io
import json
import pathlib
import random
import re
import sys
import tarfile

import numpy
import onnxruntime
import pocketsphinx
import soundfile
import soxr

import harness

sys.path.insert(0, str(harness.ROOT / "tests/golden"))
import joe  # noqa: E402  (the default voice as Piper published it)

STORY = harness.ROOT / "jobs/texts/the-keeper-of-grey-point.md"
ZERO = {"noise_scale": 0, "noise_w": 0}


def render(tmp, name, settings, precision="exact"):
    """Runs the story; [(record, pcm, rate)] of the sentences whose words the recogniser could know: no digits, four words or more."""
    job = pathlib.Path(tmp, f"{name}.yaml")
    job.write_text(f"name: {name}\nvoice: en_US-joe-medium\ninputs: {STORY}\nsettings: {json.dumps(settings)}\nviews: []\n"
                   f"precision: {precision}\n")
    run = harness.Run(job, f"{tmp}/{name}")
    if run.wait() != 0:
        raise SystemExit(f"{run.lines[-3:]}")
    clips = []
    for tar in sorted(pathlib.Path(tmp, name, "audio").glob("*.tar")):
        with tarfile.open(tar) as archive:
            members = {m.name: archive.extractfile(m).read() for m in archive}
        for member in sorted(n for n in members if n.endswith(".json")):
            record = json.loads(members[member])
            if record["segments"] == 1 and not re.search(r"\d", record["text"]) and len(words_of(record["normalized_text"])) >= 4:
                pcm, rate = soundfile.read(io.BytesIO(members[member[:-5] + ".flac"]), dtype="float32")
                clips.append((record, pcm, rate))
    return clips


class Peer:
    """onnxruntime on the .onnx that the voice was imported from, one thread."""

    def __init__(self):
        path = joe.onnx_path()
        self.map = json.loads(pathlib.Path(str(path) + ".json").read_text())["phoneme_id_map"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def speak(self, phonemes, noise_scale, noise_w):
        ids = [self.map["^"][0], self.map["_"][0]]
        for p in phonemes:
            for i in self.map.get(p, []):
                ids += [i, self.map["_"][0]]
        ids.append(self.map["$"][0])
        x = numpy.array([ids], dtype=numpy.int64)
        out = self.session.run(None, {"input": x, "input_lengths": numpy.array([len(ids)], dtype=numpy.int64),
                                      "scales": numpy.array([noise_scale, 1, noise_w], dtype=numpy.float32)})
        return out[0].reshape(-1)


def words_of(text):
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("’", "'").replace("-", " ")).split()


def heard(decoder, pcm, rate):
    pcm = soxr.resample(pcm, rate, 16000)
    pcm = pcm / max(1e-6, numpy.abs(pcm).max()) * 0.7
    pad = numpy.zeros(4800, dtype=numpy.float32)
    raw = (numpy.concatenate([pad, pcm, pad]) * 32767).astype(numpy.int16).tobytes()
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return words_of(hypothesis.hypstr) if hypothesis else []


def errors(want, got):
    row = list(range(len(got) + 1))
    for i, w in enumerate(want, 1):
        last, row[0] = row[0], i
        for j, g in enumerate(got, 1):
            last, row[j] = row[j], min(last + (w != g), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def interval(ours, theirs, lengths):
    """95 % interval of the difference of the two rates, sentences drawn with replacement."""
    draw = random.Random(1)
    n, found = len(lengths), []
    for _ in range(4000):
        pick = [draw.randrange(n) for _ in range(n)]
        found.append((sum(ours[i] for i in pick) - sum(theirs[i] for i in pick)) / sum(lengths[i] for i in pick))
    found.sort()
    return found[100], found[3899]


class Ear:
    def __init__(self):
        self.decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")

    def errors(self, record, pcm, rate):
        return errors(words_of(record["normalized_text"]), heard(self.decoder, pcm, rate))


def tell(name, ours, theirs, lengths, peer):
    """Prints one comparison; returns whether ours is worse than by chance."""
    low, high = interval(ours, theirs, lengths)
    total = sum(lengths)
    print(f"{name}, {len(lengths)} sentences, {total} words: word error rate {100 * sum(ours) / total:.1f} %, {peer} "
          f"{100 * sum(theirs) / total:.1f} %, difference {100 * (sum(ours) - sum(theirs)) / total:+.1f} % "
          f"(95 % interval {100 * low:+.1f} … {100 * high:+.1f})")
    return low > 0 or len(lengths) < 100


def beside_onnxruntime(tmp, ear):
    peer = Peer()
    bad = 0
    for name, settings, scales in (("zero", ZERO, (0, 0)), ("default", {}, (0.667, 0.8))):
        clips = render(tmp, name, settings)
        ours = [ear.errors(*clip) for clip in clips]
        theirs = [ear.errors(record, peer.speak(record["phonemes"], *scales), rate) for record, _, rate in clips]
        bad += tell(f"{name} noise", ours, theirs, [len(words_of(r["normalized_text"])) for r, _, _ in clips], "onnxruntime")
    return bad


def level_differs(name, ours, theirs):
    """Mean difference of the clips' levels, with its 95 % interval."""
    differences = [a["rms_dbfs"] - b["rms_dbfs"] for (a, _, _), (b, _, _) in zip(ours, theirs)]
    low, high = interval(differences, [0] * len(differences), [1] * len(differences))
    mean = sum(differences) / len(differences)
    seconds = sum(a["duration"] - b["duration"] for (a, _, _), (b, _, _) in zip(ours, theirs))
    print(f"{name}: level {mean:+.3f} dB (95 % interval {low:+.3f} … {high:+.3f}), {seconds:+.3f} s of audio in all")
    return abs(mean) > 0.1 and not low <= 0 <= high


def beside_exact(tmp, ear, precision):
    bad = 0
    for name, settings in (("zero", ZERO), ("default", {})):
        ours, theirs = render(tmp, f"{name}-{precision}", settings, precision), render(tmp, name, settings)
        if [r["id"] for r, _, _ in ours] != [r["id"] for r, _, _ in theirs]:
            raise SystemExit("the two runs do not have the same sentences")
        print(f"{name} noise: {precision} is {ours[0][0]['arithmetic']}, exact is {theirs[0][0]['arithmetic']}")
        bad += tell(f"{name} noise", [ear.errors(*c) for c in ours], [ear.errors(*c) for c in theirs],
                    [len(words_of(r["normalized_text"])) for r, _, _ in ours], "exact")
        bad += level_differs(f"{name} noise", ours, theirs)
    return bad


def main():
    parser = argparse.ArgumentParser(description="Word error rate of a recogniser on Oratorio's audio.")
    parser.add_argument("--precision", help="beside exact instead of onnxruntime, e.g. fast")
    precision = parser.parse_args().precision
    with harness.scratch() as tmp:
        bad = beside_exact(tmp, Ear(), precision) if precision else beside_onnxruntime(tmp, Ear())
    peer = "exact" if precision else "onnxruntime"
    print("not worse beyond the interval" if not bad else f"WORSE than {peer}, or fewer than 100 sentences")
    return 1 if bad else 0


sys.exit(main())
