"""Writes the checkpoints of this folder, which weights_test reads, with Python's torch.

usage: python3 - FOLDER < make_checkpoints.py

The program is read from standard input, so that it has no path that torch.save could write into the files of modules.
The committed files were written by torch 2.11 and NumPy 2.2.
"""

import argparse
import collections
import pathlib
import sys

import numpy
import torch
from torch import nn

Genotype = collections.namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


class Two(nn.Module):
    """The module of weights_test."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(6.0).view(2, 3) / 8)
        self.register_buffer("mean", torch.tensor([1.0, 2.0, 4.0]))
        self.register_buffer("num_batches_tracked", torch.tensor(7))


def checkpoint(network):
    """The objects that training scripts store beside the weights."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    network.weight.sum().backward()
    optimizer.step()
    with torch.no_grad():
        network.weight.copy_(Two().weight)
    return {
        "epoch": 3,
        "args": argparse.Namespace(arch="PDARTS", learning_rate=0.025, seeds=[1, 2]),
        "best_acc1": numpy.float64(97.5),
        "history": numpy.arange(3, dtype="f4"),
        "image": torch.Size([3, 32, 32]),
        "genotype": Genotype([("sep_conv_3x3", 0)], range(2, 6), [("skip_connect", 1)], [2, 3]),
        "hash": 2**70,
        "large": -(2**3000),
        "seen": {1, 2},
        "frozen": frozenset([3]),
        "digest": b"\x00\xff",
        "array": bytearray(b"abc"),
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "slice": slice(1, 2),
        "spectrum": torch.zeros(2, dtype=torch.complex64),
        "model": nn.DataParallel(network).state_dict(),
        "optimizer": optimizer.state_dict(),
    }


def tensors_of_all_types():
    """Some of the tensors are views of one storage, and two have types that pdarts does not read."""
    values = torch.tensor([[0, 1, 2], [3, 4, 5]])
    types = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
    tensors = {name: values.to(getattr(torch, name)) for name in types}
    base = torch.arange(12.0)
    tensors["row"] = base[6:9]
    tensors["transposed"] = base.view(3, 4).t()
    tensors["parameter"] = nn.Parameter(torch.tensor([0.5]))
    tensors["empty"] = torch.zeros(0, 4)
    tensors["complex"] = values.to(torch.complex64)
    tensors["quantized"] = torch.quantize_per_tensor(values.float(), 0.5, 0, torch.qint8)
    return tensors


def main(folder):
    folder = pathlib.Path(folder)
    for prefix, options in (
        ("today", {}),
        ("protocol4", {"pickle_protocol": 4}),
        ("legacy", {"_use_new_zipfile_serialization": False}),
    ):
        torch.save(Two().state_dict(), folder / (prefix + ".pt"), **options)
        torch.save(checkpoint(Two()), folder / (prefix + "_checkpoint.pt"), **options)
        torch.save(tensors_of_all_types(), folder / (prefix + "_types.pt"), **options)
        torch.save({"net": Two()}, folder / (prefix + "_module.pt"), **options)


if __name__ == "__main__":
    main(*sys.argv[1:])
