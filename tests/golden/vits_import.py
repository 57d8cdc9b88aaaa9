#!/usr/bin/env python3
"""What an importer of Piper voices meets: quirks that are put right, and files that are refused with a clear message.
    vits_import.py CASE        with ORATORIO_BIN set
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import vits_fixture
from vits_fixture import Shape

SHAPE = Shape(32, 64, 16, 64)


def voice_import(folder, **options):
    """(exit code, messages, voice.yaml or None)"""
    vits_fixture.write(folder, "v", options.pop("shape", SHAPE), 3, **options)
    return run_import(folder)


def run_import(folder):
    p = subprocess.run([os.environ["ORATORIO_BIN"], "voice", "import", "vits", str(folder / "v.onnx"), "--out",
                        str(folder / "out")], capture_output=True, text=True, check=False)
    yaml = folder / "out" / "v" / "voice.yaml"
    left = sorted(x.name for x in (folder / "out").glob("*")) if (folder / "out").exists() else []
    assert p.returncode == 0 or not left, f"a failed import left {left}"
    return p.returncode, p.stdout + p.stderr, yaml.read_text() if yaml.exists() else None


def refused(folder, *wanted, **options):
    rc, text, yaml = voice_import(folder, **options)
    assert rc != 0 and yaml is None, text
    for w in wanted:
        assert w in text, f"'{w}' is not in: {text}"


def initializer(model, name):
    return next(t for t in model.graph.initializer if t.name == name)


def case_quirks_are_put_right(folder):
    symbols = {s: [i] for i, s in enumerate(vits_fixture.SYMBOLS)}
    symbols["q"] = [64]  # the embedding has 64 rows
    rc, text, yaml = voice_import(folder, audio={"sample_rate": 22500}, phoneme_id_map=symbols, phoneme_type="espeak",
                                  inference={"noise_scale": 0.5, "length_scale": 1.25, "noise_w": 0.1})
    assert rc == 0, text
    assert "sample_rate_hz: 22050" in yaml
    assert '"q"' not in yaml and '"w": [' in yaml
    assert "noise_scale: 0.5" in yaml and "length_scale: 1.25" in yaml
    assert 'from: "oːɹ", to: "ɔːɹ"' in yaml


def case_silences_after_phonemes(folder):
    silences = {",": 0.25, "a": 0, "?": 1}  # "?" has no id in this voice
    rc, text, yaml = voice_import(folder, inference={"phoneme_silence": silences})
    assert rc == 0 and 'silences: {",": 0.25}' in yaml, yaml or text
    say = subprocess.run([os.environ["ORATORIO_BIN"], "say", "--voice", str(folder / "out" / "v"), "ab, cd, ef.", "--json", "-o",
                          str(folder / "x.wav")], capture_output=True, text=True, check=False)
    assert say.returncode == 0, say.stderr
    phones = json.loads(say.stdout)["phone_alignment"]
    silent = [p for p in phones if p.get("phone", p.get("symbol")) == "_"]
    assert len(silent) == 2, phones


def case_silences_out_of_range(folder):
    refused(folder, "phoneme_silence", inference={"phoneme_silence": {",": -1}})


def case_speakers_keep_their_numbers(folder):
    rc, text, yaml = voice_import(folder, shape=Shape(32, 64, 16, 64, speakers=3),
                                  speaker_id_map={"zoe": 0, "adam": 2, "mia": 1})
    assert rc == 0, text
    assert 'speakers: ["zoe", "mia", "adam"]' in yaml


def case_names_from_nodes_when_biases_lost_theirs(folder):
    def change(model):
        for n in model.graph.node:
            if n.op_type == "Conv" and len(n.input) > 2 and "in_layers" in n.input[2]:
                initializer(model, n.input[2]).name = "anon" + n.input[2][-9:] + n.name
                n.input[2] = "anon" + n.input[2][-9:] + n.name
    rc, text, yaml = voice_import(folder, change=change)
    assert rc == 0 and yaml, text


def forget_names(model, keep=lambda name: False):
    """Convolutions as some optimisers leave them: initialisers are numbered, nodes have no names."""
    renamed = {}
    for t in model.graph.initializer:
        if t.name.endswith((".weight", ".bias", "dp.flows.0.m")) or t.name.startswith("onnx::") or t.name == "sid":
            if not keep(t.name):
                renamed[t.name] = f"t{len(renamed)}"
                t.name = renamed[t.name]
    for n in model.graph.node:
        n.name = ""
        for i, name in enumerate(n.input):
            if not (n.op_type == "Gather" and i == 1):
                n.input[i] = renamed.get(name, name)


def weights_of(folder):
    data = next((folder / "out" / "v").glob("*.safetensors")).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    return {name: np.frombuffer(data[start + t["data_offsets"][0]:start + t["data_offsets"][1]], "<f4").reshape(t["shape"])
            for name, t in header.items() if t.get("dtype") == "F32"}


def case_names_from_places_when_all_are_gone(folder):
    variants = [SHAPE, Shape(32, 64, 16, 64, layers=3, speakers=3), Shape(32, 64, 16, 64, type_1=True),
                Shape(32, 64, 16, 64, deterministic=True), Shape(32, 64, 16, 64, deterministic=True, speakers=2)]
    for i, shape in enumerate(variants):
        sub = folder / str(i)
        sub.mkdir()
        _, weights = vits_fixture.write(sub, "v", shape, 3, simplified=bool(i % 2), change=forget_names)
        rc, text, yaml = run_import(sub)
        assert rc == 0 and yaml, f"variant {i}: {text}"
        got = weights_of(sub)
        assert got.keys() == weights.keys(), f"variant {i}: {got.keys() ^ weights.keys()}"
        for name in weights:
            assert np.allclose(got[name], weights[name], rtol=1e-6), f"variant {i}: {name}"


def case_some_names_are_gone(folder):
    rc, text, yaml = voice_import(folder, change=lambda m: forget_names(m, lambda name: name.startswith("dec.")))
    assert rc == 0 and yaml, text


def case_one_convolution_too_few(folder):
    def change(model):
        forget_names(model)
        convs = [n for n in model.graph.node if n.op_type == "Conv"]
        model.graph.node.remove(convs[-2])
    refused(folder, "names of its tensors are gone", "convolutions", change=change)


def case_names_and_places_disagree(folder):
    def change(model):
        forget_names(model, lambda name: name.startswith("dec.conv_pre"))
        for t in model.graph.initializer:
            t.name = t.name.replace("dec.conv_pre", "dec.conv_post")
        for n in model.graph.node:
            for i, name in enumerate(n.input):
                n.input[i] = name.replace("dec.conv_pre", "dec.conv_post")
    refused(folder, "dec.conv_post", "dec.conv_pre", change=change)


def case_half_precision(folder):
    def change(model):
        t = initializer(model, "dec.conv_pre.weight")
        t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).astype(np.float16), t.name))
    refused(folder, "dec.conv_pre.weight", "F16", "float32", change=change)


def case_quantised(folder):
    refused(folder, "8-bit", "ConvInteger",
            change=lambda m: m.graph.node.insert(0, helper.make_node("ConvInteger", ["a", "b"], ["c"])))


def case_another_shape(folder):
    def change(model):
        t = initializer(model, "flow.flows.4.pre.bias")
        t.CopyFrom(numpy_helper.from_array(np.zeros(31, np.float32), t.name))
    refused(folder, "flow.flows.4.pre.bias", "[32]", "[31]", change=change)


def case_missing_weight(folder):
    def change(model):
        for n in list(model.graph.node):
            if n.name.startswith("/flow/flows.2/enc/in_layers.1/"):
                model.graph.node.remove(n)
    refused(folder, "flow.flows.2.enc.in_layers.1.weight", "missing", change=change)


def case_not_a_number(folder):
    def change(model):
        t = initializer(model, "dec.ups.1.bias")
        values = numpy_helper.to_array(t).copy()
        values[3] = np.nan
        t.CopyFrom(numpy_helper.from_array(values, t.name))
    refused(folder, "dec.ups.1.bias", "element 3", change=change)


def case_other_slope(folder):
    def change(model):
        next(n for n in model.graph.node if n.op_type == "LeakyRelu").attribute[0].f = 0.2
    refused(folder, "slope of 0.2", change=change)


def case_other_padding(folder):
    def change(model):
        n = next(n for n in model.graph.node if n.name == "/dec/conv_pre/Conv")
        next(a for a in n.attribute if a.name == "pads").ints[0] = 2
    refused(folder, "dec.conv_pre", "padding", change=change)


def case_external_data(folder):
    def change(model):
        t = initializer(model, "dec.ups.1.bias")
        t.data_location = TensorProto.EXTERNAL
    refused(folder, "dec.ups.1.bias", change=change)


def case_no_json(folder):
    vits_fixture.write(folder, "v", SHAPE, 3)
    (folder / "v.onnx.json").unlink()
    rc, text, _ = run_import(folder)
    assert rc != 0 and "v.onnx.json" in text, text


def case_broken_json(folder):
    vits_fixture.write(folder, "v", SHAPE, 3)
    (folder / "v.onnx.json").write_text('{"audio":\n 7,}')
    rc, text, _ = run_import(folder)
    assert rc != 0 and "v.onnx.json:2" in text, text


def case_one_byte_short(folder):
    path, _ = vits_fixture.write(folder, "v", SHAPE, 3)
    path.write_bytes(path.read_bytes()[:-1])
    rc, text, _ = run_import(folder)
    assert rc != 0 and "v.onnx" in text, text


def case_unknown_phonemes(folder):
    refused(folder, "phoneme_type 'pinyin'", phoneme_type="pinyin")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        globals()["case_" + sys.argv[1]](pathlib.Path(tmp))
