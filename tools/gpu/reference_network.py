"""The super-network of the DARTS space as plain modules of Python's torch, for comparisons with pdarts.

usage: reference_network.py --device=cpu|cuda [OPTIONS] FILE...

It is written from docs/algorithm.md, with one module for each operation and no optimization. Each FILE is one that
device_steps --work=network wrote: a super-network with its weights, a batch, and what pdarts computed from both. For each
FILE the program prints one line of JSON:

- by how much logits, loss and gradients of the alphas deviate from those of pdarts, in float64 on equal weights
- images per second of search steps in float32 on a batch that stays on the device, and the peak of the device's memory
"""
import argparse
import json
import math
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional

KINDS = ["normal", "reduce"]
INPUTS, NODES = 2, 6
# The prefix of tensors that do not belong to the network.
PASS = "pass."
TYPES = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    """Returns the tensors of a safetensors file by name, and its metadata."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(data[begin:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


class Zero(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        n, c, h, w = x.shape
        return x.new_zeros(n, c, h // self.stride, w // self.stride)


class SkipConnect(nn.Module):
    """The identity, with dropout of single elements."""

    def __init__(self):
        super().__init__()
        self.dropout = 0.0

    def forward(self, x):
        return functional.dropout(x, self.dropout, self.training) if self.dropout > 0 else x


class Chain(nn.Module):
    """Modules one after the other, as children of `op`."""

    def __init__(self, *modules):
        super().__init__()
        self.op = nn.Sequential(*modules)

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv_1 = nn.Conv2d(cin, cout // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(cin, cout // 2, 1, stride=2, bias=False)
        self.bn = batch_norm(cout)

    def forward(self, x):
        x = torch.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


def batch_norm(channels):
    return nn.BatchNorm2d(channels, affine=False)


def relu_conv_bn(cin, cout):
    return Chain(nn.ReLU(), nn.Conv2d(cin, cout, 1, bias=False), batch_norm(cout))


def separable_round(channels, kernel, stride, dilation):
    padding = dilation * (kernel // 2)
    return [
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        batch_norm(channels),
    ]


def make_operation(name, channels, stride):
    if name == "none":
        return Zero(stride)
    if name == "max_pool_3x3":
        return nn.Sequential(nn.MaxPool2d(3, stride, padding=1), batch_norm(channels))
    if name == "avg_pool_3x3":
        return nn.Sequential(nn.AvgPool2d(3, stride, padding=1, count_include_pad=False), batch_norm(channels))
    if name == "skip_connect":
        return SkipConnect() if stride == 1 else FactorizedReduce(channels, channels)
    kernel = int(name[-1])
    if name.startswith("sep_conv"):
        return Chain(*separable_round(channels, kernel, stride, 1), *separable_round(channels, kernel, 1, 1))
    if name.startswith("dil_conv"):
        return Chain(*separable_round(channels, kernel, stride, 2))
    raise ValueError("unknown operation: " + name)


class MixedEdge(nn.Module):
    def __init__(self, names, channels, stride):
        super().__init__()
        self.m_ops = nn.ModuleList(make_operation(name, channels, stride) for name in names)

    def forward(self, x, probabilities):
        return sum(p * operation(x) for p, operation in zip(probabilities, self.m_ops))


class Cell(nn.Module):
    def __init__(self, candidates, cin0, cin1, channels, reduces, previous_reduces):
        super().__init__()
        self.preprocess0 = FactorizedReduce(cin0, channels) if previous_reduces else relu_conv_bn(cin0, channels)
        self.preprocess1 = relu_conv_bn(cin1, channels)
        self.edges = [(start, end) for end in range(INPUTS, NODES) for start in range(end)]
        self.cell_ops = nn.ModuleList(
            MixedEdge(names, channels, 2 if reduces and start < INPUTS else 1)
            for names, (start, _) in zip(candidates, self.edges))

    def forward(self, x0, x1, probabilities):
        nodes = [self.preprocess0(x0), self.preprocess1(x1)]
        incoming = {end: [] for end in range(INPUTS, NODES)}
        for edge, (start, end) in enumerate(self.edges):
            incoming[end].append((edge, start))
        for end in range(INPUTS, NODES):
            nodes.append(sum(self.cell_ops[edge](nodes[start], probabilities[edge]) for edge, start in incoming[end]))
        return torch.cat(nodes[INPUTS:], dim=1)


class Network(nn.Module):
    def __init__(self, candidates, cells, channels, classes):
        super().__init__()
        stem = 3 * channels
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem))
        self.kinds = []
        made = []
        cin0, cin1, previous_reduces = stem, stem, False
        for i in range(cells):
            reduces = i in (cells // 3, 2 * cells // 3)
            channels *= 2 if reduces else 1
            kind = KINDS.index("reduce" if reduces else "normal")
            self.kinds.append(kind)
            made.append(Cell(candidates[kind], cin0, cin1, channels, reduces, previous_reduces))
            cin0, cin1, previous_reduces = cin1, channels * (NODES - INPUTS), reduces
        self.cells = nn.ModuleList(made)
        self.classifier = nn.Linear(cin1, classes)
        for kind, edges in zip(KINDS, candidates):
            self.register_parameter("alphas_" + kind, nn.Parameter(torch.zeros(len(edges), len(edges[0]))))

    def alphas(self):
        return [self.alphas_normal, self.alphas_reduce]

    def weights(self):
        alphas = {id(alpha) for alpha in self.alphas()}
        return [parameter for parameter in self.parameters() if id(parameter) not in alphas]

    def set_dropout(self, rate):
        for module in self.modules():
            if isinstance(module, SkipConnect):
                module.dropout = rate

    def forward(self, images):
        # With one candidate on each edge, the softmax runs over the edges.
        probabilities = [torch.softmax(alpha, dim=0 if alpha.shape[1] == 1 else 1) for alpha in self.alphas()]
        x0 = x1 = self.stem(images)
        for cell, kind in zip(self.cells, self.kinds):
            x0, x1 = x1, cell(x0, x1, probabilities[kind])
        return self.classifier(x1.mean(dim=(2, 3)))


def load_network(tensors, metadata):
    """Returns the network of a file in float64, with the file's weights."""
    network = Network(json.loads(metadata["candidates"]), int(metadata["cells"]), int(metadata["channels"]),
                      int(metadata["classes"])).double()
    state = {name: tensor for name, tensor in tensors.items() if not name.startswith(PASS)}
    missing, unexpected = network.load_state_dict(state, strict=False)
    # pdarts does not count the batches of a batch normalization.
    missing = [name for name in missing if not name.endswith(".num_batches_tracked")]
    if missing or unexpected:
        raise ValueError("the file lacks %s, and only the file has %s" % (missing[:3], unexpected[:3]))
    return network


def deviation(actual, expected):
    """Returns max|actual - expected| / max|expected|."""
    if actual.shape != expected.shape:
        return math.inf
    found = ((actual - expected).abs().max() / expected.abs().max()).item()
    return found if math.isfinite(found) else math.inf


def compare(network, tensors, device):
    """Returns the largest relative difference from the results of pdarts, and the name of its tensor."""
    network.train()
    logits = network(tensors["pass.images"].to(device))
    loss = functional.cross_entropy(logits, tensors["pass.labels"].to(device))
    gradients = torch.autograd.grad(loss, network.alphas())
    actual = {"pass.logits": logits, "pass.loss": loss}
    actual.update(("pass.alphas_" + kind, gradient) for kind, gradient in zip(KINDS, gradients))
    return max((deviation(tensor.detach().cpu(), tensors[name]), name) for name, tensor in actual.items())


def time_steps(network, device, batch, warmup, steps):
    """Returns the mean seconds of a search step: one pass for the alphas, and one for the weights."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(batch, 3, 32, 32, generator=generator).to(device)
    labels = torch.randint(10, (batch,), generator=generator).to(device)
    of_alphas = torch.optim.Adam(network.alphas(), lr=6e-4, betas=(0.5, 0.999), weight_decay=1e-3)
    of_weights = torch.optim.SGD(network.weights(), lr=0.025, momentum=0.9, weight_decay=3e-4)

    def move(optimizer, parameters):
        optimizer.zero_grad()
        functional.cross_entropy(network(images), labels).backward(inputs=parameters)
        nn.utils.clip_grad_norm_(parameters, 5)
        optimizer.step()

    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize()

    network.train()
    for step in range(warmup + steps):
        if step == warmup:
            wait()
            begin = time.perf_counter()
        move(of_alphas, network.alphas())
        move(of_weights, network.weights())
    wait()
    return (time.perf_counter() - begin) / steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--dropout", default="", help="rate of the skip connections' dropout for each file, by commas")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    device = torch.device(options.device)
    # As in pdarts, cuDNN chooses its fastest algorithms, and products of float32 are computed in float32.
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    rates = [float(rate) for rate in options.dropout.split(",")] if options.dropout else [0.0] * len(options.files)
    if len(rates) != len(options.files):
        sys.exit("reference_network.py: --dropout=%s: expected %d rates" % (options.dropout, len(options.files)))
    for path, rate in zip(options.files, rates):
        tensors, metadata = read_safetensors(path)
        network = load_network(tensors, metadata).to(device)
        largest, where = compare(network, tensors, device)
        network = network.float()
        network.set_dropout(rate)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        seconds = time_steps(network, device, options.batch, options.warmup, options.steps)
        peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else None
        print(json.dumps({
            "file": path,
            "deviation": largest if math.isfinite(largest) else None,
            "where": where,
            "step_s": seconds,
            "images_per_s": 2 * options.batch / seconds,
            "peak_bytes": peak,
        }), flush=True)


if __name__ == "__main__":
    main()
