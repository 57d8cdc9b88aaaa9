"""A peer engine as a process: reads the voice and the work once, then speaks all of it for every line on standard input.

    peer.py onnxruntime|piper-tts|sherpa-onnx VOICE.onnx WORK.json [--part I/N] [--pcm FILE]

VOICE.onnx is a Piper export, its .json beside it; WORK.json a list `sentences` of {"text": …, "phonemes": …, "ids": …}; of N parts only
the I-th is spoken (every N-th sentence). One thread, noise 0, nothing written. The first answer is {"version": …}; then one
object a line: cpu_s, wall_s, audio_s. What cannot start answers {"error": …} and ends. --pcm keeps the first round's
samples, 32-bit floats. The peers do no more than synthesize: no checks, no encoding, no store.
"""
import argparse
import json
import pathlib
import sys
import tempfile
import time

import numpy as np


class OnnxRuntime:
    """The bare graph: ids in, samples out. The floor of everything that is built on it."""

    def __init__(self, voice):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(voice), options, providers=["CPUExecutionProvider"])
        self.version = onnxruntime.__version__
        self.rate = json.loads(pathlib.Path(f"{voice}.json").read_text())["audio"]["sample_rate"]

    def speak(self, sentence):
        ids = np.array([sentence["ids"]], np.int64)
        return self.session.run(None, {"input": ids, "input_lengths": np.array([ids.shape[1]], np.int64),
                                       "scales": np.array([0, 1, 0], np.float32)})[0].reshape(-1)


class Piper:
    """piper-tts around a session of one thread (its own loader leaves the number to onnxruntime)."""

    def __init__(self, voice):
        import importlib.metadata
        import onnxruntime
        import piper
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        config = piper.config.PiperConfig.from_dict(json.loads(pathlib.Path(f"{voice}.json").read_text()))
        self.voice = piper.PiperVoice(
            session=onnxruntime.InferenceSession(str(voice), options, providers=["CPUExecutionProvider"]), config=config)
        self.how = piper.config.SynthesisConfig(noise_scale=0.0, length_scale=1.0, noise_w_scale=0.0)
        self.version, self.rate = importlib.metadata.version("piper-tts"), config.sample_rate

    def speak(self, sentence):
        return np.concatenate([c.audio_float_array for c in self.voice.synthesize(sentence["text"], self.how)])


class Sherpa:
    """sherpa-onnx 2 wants metadata in the graph and a list of tokens (both are written from the voice's JSON), and no longer
    reads text: it is given the phonemes of the work, so espeak-ng's time is not in its figures."""

    def __init__(self, voice):
        import onnx
        import sherpa_onnx
        config = json.loads(pathlib.Path(f"{voice}.json").read_text())
        self.folder = tempfile.TemporaryDirectory(prefix="oratorio-bench-")
        model, tokens = (pathlib.Path(self.folder.name, n) for n in ("voice.onnx", "tokens.txt"))
        graph = onnx.load(str(voice))
        espeak = config["espeak"]["voice"]
        for key, value in {"model_type": "vits", "comment": "piper", "language": config.get("language", {}).get("name_english", espeak),
                           "voice": espeak, "has_espeak": 1, "n_speakers": config.get("num_speakers", 1),
                           "sample_rate": config["audio"]["sample_rate"]}.items():
            entry = graph.metadata_props.add()
            entry.key, entry.value = key, str(value)
        onnx.save(graph, str(model))
        tokens.write_text("".join(f"{symbol} {ids[0]}\n" for symbol, ids in config["phoneme_id_map"].items()), encoding="utf8")
        vits = sherpa_onnx.OfflineTtsVitsModelConfig(model=str(model), tokens=str(tokens), noise_scale=0.0, noise_scale_w=0.0, length_scale=1.0)
        wanted = sherpa_onnx.OfflineTtsConfig(model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=1))
        if not wanted.validate():
            raise RuntimeError("it refuses the voice")
        self.tts, self.new_config = sherpa_onnx.OfflineTts(wanted), sherpa_onnx.GenerationConfig
        self.version, self.rate = sherpa_onnx.__version__, self.tts.sample_rate

    def speak(self, sentence):
        how = self.new_config()
        how.phoneme_codepoints = [[ord(c) for c in line] for line in sentence["phonemes"].split("\n")]
        how.silence_scale = 1.0  # it would shorten pauses
        return np.asarray(self.tts.generate(sentence["text"], how).samples, np.float32)


ENGINES = {"onnxruntime": OnnxRuntime, "piper-tts": Piper, "sherpa-onnx": Sherpa}


def answer(row):
    print(json.dumps(row), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("engine", choices=ENGINES)
    p.add_argument("voice")
    p.add_argument("work")
    p.add_argument("--part", default="0/1")
    p.add_argument("--pcm")
    a = p.parse_args()
    part, parts = map(int, a.part.split("/"))
    sentences = json.loads(pathlib.Path(a.work).read_text())["sentences"][part::parts]
    try:
        engine = ENGINES[a.engine](a.voice)
    except Exception as why:  # whatever a foreign package throws: the caller reports it as not run
        answer({"error": f"{type(why).__name__}: {why}"})
        return 1
    answer({"version": engine.version})
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.monotonic()
        audio = [engine.speak(s) for s in sentences]
        answer({"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall,
                "audio_s": sum(map(len, audio)) / engine.rate})
        if a.pcm:
            np.concatenate(audio).astype("<f4").tofile(a.pcm)
            a.pcm = None
    return 0


if __name__ == "__main__":
    sys.exit(main())
