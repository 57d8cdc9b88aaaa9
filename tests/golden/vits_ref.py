"""VITS at inference, in NumPy, written from the formulas (Kim et al. 2021, "Conditional variational autoencoder with
adversarial learning for end-to-end text-to-speech", and the tensor names of Piper's voices).

It is the slow, plain twin of src/models/vits: no tiling, no folding, no packing; any float type. Tensors are [C][T].

    w = from_onnx("voice.onnx")            # or from_safetensors("model.safetensors")
    ref = Vits(w, np.float64)
    out = ref.run(ids, noise_scale=0, length_scale=1, noise_w=0)
    out.frames, out.audio, out.x, out.stats, out.logw, out.z
"""
import hashlib
import json
import struct
from types import SimpleNamespace

import numpy as np

_erf = np.vectorize(__import__("math").erf, otypes=[np.float64])


# ---- weights ----------------------------------------------------------------------------------------------------

class Weights(dict):
    """Canonical tensor name -> array; .rates and .dilations as the file says."""
    rates = ()
    dilations = ()


def from_onnx(path):
    """Binds a Piper export by the names of its biases; `path` may be a loaded ModelProto."""
    import onnx
    from onnx import numpy_helper
    graph = (onnx.load(path) if isinstance(path, str) else path).graph
    init = {t.name: t for t in graph.initializer}
    array = lambda name: numpy_helper.to_array(init[name])
    w = Weights()
    for name, t in init.items():
        if t.data_type == 1 and name.endswith((".weight", ".bias", ".gamma", ".beta", "emb_rel_k", "emb_rel_v", ".m")):
            w[name] = numpy_helper.to_array(t)
    rates, dilations = [], {}
    for node in graph.node:
        attr = {a.name: a for a in node.attribute}
        if node.op_type in ("Conv", "ConvTranspose"):
            stem = node.input[2][:-5] if len(node.input) > 2 else node.input[1][:-7]
            w[stem + ".weight"] = array(node.input[1])
            if node.op_type == "ConvTranspose":
                rates.append(int(attr["strides"].ints[0]))
            if stem.startswith("dec.resblocks."):
                part = stem.split(".")
                if part[3] in ("convs", "convs1"):
                    dilations.setdefault(int(part[2]), []).append(int(attr["dilations"].ints[0]))
        elif node.op_type == "Gather" and node.input[1] == "input":
            w["enc_p.emb.weight"] = array(node.input[0])
        elif node.op_type == "Gather" and node.input[1] == "sid":
            w["emb_g.weight"] = array(node.input[0])
    sub = [n for n in graph.node if n.op_type == "Sub" and n.input[1] == "dp.flows.0.m"]
    if sub:
        mul = next(n for n in graph.node if n.op_type == "Mul" and sub[0].output[0] in n.input)
        other = next(i for i in mul.input if i != sub[0].output[0])
        if other in init:
            w["dp.flows.0.scale"] = array(other)
        else:
            exp = next(n for n in graph.node if other in n.output)
            assert exp.op_type == "Exp"
            w["dp.flows.0.scale"] = np.exp(array(exp.input[0]).astype(np.float64)).astype(np.float32)
    w.rates = rates
    w.dilations = [dilations[j] for j in range(len(dilations) // len(rates))]
    return w


def from_safetensors(path):
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    w = Weights()
    meta = head.pop("__metadata__")
    for name, t in head.items():
        assert t["dtype"] == "F32"
        w[name] = np.frombuffer(data[t["data_offsets"][0]:t["data_offsets"][1]], "<f4").reshape(t["shape"])
    w.rates = [int(r) for r in meta["upsample_rates"].split(",")]
    w.dilations = [[int(d) for d in g.split(",")] for g in meta["resblock_dilations"].split(";")]
    return w


def to_safetensors(path, w, **metadata):
    meta = {"format": "vits", "upsample_rates": ",".join(map(str, w.rates)),
            "resblock_dilations": ";".join(",".join(map(str, g)) for g in w.dilations), **metadata}
    head, blob, at = {"__metadata__": meta}, b"", 0
    for name in sorted(w):
        raw = np.ascontiguousarray(w[name], "<f4").tobytes()
        head[name] = {"dtype": "F32", "shape": list(w[name].shape), "data_offsets": [at, at + len(raw)]}
        blob, at = blob + raw, at + len(raw)
    text = json.dumps(head).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


# ---- noise: Philox4x32-10 keyed by (seed, utterance, segment), Box-Muller -----------------------------------------

def noise_key(seed, utterance, segment):
    h = hashlib.sha256(b"%d\0%s\0%d" % (seed, utterance.encode(), segment)).digest()
    return struct.unpack("<2I", h[:8])


def philox(key, counter):
    """counter: [n][4] uint64 holding 32-bit words -> [n][4]."""
    c = counter.astype(np.uint64).copy()
    k0, k1 = (np.uint64(k) for k in key)
    low, word = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[:, 0], np.uint64(0xCD9E8D57) * c[:, 2]
        c = np.stack([(p1 >> word) ^ c[:, 1] ^ k0, p1 & low, (p0 >> word) ^ c[:, 3] ^ k1, p0 & low], 1)
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & low, (k1 + np.uint64(0xBB67AE85)) & low
    return c


def normals(key, tensor, rows, count):
    """[rows][count]; columns 4b..4b+3 of a row are the four normals of block (b, row, tensor, 0)."""
    blocks = (count + 3) // 4
    out = np.empty((rows, blocks * 4))
    for r in range(rows):
        c = np.zeros((blocks, 4), np.uint64)
        c[:, 0], c[:, 1], c[:, 2] = np.arange(blocks), r, tensor
        u = (philox(key, c).astype(np.float64) + 0.5) / 2 ** 32
        for pair in range(2):
            radius, angle = np.sqrt(-2 * np.log(u[:, 2 * pair])), 2 * np.pi * u[:, 2 * pair + 1]
            out[r, 2 * pair::4], out[r, 2 * pair + 1::4] = radius * np.cos(angle), radius * np.sin(angle)
    return out[:, :count]


# ---- the network --------------------------------------------------------------------------------------------------

def conv(x, w, b=None, dilation=1):
    """Cross-correlation [Cout][Cin][k], zero padded to the same length."""
    k, t = w.shape[2], x.shape[1]
    pad = dilation * (k - 1) // 2
    xp = np.pad(x, ((0, 0), (pad, pad)))
    y = sum(w[:, :, j] @ xp[:, j * dilation:j * dilation + t] for j in range(k))
    return y if b is None else y + b[:, None]


def depthwise(x, w, b, dilation):
    k, t = w.shape[2], x.shape[1]
    pad = dilation * (k - 1) // 2
    xp = np.pad(x, ((0, 0), (pad, pad)))
    return sum(w[:, 0, j:j + 1] * xp[:, j * dilation:j * dilation + t] for j in range(k)) + b[:, None]


def conv_transposed(x, w, b, rate):
    k, t = w.shape[2], x.shape[1]
    crop = (k - rate) // 2
    y = np.zeros((w.shape[1], (t - 1) * rate + k), x.dtype)
    for j in range(k):
        y[:, j:j + (t - 1) * rate + 1:rate] += w[:, :, j].T @ x
    return y[:, crop:crop + t * rate] + b[:, None]


def layer_norm(x, gamma, beta):
    m, v = x.mean(0), x.var(0)
    return (x - m) / np.sqrt(v + 1e-5) * gamma[:, None] + beta[:, None]


def lrelu(x, slope=0.1):
    return np.where(x > 0, x, x * x.dtype.type(slope))


def gelu(x):
    return (x * (1 + _erf(x / np.sqrt(2))) / 2).astype(x.dtype)


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def spline_inverse(y, h, hidden):
    """One value through the inverse rational-quadratic spline (Durkan et al. 2019) with linear tails at +-5."""
    bins = (len(h) + 1) // 3
    if y < -5 or y > 5:
        return y
    h = h.astype(np.float64)
    share = lambda u: 1e-3 + (1 - 1e-3 * bins) * softmax(u / np.sqrt(hidden), 0)
    knots = lambda s: np.concatenate([[-5], -5 + 10 * np.cumsum(s)[:-1], [5]])
    cw, ch = knots(share(h[:bins])), knots(share(h[bins:2 * bins]))
    d = np.concatenate([[1], 1e-3 + np.log1p(np.exp(h[2 * bins:])), [1]])
    edge = ch.copy()
    edge[-1] += 1e-6
    k = int((y >= edge).sum()) - 1
    width, height = cw[k + 1] - cw[k], ch[k + 1] - ch[k]
    delta, u = height / width, y - ch[k]
    s = d[k] + d[k + 1] - 2 * delta
    a, b, c = u * s + height * (delta - d[k]), height * d[k] - u * s, -delta * u
    root = 2 * c / (-b - np.sqrt(max(0.0, b * b - 4 * a * c)))
    return root * width + cw[k]


class Vits:
    def __init__(self, weights, dtype=np.float32):
        self.w = {k: np.asarray(v, dtype) for k, v in weights.items()}
        self.rates, self.dilations, self.dtype = weights.rates, weights.dilations, dtype
        self.hidden = self.w["enc_p.emb.weight"].shape[1]
        self.inter = self.w["enc_p.proj.weight"].shape[0] // 2
        self.speakers = self.w["emb_g.weight"].shape[0] if "emb_g.weight" in self.w else 1

    def count(self, fmt):
        n = 0
        while fmt % n in self.w:
            n += 1
        return n

    def c(self, name, x, dilation=1):
        return conv(x, self.w[name + ".weight"], self.w.get(name + ".bias"), dilation)

    def ln(self, name, x):
        return layer_norm(x, self.w[name + ".gamma"], self.w[name + ".beta"])

    # text encoder
    def attention(self, p, x):
        q, k, v = (self.c(p + "conv_" + n, x) for n in "qkv")
        ek, ev = self.w[p + "emb_rel_k"][0], self.w[p + "emb_rel_v"][0]
        d, window, n = ek.shape[1], (ek.shape[0] - 1) // 2, x.shape[1]
        q = q / self.dtype(np.sqrt(d))
        out = np.empty_like(q)
        for h in range(self.hidden // d):
            rows = slice(h * d, h * d + d)
            s = q[rows].T @ k[rows]
            rel = q[rows].T @ ek.T
            for r in range(-window, window + 1):
                a = np.arange(max(0, -r), min(n, n - r))
                s[a, a + r] += rel[a, r + window]
            prob = softmax(s, 1)
            o = prob @ v[rows].T
            for r in range(-window, window + 1):
                a = np.arange(max(0, -r), min(n, n - r))
                o[a] += prob[a, a + r][:, None] * ev[r + window]
            out[rows] = o.T
        return self.c(p + "conv_o", out)

    def encoder(self, ids):
        x = self.w["enc_p.emb.weight"][np.asarray(ids)].T * self.dtype(np.sqrt(self.hidden))
        e = "enc_p.encoder."
        for i in range(self.count(e + "attn_layers.%d.conv_q.weight")):
            x = self.ln(e + "norm_layers_1.%d" % i, x + self.attention(e + "attn_layers.%d." % i, x))
            f = e + "ffn_layers.%d." % i
            x = self.ln(e + "norm_layers_2.%d" % i, x + self.c(f + "conv_2", np.maximum(self.c(f + "conv_1", x), 0)))
        return x, self.c("enc_p.proj", x)

    # durations
    def dds(self, p, x, add=None):
        if add is not None:
            x = x + add
        for i in range(self.count(p + "convs_sep.%d.weight")):
            s = p + "convs_sep.%d" % i
            y = depthwise(x, self.w[s + ".weight"], self.w[s + ".bias"], self.w[s + ".weight"].shape[2] ** i)
            y = gelu(self.ln(p + "norms_1.%d" % i, y))
            y = gelu(self.ln(p + "norms_2.%d" % i, self.c(p + "convs_1x1.%d" % i, y)))
            x = x + y
        return x

    def durations(self, x, noise, g=None):
        """noise: [2][L], already times noise_w. Returns logw [L]."""
        cond = 0 if g is None else self.c("dp.cond", g)
        if "dp.conv_1.weight" in self.w:
            y = self.ln("dp.norm_1", np.maximum(self.c("dp.conv_1", x + cond), 0))
            y = self.ln("dp.norm_2", np.maximum(self.c("dp.conv_2", y), 0))
            return self.c("dp.proj", y)[0]
        c = self.c("dp.proj", self.dds("dp.convs.", self.c("dp.pre", x) + cond))
        z = noise.astype(self.dtype).copy()
        for f in (7, 5, 3):
            z = z[::-1].copy()
            p = "dp.flows.%d." % f
            h = self.c(p + "proj", self.dds(p + "convs.", self.c(p + "pre", z[:1]), c))
            z[1] = [spline_inverse(y, h[:, t], self.hidden) for t, y in enumerate(z[1])]
        z = z[::-1]
        return (z[0] - self.w["dp.flows.0.m"][0]) * self.w["dp.flows.0.scale"][0]

    # flow
    def flow(self, z, g=None):
        half, hidden = self.inter // 2, self.hidden
        for f in sorted((f for f in range(0, 64, 2) if "flow.flows.%d.pre.weight" % f in self.w), reverse=True):
            p = "flow.flows.%d." % f
            z = z[::-1].copy()
            h, out = self.c(p + "pre", z[:half]), 0
            cond = None if g is None else self.c(p + "enc.cond_layer", g)
            layers = self.count(p + "enc.in_layers.%d.weight")
            for i in range(layers):
                a = self.c(p + "enc.in_layers.%d" % i, h)
                if cond is not None:
                    a = a + cond[i * 2 * hidden:(i + 1) * 2 * hidden]
                a = np.tanh(a[:hidden]) / (1 + np.exp(-a[hidden:]))
                r = self.c(p + "enc.res_skip_layers.%d" % i, a)
                if i < layers - 1:
                    h, out = h + r[:hidden], out + r[hidden:]
                else:
                    out = out + r
            z[half:] -= self.c(p + "post", out)
        return z

    # decoder
    def resblock(self, p, x, dilations):
        for q, d in enumerate(dilations):
            if p + "convs.0.weight" in self.w:
                x = x + self.c(p + "convs.%d" % q, lrelu(x), d)
            else:
                t = self.c(p + "convs1.%d" % q, lrelu(x), d)
                x = x + self.c(p + "convs2.%d" % q, lrelu(t))
        return x

    def decoder(self, z, g=None):
        x = self.c("dec.conv_pre", z)
        if g is not None:
            x = x + self.c("dec.cond", g)
        n = len(self.dilations)
        for i, rate in enumerate(self.rates):
            u = "dec.ups.%d" % i
            x = conv_transposed(lrelu(x), self.w[u + ".weight"], self.w[u + ".bias"], rate)
            x = sum(self.resblock("dec.resblocks.%d." % (i * n + j), x, self.dilations[j]) for j in range(n)) / n
        return np.tanh(self.c("dec.conv_post", lrelu(x, 0.01)))[0]

    def speaker(self, sid):
        return self.w["emb_g.weight"][sid][:, None] if "emb_g.weight" in self.w else None

    def run(self, ids, noise_scale=0.0, length_scale=1.0, noise_w=0.0, speaker=0, key=None, frames=None):
        """key: noise_key(...); None draws no noise. frames: durations to force."""
        g = self.speaker(speaker)
        x, stats = self.encoder(ids)
        n = len(ids)
        e1 = normals(key, 0, 2, n) if key else np.zeros((2, n))
        logw = self.durations(x, e1 * noise_w, g)
        w = np.exp(logw) * self.dtype(length_scale)
        d = np.ceil(w).astype(int) if frames is None else np.asarray(frames)
        total = max(1, int(d.sum()))
        at = np.repeat(np.arange(n), d)
        m = np.zeros((self.inter, total), self.dtype)
        sd = np.ones((self.inter, total), self.dtype)
        if len(at):
            m, sd = stats[:self.inter][:, at], np.exp(stats[self.inter:])[:, at]
        if key:
            m = m + normals(key, 1, self.inter, total).astype(self.dtype) * sd * self.dtype(noise_scale)
        z = self.flow(m, g)
        return SimpleNamespace(x=x, stats=stats, logw=logw, w=w, frames=d, zp=m, z=z, audio=self.decoder(z, g))


def snr_db(reference, other):
    r, e = np.asarray(reference, np.float64), np.asarray(reference, np.float64) - other
    return 10 * np.log10((r ** 2).sum() / max((e ** 2).sum(), 1e-300))
