"""Prints the results of a super-network with Python's bfloat16 autocast and in float64: the rows of bfloat16_test.cc.

    python3 tests/parity/bfloat16_autocast.py

It needs PyTorch, and prints its version. The network is the super-network of the DARTS space with all
candidates. Its parameters and images come from Values(), which bfloat16_test.cc repeats, so that no weights need to
be stored.
"""

import math

import torch
from torch.nn import functional as F

CELLS, CHANNELS, CLASSES, IMAGES, SIDE = 3, 8, 10, 8, 16
SEEDS = (1, 2, 3)
EDGES = [(start, end) for end in range(2, 6) for start in range(end)]


def Values(name, seed, count):
    """Numbers in [-1, 1), exact in float32, from a linear congruential generator that begins with a hash of the name."""
    state = 2166136261
    for byte in f"{seed} {name}".encode():
        state = (state ^ byte) * 16777619 % 2**32
    values = []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 8) / 2**23 - 1)
    return values


class Network:
    def __init__(self, seed, dtype):
        self.seed, self.dtype, self.parameters = seed, dtype, {}

    def Get(self, name, *shape):
        """A parameter, or the images. Everything is rounded to float32 before it is used."""
        if name in self.parameters:
            return self.parameters[name]
        values = torch.tensor(Values(name, self.seed, math.prod(shape)), dtype=torch.float64).view(shape)
        if name == "stem.1.weight":
            values = 1 + values / 8
        elif name.startswith("alphas"):
            values = values / 2
        elif name != "images":
            values = values / math.sqrt(math.prod(shape[1:]))
        parameter = values.float().to(self.dtype)
        if name != "images":
            self.parameters[name] = parameter.requires_grad_()
        return parameter

    def Convolve(self, x, name, *shape, **options):
        return F.conv2d(x, self.Get(name + ".weight", *shape), **options)

    def Normalize(self, x, weight=None, bias=None):
        return F.batch_norm(x, None, None, weight, bias, training=True)

    def Pointwise(self, x, name, channels):
        return self.Normalize(self.Convolve(F.relu(x), name + ".op.1", channels, x.shape[1], 1, 1))

    def Reduce(self, x, name, channels):
        y = F.relu(x)
        halves = [
            self.Convolve(part, f"{name}.conv_{i + 1}", channels // 2, x.shape[1], 1, 1, stride=2)
            for i, part in enumerate((y, y[:, :, 1:, 1:]))
        ]
        return self.Normalize(torch.cat(halves, 1))

    def Separable(self, x, name, kernel, stride, dilation, rounds):
        channels = x.shape[1]
        for i in range(rounds):
            y = self.Convolve(
                F.relu(x), f"{name}.op.{4 * i + 1}", channels, 1, kernel, kernel, groups=channels, dilation=dilation,
                stride=stride if i == 0 else 1, padding=dilation * (kernel // 2))
            x = self.Normalize(self.Convolve(y, f"{name}.op.{4 * i + 2}", channels, channels, 1, 1))
        return x

    def Operations(self, x, name, stride):
        """The results of all candidates except `none`, which is the first one."""
        return [
            self.Normalize(F.max_pool2d(x, 3, stride, 1)),
            self.Normalize(F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)),
            x if stride == 1 else self.Reduce(x, name + ".3", x.shape[1]),
            self.Separable(x, name + ".4", 3, stride, 1, 2),
            self.Separable(x, name + ".5", 5, stride, 1, 2),
            self.Separable(x, name + ".6", 3, stride, 2, 1),
            self.Separable(x, name + ".7", 5, stride, 2, 1),
        ]

    def Cell(self, i, inputs, channels, reduces, previous_reduces):
        name = f"cells.{i}"
        first = self.Reduce if previous_reduces else self.Pointwise
        nodes = [first(inputs[0], name + ".preprocess0", channels),
                 self.Pointwise(inputs[1], name + ".preprocess1", channels)]
        p = self.Get("alphas_reduce" if reduces else "alphas_normal", len(EDGES), 8).softmax(1)
        for end in range(2, 6):
            terms = []
            for e, (start, to) in enumerate(EDGES):
                if to == end:
                    stride = 2 if reduces and start < 2 else 1
                    results = self.Operations(nodes[start], f"{name}.cell_ops.{e}.m_ops", stride)
                    terms += [p[e, k + 1] * result for k, result in enumerate(results)]
            nodes.append(sum(terms))
        return torch.cat(nodes[2:], 1)

    def Loss(self):
        channels = CHANNELS
        images = self.Get("images", IMAGES, 3, SIDE, SIDE)
        stem = self.Normalize(
            self.Convolve(images, "stem.0", 3 * channels, 3, 3, 3, padding=1),
            self.Get("stem.1.weight", 3 * channels), self.Get("stem.1.bias", 3 * channels))
        inputs, reduced = (stem, stem), False
        for i in range(CELLS):
            reduces = i in (CELLS // 3, 2 * CELLS // 3)
            channels *= 2 if reduces else 1
            inputs, reduced = (inputs[1], self.Cell(i, inputs, channels, reduces, reduced)), reduces
        pooled = inputs[1].mean((2, 3))
        scores = F.linear(pooled, self.Get("classifier.weight", CLASSES, pooled.shape[1]),
                          self.Get("classifier.bias", CLASSES))
        return F.cross_entropy(scores, torch.arange(IMAGES) % CLASSES)

    def Gradients(self, alphas):
        gradients = [parameter.grad.double().flatten() for name, parameter in self.parameters.items()
                     if name.startswith("alphas") == alphas]
        return torch.cat(gradients)


def Measure(seed):
    exact, rounded = Network(seed, torch.float64), Network(seed, torch.float32)
    loss = exact.Loss()
    loss.backward()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        autocast_loss = rounded.Loss()
    autocast_loss.backward()
    weights, alphas = [F.cosine_similarity(exact.Gradients(which), rounded.Gradients(which), 0).item()
                       for which in (False, True)]
    return f"{{{seed}, {loss.item():.15f}, {autocast_loss.item():.6f}, {weights:.6f}, {alphas:.6f}}},"


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"// PyTorch {torch.__version__}: seed, loss, autocast's loss, its cosine of weights, of alphas")
    for seed in SEEDS:
        print(Measure(seed))
