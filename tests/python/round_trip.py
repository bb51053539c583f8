"""Tests that weights can be moved from pdarts to Python's torch and back, and compute the same.

usage: round_trip.py PDARTS IMAGES

PDARTS is the program; IMAGES a file of CIFAR-10 records, those that the dataset cifar10_sample tests on.
"""

import argparse
import collections
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy
import safetensors
import safetensors.torch
import torch
from torch import nn

CELLS, CHANNELS = 3, 4
MEAN = (0.49139968, 0.48215827, 0.44653124)
DEVIATION = (0.24703233, 0.24348505, 0.26158768)


def conv(cin, cout, kernel, stride=1, padding=0, dilation=1, groups=1):
    return nn.Conv2d(cin, cout, kernel, stride, padding, dilation, groups, bias=False)


class Sequential(nn.Module):
    """Modules under the attribute `op`."""

    def __init__(self, *modules):
        super().__init__()
        self.op = nn.Sequential(*modules)

    def forward(self, x):
        return self.op(x)


def relu_conv_bn(cin, cout):
    return Sequential(nn.ReLU(), conv(cin, cout, 1), nn.BatchNorm2d(cout))


def depthwise(c, kernel, stride, dilation):
    padding = dilation * (kernel - 1) // 2
    return [nn.ReLU(), conv(c, c, kernel, stride, padding, dilation, c), conv(c, c, 1), nn.BatchNorm2d(c)]


class FactorizedReduce(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv_1 = conv(cin, cout // 2, 1, 2)
        self.conv_2 = conv(cin, cout // 2, 1, 2)
        self.bn = nn.BatchNorm2d(cout)

    def forward(self, x):
        x = torch.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], 1))


def operation(name, c, stride):
    kind, _, size = name.rpartition("_")
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(c, c)
    if kind == "max_pool":
        return nn.MaxPool2d(3, stride, 1)
    if kind == "avg_pool":
        return nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    kernel = int(size[0])
    if kind == "sep_conv":
        return Sequential(*depthwise(c, kernel, stride, 1), *depthwise(c, kernel, 1, 1))
    assert kind == "dil_conv", name
    return Sequential(*depthwise(c, kernel, stride, 2))


class Cell(nn.Module):
    def __init__(self, cell, cin0, cin1, c, previous_reduces):
        super().__init__()
        self.cell = cell
        reduces = cell["kind"] == "reduce"
        self.preprocess0 = FactorizedReduce(cin0, c) if previous_reduces else relu_conv_bn(cin0, c)
        self.preprocess1 = relu_conv_bn(cin1, c)
        self._ops = nn.ModuleList(
            operation(e["operation"], c, 2 if reduces and e["from"] < 2 else 1) for e in cell["edges"])

    def forward(self, s0, s1):
        nodes = {0: self.preprocess0(s0), 1: self.preprocess1(s1)}
        for edge, op in zip(self.cell["edges"], self._ops):
            out = op(nodes[edge["from"]])
            to = edge["to"]
            nodes[to] = nodes[to] + out if to in nodes else out
        return torch.cat([nodes[i] for i in self.cell["concat"]], 1)


class AuxiliaryHead(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(), nn.AvgPool2d(5, 3, 0, count_include_pad=False), conv(c, 128, 1), nn.BatchNorm2d(128),
            nn.ReLU(), conv(128, 768, 2), nn.BatchNorm2d(768), nn.ReLU())
        self.classifier = nn.Linear(768, 10)


class Network(nn.Module):
    """The derived network on CIFAR, from the data of an architecture.json."""

    def __init__(self, architecture):
        super().__init__()
        kinds = {cell["kind"]: cell for cell in architecture["cells"]}
        c = CHANNELS
        self.stem = nn.Sequential(conv(3, 3 * c, 3, 1, 1), nn.BatchNorm2d(3 * c))
        self.cells = nn.ModuleList()
        cin0 = cin1 = 3 * c
        previous_reduces = False
        for i in range(CELLS):
            reduces = i in (CELLS // 3, 2 * CELLS // 3)
            c = 2 * c if reduces else c
            self.cells.append(Cell(kinds["reduce" if reduces else "normal"], cin0, cin1, c, previous_reduces))
            cin0, cin1, previous_reduces = cin1, 4 * c, reduces
            if i == 2 * CELLS // 3:
                self.auxiliary_head = AuxiliaryHead(cin1)
        self.classifier = nn.Linear(cin1, 10)

    def forward(self, x):
        s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1)
        return self.classifier(s1.mean((2, 3)))


def read_images(path):
    records = torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.uint8).view(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).float() / 255
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return (images - mean) / deviation, records[:, 0].long()


Genotype = collections.namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


def beside_weights(network):
    """The content of a checkpoint beside the weights: objects that pdarts does not know."""
    return {
        "epoch": 3,
        "args": argparse.Namespace(arch="PDARTS", learning_rate=0.025),
        "best_acc1": numpy.float64(97.5),
        "image": torch.Size([3, 32, 32]),
        "genotype": Genotype([("sep_conv_3x3", 0)], range(2, 6), [("skip_connect", 1)], [2, 3]),
        "seed": 2**70,
        "optimizer": torch.optim.Adam(network.parameters()).state_dict(),
    }


def main(pdarts, images_file):
    folder = pathlib.Path(tempfile.mkdtemp())
    spec = folder / "train.textproto"
    spec.write_text("""
        name: "round_trip"
        space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
        dataset { [type.googleapis.com/pdarts.cifar10_sample.Cifar10SampleConfig] {} }
        genotype: "PDARTS"
        network { cells: %d channels: %d }
        train { epochs: 2 batch_size: 50 }
    """ % (CELLS, CHANNELS))
    run = folder / "run"

    def call(*arguments):
        return subprocess.run([pdarts, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout

    def evaluate(model):
        return json.loads(call("evaluate", "--json", "--run=%s" % run, "--weights=%s" % model))

    call("train", "--spec=%s" % spec, "--output_dir=%s" % run)
    weights = run / "best.safetensors"
    expected = evaluate(weights)

    # From pdarts to Python: every name is known, no name is missing, and the network computes the
    # same.
    architecture = json.loads((run / "architecture.json").read_text())["architecture"]
    network = Network(architecture).eval()
    network.load_state_dict(safetensors.torch.load_file(weights))
    images, labels = read_images(images_file)
    with torch.no_grad():
        logits = network(images)
    predicted_classes = logits.argmax(1)
    loss = nn.functional.cross_entropy(logits, labels).item()
    assert len(labels) == expected["images"], (len(labels), expected["images"])
    assert math.isclose(loss, expected["loss"], rel_tol=1e-4), (loss, expected["loss"])
    confusion = torch.zeros(10, 10)
    for label, predicted in zip(labels, predicted_classes):
        confusion[label, predicted] += 1
    ours = torch.tensor([row["counts"] for row in expected["confusion"]])
    assert (confusion - ours).abs().sum() <= 2, "more than one image has another predicted class"

    # torch.load reads the .pt file of pdarts with weights_only=True.
    call("convert", "--weights=%s" % weights, "--output=%s" % (folder / "ours.pt"))
    loaded = torch.load(folder / "ours.pt", weights_only=True)
    original = safetensors.torch.load_file(weights)
    assert loaded.keys() == original.keys()
    assert all(torch.equal(loaded[name], original[name]) for name in original)

    # From Python to pdarts: files of torch.save and safetensors, after Python has changed the
    # weights.
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.25)
        loss = nn.functional.cross_entropy(network(images), labels).item()
    assert not math.isclose(loss, expected["loss"], rel_tol=1e-2), "the change changes nothing"
    torch.save(network.state_dict(), folder / "theirs.pt")
    safetensors.torch.save_file(network.state_dict(), folder / "theirs.safetensors")
    # The format before PyTorch 1.6, and other entries that training scripts put around a state
    # dict.
    old_format = {"_use_new_zipfile_serialization": False}
    torch.save(network.state_dict(), folder / "old_format.pt", **old_format)
    names = ["theirs.pt", "theirs.safetensors", "old_format.pt"]
    parallel = nn.DataParallel(network).state_dict()  # module.
    lightning = {"model." + name: tensor for name, tensor in network.state_dict().items()}
    for i, entry in enumerate(
            ("state_dict", "model_state_dict", "model", "net", "network", "state_dict_ema")):
        checkpoint = {**beside_weights(network), entry: parallel if i % 2 else lightning}
        names.append(entry + ".pth.tar")
        torch.save(checkpoint, folder / names[-1], **(old_format if i // 2 % 2 else {}))
    for name in names:
        measured = evaluate(folder / name)["loss"]
        assert math.isclose(loss, measured, rel_tol=1e-4), (name, loss, measured)

    # A conversion keeps every type and the metadata.
    values = torch.tensor([[0, 1, 2], [3, 4, 5]])
    typed = {str(dtype): values.to(dtype) for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
        torch.int8, torch.uint8, torch.bool)}
    metadata = {"format": "pt", "classes": '["fox", "arctic fox"]'}
    safetensors.torch.save_file(typed, folder / "typed.safetensors", metadata)
    call("convert", "--weights=%s" % (folder / "typed.safetensors"), "--output=%s" % (folder / "typed.pt"))
    call("convert", "--weights=%s" % (folder / "typed.pt"), "--output=%s" % (folder / "typed_back.safetensors"))
    in_pt = torch.load(folder / "typed.pt", weights_only=True)
    for back in (in_pt, safetensors.torch.load_file(folder / "typed_back.safetensors")):
        assert back.keys() == typed.keys()
        for name, tensor in typed.items():
            assert back[name].dtype == tensor.dtype and torch.equal(back[name], tensor), name
    assert in_pt.metadata == metadata, in_pt.metadata
    with safetensors.safe_open(folder / "typed_back.safetensors", "pt") as file:
        assert file.metadata() == metadata, file.metadata()

    # If a state dict does not belong to this network, the error names the entries.
    missing = dict(network.state_dict())
    del missing["classifier.bias"]
    torch.save(missing, folder / "missing.pt")
    refused = subprocess.run([pdarts, "evaluate", "--run=%s" % run, "--weights=%s" % (folder / "missing.pt")],
                             stderr=subprocess.PIPE, text=True)
    assert refused.returncode != 0 and "classifier.bias" in refused.stderr, refused.stderr
    # A pickle that would run code is not executed.
    class Trap:
        def __reduce__(self):
            return (pathlib.Path.touch, (folder / "sprung",))
    torch.save({"classifier.bias": Trap()}, folder / "trap.pt")
    refused = subprocess.run([pdarts, "evaluate", "--run=%s" % run, "--weights=%s" % (folder / "trap.pt")],
                             stderr=subprocess.PIPE, text=True)
    assert refused.returncode != 0 and not (folder / "sprung").exists(), refused.stderr
    print("torch", torch.__version__, "agrees: loss", expected["loss"])


if __name__ == "__main__":
    main(*sys.argv[1:])
