"""Small VITS voices with random weights, written as a Piper export would be: an .onnx whose nodes carry what an importer
reads (names, attributes, initialisers; the graph is not runnable) and its .onnx.json."""
import json
import re

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SYMBOLS = "_^$ .,abcdefghiklmnoprstuvwz"


class Shape:
    """Dimensions of a variant; the names are the paper's."""

    def __init__(self, hidden, ffn, head_dim, first, layers=2, type_1=False, deterministic=False, speakers=1, inter=None,
                 gin=20):
        self.hidden, self.ffn, self.head_dim, self.first, self.layers = hidden, ffn, head_dim, first, layers
        self.type_1, self.deterministic, self.speakers, self.gin = type_1, deterministic, speakers, gin
        self.inter = inter or hidden
        self.rates = [8, 8, 2, 2] if type_1 else [8, 8, 4]
        self.kernels = [3, 7, 11] if type_1 else [3, 5, 7]
        self.dilations = [[1, 3, 5]] * 3 if type_1 else [[1, 2], [2, 6], [3, 12]]


class Export:
    """Collects nodes and initialisers in execution order. `simplified`: constants folded as published voices have
    them; otherwise the affine flow keeps its Exp. `anonymous`: every convolution's weight loses its name."""

    def __init__(self, shape, seed, simplified=True):
        self.s, self.rng, self.simplified = shape, np.random.default_rng(seed), simplified
        self.nodes, self.init, self.weights, self.serial = [], [], {}, 8000

    def constant(self, name, array, canonical=None):
        array = np.asarray(array, np.float32)
        self.weights[canonical or name] = array
        self.init.append(numpy_helper.from_array(array, name))

    def conv(self, stem, out, cin, k, dilation=1, groups=1, bias=True, pad=True, stride=None):
        shape = (cin, out, k) if stride else (out, cin // groups, k)
        fan = cin * 2 if stride else cin // groups * k
        self.serial += 3
        name = f"onnx::Conv_{self.serial}" if "in_layers" in stem or "res_skip" in stem else stem + ".weight"
        self.constant(name, self.rng.normal(0, fan ** -0.5, shape), stem + ".weight")
        inputs = ["x", name]
        if bias:
            self.constant(stem + ".bias", self.rng.normal(0, 0.1, out))
            inputs.append(stem + ".bias")
        if not pad:
            self.nodes.append(helper.make_node("Pad", ["y", "p"], [f"padded{self.serial}"]))
            inputs[0] = f"padded{self.serial}"
        p = 0 if not pad else stride // 2 if stride else dilation * (k - 1) // 2
        self.nodes.append(helper.make_node(
            "ConvTranspose" if stride else "Conv", inputs, [f"y{self.serial}"], name="/" + re.sub(r"\.(?=\D)", "/", stem) + "/Conv",
            dilations=[dilation], strides=[stride or 1], pads=[p, p], group=groups, kernel_shape=[k]))

    def norm(self, stem, n):
        self.constant(stem + ".gamma", self.rng.normal(1, 0.1, n))
        self.constant(stem + ".beta", self.rng.normal(0, 0.1, n))

    def dds(self, p):
        h = self.s.hidden
        for i in range(3):
            self.conv(f"{p}.convs_sep.{i}", h, h, 3, 3 ** i, groups=h)
            self.conv(f"{p}.convs_1x1.{i}", h, h, 1)
            self.norm(f"{p}.norms_1.{i}", h)
            self.norm(f"{p}.norms_2.{i}", h)

    def encoder(self):
        s = self.s
        table = self.rng.normal(0, 0.4, (64, s.hidden))
        table[len(SYMBOLS):] *= 0.2
        self.constant("sid" if s.speakers == 1 else "enc_p.emb.weight", table, "enc_p.emb.weight")
        self.nodes.append(helper.make_node("Gather", [self.init[-1].name, "input"], ["emb"]))
        if s.speakers > 1:
            self.constant("emb_g.weight", self.rng.normal(0, 0.6, (s.speakers, s.gin)))
            self.nodes.append(helper.make_node("Gather", ["emb_g.weight", "sid"], ["g"]))
        for i in range(s.layers):
            a = f"enc_p.encoder.attn_layers.{i}."
            for n in "qkvo":
                self.conv(a + "conv_" + n, s.hidden, s.hidden, 1)
            for n in "kv":
                self.constant(a + "emb_rel_" + n, self.rng.normal(0, s.head_dim ** -0.5, (1, 9, s.head_dim)))
            self.norm(f"enc_p.encoder.norm_layers_1.{i}", s.hidden)
            self.norm(f"enc_p.encoder.norm_layers_2.{i}", s.hidden)
            self.conv(f"enc_p.encoder.ffn_layers.{i}.conv_1", s.ffn, s.hidden, 3, pad=False)
            self.conv(f"enc_p.encoder.ffn_layers.{i}.conv_2", s.hidden, s.ffn, 3, pad=False)
        self.conv("enc_p.proj", 2 * s.inter, s.hidden, 1)

    def durations(self):
        s, h = self.s, self.s.hidden
        if s.deterministic:
            if s.speakers > 1:
                self.conv("dp.cond", h, s.gin, 1)
            self.conv("dp.conv_1", 48, h, 3)
            self.norm("dp.norm_1", 48)
            self.conv("dp.conv_2", 48, 48, 3)
            self.norm("dp.norm_2", 48)
            self.conv("dp.proj", 1, 48, 1)
            return
        self.conv("dp.pre", h, h, 1)
        if s.speakers > 1:
            self.conv("dp.cond", h, s.gin, 1)
        self.dds("dp.convs")
        self.conv("dp.proj", h, h, 1)
        for f in (7, 5, 3):
            self.conv(f"dp.flows.{f}.pre", h, 1, 1)
            self.dds(f"dp.flows.{f}.convs")
            self.conv(f"dp.flows.{f}.proj", 29, h, 1)
        self.constant("dp.flows.0.m", self.rng.normal(-0.8, 0.1, (2, 1)))
        self.nodes.append(helper.make_node("Sub", ["z", "dp.flows.0.m"], ["minus"]))
        logs = self.rng.normal(0, 0.05, (2, 1)).astype(np.float32)
        if self.simplified:
            self.constant("/dp/flows.0/Exp_output_0", np.exp(-logs), "dp.flows.0.scale")
            self.nodes.append(helper.make_node("Mul", ["minus", "/dp/flows.0/Exp_output_0"], ["scaled"]))
        else:
            self.init.append(numpy_helper.from_array(-logs, "onnx::Exp_6201"))
            self.weights["dp.flows.0.scale"] = np.exp(-logs)
            self.nodes.append(helper.make_node("Exp", ["onnx::Exp_6201"], ["factor"]))
            self.nodes.append(helper.make_node("Mul", ["factor", "minus"], ["scaled"]))

    def flow(self):
        s, h = self.s, self.s.hidden
        for f in (6, 4, 2, 0):
            p = f"flow.flows.{f}."
            self.conv(p + "pre", h, s.inter // 2, 1)
            if s.speakers > 1:
                self.conv(p + "enc.cond_layer", 8 * h, s.gin, 1)
            for i in range(4):
                self.conv(f"{p}enc.in_layers.{i}", 2 * h, h, 5)
                self.conv(f"{p}enc.res_skip_layers.{i}", 2 * h if i < 3 else h, h, 1)
            self.conv(p + "post", s.inter // 2, h, 1)

    def lrelu(self, alpha):
        self.nodes.append(helper.make_node("LeakyRelu", ["a"], [f"l{len(self.nodes)}"], alpha=alpha))

    def decoder(self):
        s, c = self.s, self.s.first
        self.conv("dec.conv_pre", c, s.inter, 7)
        if s.speakers > 1:
            self.conv("dec.cond", c, s.gin, 1)
        for i, u in enumerate(s.rates):
            self.lrelu(0.1)
            self.conv(f"dec.ups.{i}", c // 2, c, 2 * u, stride=u)
            c //= 2
            for j in range(3):
                b = f"dec.resblocks.{3 * i + j}."
                for q, d in enumerate(s.dilations[j]):
                    self.lrelu(0.1)
                    self.conv(b + ("convs1" if s.type_1 else "convs") + f".{q}", c, c, s.kernels[j], d)
                    if s.type_1:
                        self.conv(b + f"convs2.{q}", c, c, s.kernels[j])
        self.lrelu(0.01)
        self.conv("dec.conv_post", 1, c, 7, bias=False)

    def model(self):
        self.encoder()
        self.durations()
        self.flow()
        self.decoder()
        inputs = [helper.make_tensor_value_info("input", TensorProto.INT64, [1, None])]
        graph = helper.make_graph(self.nodes, "torch_jit", inputs, [], self.init)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], producer_name="pytorch")


def config(shape, **more):
    c = {"audio": {"sample_rate": 16000, "quality": "test"}, "espeak": {"voice": "en-us"}, "phoneme_type": "text",
         "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8}, "phoneme_map": {},
         "phoneme_id_map": {s: [i] for i, s in enumerate(SYMBOLS)}, "num_symbols": 64, "num_speakers": shape.speakers,
         "speaker_id_map": {f"s{i}": i for i in range(shape.speakers)} if shape.speakers > 1 else {}}
    return dict(c, **more)


def write(folder, name, shape, seed, simplified=True, change=None, **more):
    """Writes folder/name.onnx and its JSON; change(model) may spoil it. Returns (path, weights)."""
    export = Export(shape, seed, simplified)
    model = export.model()
    if change:
        change(model)
    path = folder / (name + ".onnx")
    path.write_bytes(model.SerializeToString())
    (folder / (name + ".onnx.json")).write_text(json.dumps(config(shape, **more)))
    return path, export.weights
