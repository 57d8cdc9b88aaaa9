"""MegaTTS 3's arithmetic in PyTorch: the GEMMs, convolutions and attention of one diffusion step (three branches
beside each other, T = 512) and of the wave decoder, as the public reference does them, on random weights.

    python megatts3_torch.py [--threads N] [--rounds N] [--latents N] [--json]

Prints a line a stage: seconds and GFLOP/s (of the multiply-adds that the stage does in this form); with --json a row of
deploy/bench a stage, the wave decoder's scaled to 10 s."""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F

BRANCHES, ROWS, DIM, FFN, HEADS, LAYERS = 3, 512, 1024, 2048, 16, 24
UP = [(2048, 5), (1024, 4), (512, 4), (256, 3)]


def median_seconds(run, rounds):
    """Processor time over threads: what the stage takes where nobody else is at work."""
    run()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append((time.process_time() - start) / torch.get_num_threads())
    return statistics.median(times)


def show(o, name, seconds, macs, scale=1.0):
    if o.json:
        print(json.dumps({"what": name, "value": seconds * scale, "unit": "s", "gflops": 2e-9 * macs / seconds,
                          "version": torch.__version__}), flush=True)
    else:
        print(f"{name:34}  {seconds:9.3f}  {2e-9 * macs / seconds:9.1f}", flush=True)


def gemm(o):
    a, b = torch.randn(1536, DIM), torch.randn(DIM, DIM)
    show(o, "sgemm 1024x1024x1536", median_seconds(lambda: torch.mm(a, b), o.rounds * 3), 1536 * DIM * DIM)


def linear(n_in, n_out):
    return torch.randn(n_out, n_in) / n_in**0.5, torch.randn(n_out)


def step(o):
    layers = [[linear(DIM, DIM) for _ in range(4)] + [linear(DIM, FFN), linear(FFN, DIM)] for _ in range(LAYERS)]
    x, one = torch.randn(BRANCHES, ROWS, DIM), torch.ones(DIM)

    def heads(t):
        return t.view(BRANCHES, ROWS, HEADS, -1).transpose(1, 2)

    def run():
        h = x
        for q, k, v, o, up, down in layers:
            n = F.layer_norm(h, (DIM,)) * one + one
            a = F.scaled_dot_product_attention(heads(F.linear(n, *q)), heads(F.linear(n, *k)), heads(F.linear(n, *v)))
            h = h + one * F.linear(a.transpose(1, 2).reshape(BRANCHES, ROWS, DIM), *o)
            n = F.layer_norm(h, (DIM,)) * one + one
            h = h + one * F.linear(F.silu(F.linear(n, *up)), *down)
        return h

    macs = LAYERS * BRANCHES * ROWS * (4 * DIM * DIM + 2 * DIM * FFN + 2 * ROWS * DIM)
    show(o, "a step, three branches", median_seconds(run, o.rounds), macs)


class Up:
    def __init__(self, channels, rate):
        self.rate, half = rate, channels // 2
        self.conv = torch.randn(half, channels, 7) / (7 * channels) ** 0.5
        self.trans = torch.randn(channels, half, 10) / (2 * channels) ** 0.5
        self.macs_per_input = channels * half * (7 * rate + 10)

    def __call__(self, x):
        u = torch.sin(x) + x
        a = F.conv1d(F.pad(F.leaky_relu(u.repeat_interleave(self.rate, 2), 0.2), (3, 3), "reflect"), self.conv)
        return a + F.conv_transpose1d(F.leaky_relu(u, 0.2), self.trans, stride=self.rate,
                                      padding=5 - self.rate // 2, output_padding=self.rate % 2)


class Mrf:
    def __init__(self, channels):
        self.weights = [[[torch.randn(channels, channels, k) * 0.3 / (k * channels) ** 0.5 for _ in range(2)]
                         for _ in range(3)] for k in (3, 7, 11)]
        self.macs_per_row = channels * channels * 6 * 21

    def __call__(self, x):
        total = 0
        for k, chain in zip((3, 7, 11), self.weights):
            y = x
            for d, (first, second) in zip((1, 3, 5), chain):
                t = F.conv1d(F.leaky_relu(y, 0.2), first, padding=(k - 1) // 2 * d, dilation=d)
                y = y + F.conv1d(F.leaky_relu(t, 0.2), second, padding=(k - 1) // 2)
            total = total + y
        return total / 3


def wave(o):
    latents = o.latents
    stages = [(Up(c, r), Mrf(c // 2)) for c, r in UP]
    x, macs, rows = torch.randn(1, UP[0][0], 4 * latents), 0, 4 * latents
    for (up, mrf), (_, rate) in zip(stages, UP):
        macs += rows * up.macs_per_input
        rows *= rate
        macs += rows * mrf.macs_per_row

    def run():
        y = x
        for up, mrf in stages:
            y = mrf(up(y))
        return y

    show(o, "wave decoder", median_seconds(run, o.rounds), macs, 250 / latents)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--latents", type=int, default=25)
    p.add_argument("--json", action="store_true")
    o = p.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(o.threads)
    torch.set_flush_denormal(True)
    if not o.json:
        print(f"PyTorch {torch.__version__}, {o.threads} thread(s), medians of {o.rounds}; the decoder of {o.latents / 25:.1f} s\n"
              f"{'stage':34}  {'seconds':>9}  {'GFLOP/s':>9}")
    with torch.inference_mode():
        if not o.json:
            gemm(o)
        step(o)
        wave(o)


main()
