"""Tests that TensorBoard's own reader finds the numbers of the logs in run directories.

usage: reader.py PDARTS
"""
import datetime
import json
import math
import os
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing import event_accumulator

SEARCH = """
name: "search"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 48 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 3 warmup_epochs: 1 keep: 3 }
    stages { cells: 3 channels: 2 epochs: 2 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.3, 0.4] }
}
search { batch_size: 8 evaluated_epochs: 1 }
"""

TRAINING = """
name: "training"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
genotype: "PDARTS"
network { cells: 2 channels: 2 }
train { epochs: 2 batch_size: 8 auxiliary_weight: 0 }
"""

# Names of numbers in the log and in TensorBoard.
EPOCH = {
    "weight_loss": "loss/weights",
    "alpha_loss": "loss/alphas",
    "supernet_loss": "loss/supernet",
    "train_loss": "loss/train",
    "test_loss": "loss/test",
    "weight_top1": "accuracy/weights_top1",
    "alpha_top1": "accuracy/alphas_top1",
    "supernet_top1": "accuracy/supernet_top1",
    "supernet_top5": "accuracy/supernet_top5",
    "train_top1": "accuracy/train_top1",
    "train_top5": "accuracy/train_top5",
    "test_top1": "accuracy/test_top1",
    "test_top5": "accuracy/test_top5",
    "learning_rate": "schedule/learning_rate",
    "drop_path": "schedule/drop_path",
    "seconds": "speed/epoch_seconds",
    "images_per_second": "speed/images_per_second",
    "peak_memory_mb": "memory/peak_mb",
    "device_peak_memory_mb": "memory/device_peak_mb",
}
STAGE = {
    "cells": "stage/cells",
    "channels": "stage/channels",
    "candidates_per_edge": "stage/candidates_per_edge",
    "parameters": "stage/parameters",
    "expected_memory_mb": "memory/expected_mb",
}


def expected(log):
    """Scalars {tag: [(step, time, value)]} and histograms {tag: [(step, values)]} of a log."""
    scalars, histograms = {}, {}
    earlier, epochs = 0, 0
    for line in log:
        if line["event"] == "stage_begin":
            earlier, epochs = earlier + epochs, line["epochs"]
        if line["event"] not in ("stage_begin", "epoch"):
            continue
        step = earlier + line.get("epoch", 0)
        time = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()
        names = dict(EPOCH if line["event"] == "epoch" else STAGE)
        numbers = {tag: line[name] for name, tag in names.items() if name in line}
        for name, value in line.get("regularizers", {}).items():
            numbers["regularizers/" + name] = value
        for tag, value in numbers.items():
            scalars.setdefault(tag, []).append((step, time, value))
        for cell in line.get("probabilities", []):
            of_operation = {}
            for edge in cell["edges"]:
                for operation, p in zip(edge["operations"], edge.get("probabilities", [])):
                    of_operation.setdefault(operation, []).append(p)
            for operation, values in of_operation.items():
                tag = "probabilities/%s/%s" % (cell["cell_kind"], operation)
                histograms.setdefault(tag, []).append((step, values))
    return scalars, histograms


def compare(run):
    with open(os.path.join(run, "log.jsonl")) as file:
        scalars, histograms = expected([json.loads(line) for line in file])
    everything = {event_accumulator.SCALARS: 0, event_accumulator.HISTOGRAMS: 0, event_accumulator.TENSORS: 0}
    events = event_accumulator.EventAccumulator(run, size_guidance=everything)
    events.Reload()
    tags = events.Tags()
    assert sorted(tags["scalars"]) == sorted(scalars), (tags["scalars"], sorted(scalars))
    assert sorted(tags["histograms"]) == sorted(histograms), (tags["histograms"], sorted(histograms))
    for tag, values in scalars.items():
        read = [(e.step, e.wall_time, e.value) for e in events.Scalars(tag)]
        assert len(read) == len(values), (tag, read, values)
        for (step, time, value), (read_step, read_time, read_value) in zip(values, read):
            assert step == read_step and abs(time - read_time) < 1e-3, (tag, step, read_step, time, read_time)
            assert math.isclose(value, read_value, rel_tol=1e-6, abs_tol=1e-9), (tag, value, read_value)
    for tag, values in histograms.items():
        read = events.Histograms(tag)
        assert len(read) == len(values), (tag, len(read), len(values))
        for (step, numbers), event in zip(values, read):
            histogram = event.histogram_value
            assert step == event.step, (tag, step, event.step)
            assert histogram.num == len(numbers), (tag, histogram.num, len(numbers))
            assert sum(histogram.bucket) == len(numbers), (tag, histogram.bucket)
            assert math.isclose(histogram.min, min(numbers)) and math.isclose(histogram.max, max(numbers)), tag
            assert math.isclose(histogram.sum, sum(numbers)), (tag, histogram.sum, sum(numbers))
            below = 0  # the count of a bucket includes all values below its limit
            for limit, count in zip(histogram.bucket_limit, histogram.bucket):
                below += count
                assert below == sum(n <= limit * (1 + 1e-12) for n in numbers), (tag, limit, below, numbers)
    print("%s: %d scalars, %d histograms" % (run, len(scalars), len(histograms)))
    return len(scalars), len(histograms)


def main(pdarts):
    folder = tempfile.mkdtemp()
    for command, spec in (("search", SEARCH), ("train", TRAINING)):
        path = os.path.join(folder, command)
        with open(path + ".textproto", "w") as file:
            file.write(spec)
        subprocess.run([pdarts, command, "--spec=%s.textproto" % path, "--output_dir=" + path], check=True)
    scalars, histograms = compare(os.path.join(folder, "search"))
    assert scalars >= 15 and histograms >= 16, "the search's log is not what it was"
    scalars, histograms = compare(os.path.join(folder, "train"))
    assert scalars >= 10, "the training's log is not what it was"


main(sys.argv[1])
