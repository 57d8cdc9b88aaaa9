"""A runnable voice of Piper's high quality at full size: a trained medium voice whose decoder is replaced.

    vits_high.py MEDIUM.onnx OUT.onnx

Both qualities have the same encoder, durations and flow, so these are kept as trained, and lengths and latents are those of
speech; only the decoder differs: 512 channels, x8 x8 x2 x2, residual blocks of type 1 with kernels 3, 7, 11 and dilations
1, 3, 5 (HiFi-GAN V1). Its weights come from a formula, scaled so that every layer's output is about as large as its input:
noise to the ear, but the same work and the same rounding as a voice of that quality. The file reads as a Piper export
(weights named by their biases), with its .json beside it, for onnxruntime and `oratorio voice import` alike.
"""
import json
import pathlib
import sys
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

FIRST, RATES, KERNELS, DILATIONS, SLOPE, LAST_SLOPE = 512, (8, 8, 2, 2), (3, 7, 11), (1, 3, 5), 0.1, 0.01


def formula(name, shape, deviation):
    """Uniform numbers of that standard deviation: splitmix64 of the index, keyed by the name."""
    with np.errstate(over="ignore"):
        x = np.arange(1, np.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x += np.uint64(zlib.crc32(name.encode())) << np.uint64(32)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    unit = ((x ^ (x >> np.uint64(31))) >> np.uint64(40)).astype(np.float64) / 2 ** 23 - 1
    return (unit * deviation * 3 ** 0.5).astype(np.float32).reshape(shape)


class Decoder:
    def __init__(self, z, channels):
        self.nodes, self.weights, self.at, self.channels = [], [], z, channels

    def node(self, op, inputs, path, **attributes):
        out = f"/dec/{path}_output_0"
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"/dec/{path}", **attributes))
        return out

    def tensor(self, name, shape, deviation):
        self.weights.append(numpy_helper.from_array(formula(name, shape, deviation), name))
        return name

    def conv(self, x, stem, out, cin, k, dilation=1, gain=1.0, bias=True):
        inputs = [x, self.tensor(f"dec.{stem}.weight", (out, cin, k), gain / (cin * k) ** 0.5)]
        if bias:
            inputs.append(self.tensor(f"dec.{stem}.bias", (out,), 0.05))
        pad = dilation * (k - 1) // 2
        return self.node("Conv", inputs, stem.replace(".convs", "/convs") + "/Conv", dilations=[dilation], group=1,
                         kernel_shape=[k], pads=[pad, pad], strides=[1])

    def leaky(self, x, path, slope=SLOPE):
        return self.node("LeakyRelu", [x], path + "/LeakyRelu", alpha=slope)

    def upsample(self, x, i, cin, rate):
        inputs = [self.leaky(x, f"ups.{i}"), self.tensor(f"dec.ups.{i}.weight", (cin, cin // 2, 2 * rate), cin ** -0.5),
                  self.tensor(f"dec.ups.{i}.bias", (cin // 2,), 0.05)]
        return self.node("ConvTranspose", inputs, f"ups.{i}/ConvTranspose", dilations=[1], group=1, kernel_shape=[2 * rate],
                         pads=[rate // 2, rate // 2], strides=[rate])

    def block(self, x, index, c, kernel):
        """Type 1: x += second(leaky(first(leaky(x)))), the first one dilated."""
        for q, d in enumerate(DILATIONS):
            path = f"resblocks.{index}"
            t = self.conv(self.leaky(x, f"{path}/first.{q}"), f"{path}.convs1.{q}", c, c, kernel, d)
            t = self.conv(self.leaky(t, f"{path}/second.{q}"), f"{path}.convs2.{q}", c, c, kernel, gain=0.7)
            x = self.node("Add", [t, x], f"{path}/Add_{q}")
        return x

    def build(self):
        c = FIRST
        x = self.conv(self.at, "conv_pre", c, self.channels, 7)
        self.weights.append(numpy_helper.from_array(np.float32(len(KERNELS)), "/dec/Constant_output_0"))
        for i, rate in enumerate(RATES):
            x, c = self.upsample(x, i, c, rate), c // 2
            total = None
            for j, kernel in enumerate(KERNELS):
                y = self.block(x, len(KERNELS) * i + j, c, kernel)
                total = y if total is None else self.node("Add", [total, y], f"Sum_{i}_{j}")
            x = self.node("Div", [total, "/dec/Constant_output_0"], f"Div_{i}")
        x = self.conv(self.leaky(x, "last", LAST_SLOPE), "conv_post", 1, c, 7, gain=0.3, bias=False)
        return self.node("Tanh", [x], "Tanh")


def build(medium, out):
    model = onnx.load(str(medium))
    graph = model.graph
    own = [n for n in graph.node if n.name.startswith("/dec/")]
    pre = next(n for n in own if n.input[1] == "dec.conv_pre.weight")
    channels = next(i for i in graph.initializer if i.name == pre.input[1]).dims[1]
    decoder = Decoder(pre.input[0], channels)
    end, made = own[-1].output[0], decoder.build()
    at = next(i for i, n in enumerate(graph.node) if n.name.startswith("/dec/"))
    others = [n for n in graph.node if not n.name.startswith("/dec/")]
    for n in others:
        n.input[:] = [made if i == end else i for i in n.input]
    kept = [i for i in graph.initializer if not i.name.startswith(("dec.", "/dec/"))]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(others[:at] + decoder.nodes + others[at:])
    graph.initializer.extend(kept + decoder.weights)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))
    config = json.loads(pathlib.Path(f"{medium}.json").read_text())
    config["audio"]["quality"] = "high"
    pathlib.Path(f"{out}.json").write_text(json.dumps(config))


if __name__ == "__main__":
    build(*sys.argv[1:])
