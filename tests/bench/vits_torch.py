"""The decoder of a Piper voice in PyTorch, on random weights of its shapes, as a process of deploy/bench (see peer.py).

    vits_torch.py SHAPE.json      {"first": channels, "rates": […], "kernels": […], "dilations": [[…] …], "latent": …, "pairs": type 1?,
                                   "frames": [of each sentence], "rate": Hz}
"""
import json
import sys
import time

import torch
import torch.nn.functional as F


def weight(out, cin, k):
    return torch.randn(out, cin, k) / (cin * k) ** 0.5


class Block:
    """x += conv(leaky(x)) for every dilation; of type 1 each is followed by an undilated one."""

    def __init__(self, c, k, dilations, pairs):
        self.k, self.dilations = k, dilations
        self.first = [weight(c, c, k) for _ in dilations]
        self.second = [weight(c, c, k) for _ in dilations] if pairs else None

    def __call__(self, x):
        for i, d in enumerate(self.dilations):
            t = F.conv1d(F.leaky_relu(x, 0.1), self.first[i], padding=(self.k - 1) // 2 * d, dilation=d)
            if self.second:
                t = F.conv1d(F.leaky_relu(t, 0.1), self.second[i], padding=(self.k - 1) // 2)
            x = x + t
        return x


class Decoder:
    def __init__(self, s):
        c = s["first"]
        self.pre, self.rates, self.stages = weight(c, s["latent"], 7), s["rates"], []
        for rate in s["rates"]:
            up, c = torch.randn(c, c // 2, 2 * rate) / c ** 0.5, c // 2
            blocks = [Block(c, k, d, s["pairs"]) for k, d in zip(s["kernels"], s["dilations"])]
            self.stages.append((rate, up, blocks))
        self.post = weight(1, c, 7)

    def __call__(self, z):
        x = F.conv1d(z, self.pre, padding=3)
        for rate, up, blocks in self.stages:
            x = F.conv_transpose1d(F.leaky_relu(x, 0.1), up, stride=rate, padding=rate // 2)
            x = sum(b(x) for b in blocks) / len(blocks)
        return torch.tanh(F.conv1d(F.leaky_relu(x, 0.01), self.post, padding=3))


def main():
    shape = json.load(open(sys.argv[1], encoding="utf8"))
    torch.manual_seed(1)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    decoder = Decoder(shape)
    latents = [torch.randn(1, shape["latent"], n) for n in shape["frames"]]
    print(json.dumps({"version": torch.__version__}), flush=True)
    with torch.inference_mode():
        for _ in sys.stdin:
            start = time.process_time()
            samples = sum(decoder(z).numel() for z in latents)
            print(json.dumps({"cpu_s": time.process_time() - start, "audio_s": samples / shape["rate"]}), flush=True)


main()
