"""Tests that the files of `pdarts export` compute the same in onnxruntime and in Python's torch as pdarts does.

usage: export_test.py PDARTS PROBE TEST_IMAGES TRAINING_IMAGES TUTORIAL

PDARTS is the program, PROBE is //tests/python:network_probe; the images are files of CIFAR-10 records; TUTORIAL is
docs/tutorial.md.
"""

import ast
import importlib.util
import json
import math
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
import safetensors.numpy
import torch
from PIL import Image

TOLERANCE = 1e-4
GENOTYPES = 6  # for each kind of network
BATCHES = (1, 7)
OTHER_EPSILON = 1e-3  # the epsilon of the networks is 1e-5
PREDICTED = 1000
# The operations of the DARTS space that have an export; noise has none. A new operation of the space belongs here too.
OPERATIONS = (
    "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")
OPERATIONS_201 = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
ORIENTATION = 0x0112  # the tag in EXIF
PREPARATION = """
  evaluation_transforms { [type.googleapis.com/pdarts.transforms.ResizeCenterCropConfig] { short_side: 48 } }
  evaluation_transforms {
    [type.googleapis.com/pdarts.transforms.NormalizeConfig] { mean: [0.4, 0.5, 0.6] deviation: [0.3, 0.25, 0.2] }
  }
"""
SYNTHETIC = ["--dataset=synthetic", "--set=dataset.train_images=20", "--set=dataset.test_images=20"]


def darts_genotype(draw):
    def cell():
        edges = []
        for node in range(2, 6):
            edges += [(draw.choice(OPERATIONS), source) for source in sorted(draw.sample(range(node), 2))]
        return edges

    return "Genotype(normal=%s, normal_concat=range(2, 6), reduce=%s, reduce_concat=range(2, 6))" % (cell(), cell())


def nasbench201_genotype(draw):
    nodes = ["".join("|%s~%d" % (draw.choice(OPERATIONS_201), source) for source in range(node)) + "|"
             for node in range(1, 4)]
    return "+".join(nodes)


def distance(ours, expected):
    """The largest difference as a share of the largest logit."""
    assert ours.shape == expected.shape, (ours.shape, expected.shape)
    return numpy.abs(ours - expected).max() / numpy.abs(expected).max()


def assert_near(ours, expected, what):
    assert distance(ours, expected) <= TOLERANCE, (what, distance(ours, expected))


def assert_noticed(compute, expected, what):
    """Checks that the comparison notices a network that was changed on purpose."""
    assert distance(compute(), expected) > TOLERANCE, "%s makes no difference" % what


def onnx_logits(model, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images})[0]


def check_onnx_file(path, classes):
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    known = {value.name for value in inferred.graph.value_info} | {value.name for value in inferred.graph.output}
    for node in model.graph.node:
        assert set(node.output) <= known, "the shape of %s is not inferred" % node.name
    assert model.ir_version == 8 and [entry.version for entry in model.opset_import] == [17]
    batch, outputs = inferred.graph.output[0].type.tensor_type.shape.dim
    assert batch.dim_param == "batch" and outputs.dim_value == classes
    return model


def with_moved_padding(model):
    """The model with the padding of its first convolution moved to one side."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for node in changed.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Conv" and attribute.name == "pads" and attribute.ints[0] > 0:
                del attribute.ints[:]
                attribute.ints.extend([0, 0, 2, 2])
                return changed
    raise AssertionError("no convolution has padding")


def with_other_epsilon(model):
    """The model with another epsilon in its batch normalizations; None if it has none."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    epsilons = [attribute for node in changed.graph.node if node.op_type == "BatchNormalization"
                for attribute in node.attribute if attribute.name == "epsilon"]
    for attribute in epsilons:
        assert abs(attribute.f - 1e-5) < 1e-10, attribute.f
        attribute.f = OTHER_EPSILON
    return changed if epsilons else None


def load_program(path):
    """The exported Python program as a module. It needs only torch, and black does not change it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
            [node.module] if isinstance(node, ast.ImportFrom) else [])
        for name in names:
            assert name in ("argparse", "json", "pathlib", "torch", "PIL"), name
    black = subprocess.run([sys.executable, "-m", "black", "--check", "--diff", "--quiet", str(path)],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert black.returncode == 0, black.stdout
    spec = importlib.util.spec_from_file_location("exported_" + path.stem, path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def torch_logits(network, images):
    with torch.inference_mode():
        return network(torch.from_numpy(images)).numpy()


class Tools:
    def __init__(self, pdarts, probe, folder):
        self.pdarts, self.probe, self.folder = pdarts, probe, folder

    def call(self, *words):
        return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout

    def export(self, flags, name, *more):
        output = self.folder / name
        self.call(self.pdarts, "export", *flags, "--output=%s" % output, *more)
        return output

    def logits(self, flags, images):
        """The logits of pdarts. `images` are arrays by name."""
        safetensors.numpy.save_file(images, self.folder / "images.safetensors")
        self.call(self.probe, *flags, "--images=%s" % (self.folder / "images.safetensors"),
                  "--output=%s" % (self.folder / "logits.safetensors"))
        return safetensors.numpy.load_file(self.folder / "logits.safetensors")


def check_network(tools, flags, weights, side, seed):
    """Checks an exported network. Returns the ONNX model and the Python program."""
    draw = numpy.random.default_rng(seed)
    images = {str(batch): draw.random((batch, 3, side, side), dtype=numpy.float32) for batch in BATCHES}
    expected = tools.logits(flags, images)
    path = tools.export(flags, "model.onnx")
    model = check_onnx_file(path, classes=10)
    program = load_program(tools.export(flags, "model.py", "--format=pytorch"))
    network = program.Network()
    program.load_weights(network, weights)
    network.eval()
    for batch in expected:
        assert_near(onnx_logits(str(path), images[batch]), expected[batch], "onnxruntime")
        assert_near(torch_logits(network, images[batch]), expected[batch], "torch")

    # The comparison notices a changed padding and a changed epsilon.
    largest = str(BATCHES[-1])
    moved = with_moved_padding(model).SerializeToString()
    assert_noticed(lambda: onnx_logits(moved, images[largest]), expected[largest], "ONNX padding")
    other = with_other_epsilon(model)
    if other is not None:
        changed = other.SerializeToString()
        assert_noticed(lambda: onnx_logits(changed, images[largest]), expected[largest], "ONNX epsilon")
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        assert norm.eps == 1e-5
        norm.eps = OTHER_EPSILON
    assert_noticed(lambda: torch_logits(network, images[largest]), expected[largest], "torch epsilon")
    for norm in norms:
        norm.eps = 1e-5
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d) and module.padding != (0, 0):
            module.padding_mode = "reflect"
    assert_noticed(lambda: torch_logits(network, images[largest]), expected[largest], "torch padding")
    return model, program


def check_random_networks(tools):
    kinds = {
        "darts": (darts_genotype, 32, ["--space=darts", "--cells=5", "--channels=8"]),
        "imagenet": (darts_genotype, 224, ["--space=darts", "--skeleton=imagenet", "--cells=5", "--channels=8",
                                           "--set=dataset.height=224", "--set=dataset.width=224"]),
        "nasbench201": (nasbench201_genotype, 32, ["--space=nasbench201", "--cells=1", "--channels=8"]),
    }
    for kind, (make_genotype, side, flags) in kinds.items():
        draw = random.Random(kind)
        named_edges = 0
        for seed in range(GENOTYPES):
            genotype = make_genotype(draw)
            shape = [flag for flag in flags if not flag.startswith("--set")] + [
                "--genotype=%s" % genotype, "--classes=10"]
            weights = tools.folder / "weights.safetensors"
            tools.call(tools.probe, *shape, "--image_size=%d" % side, "--weights_seed=%d" % (seed + 1),
                       "--output=%s" % weights)
            named = shape + SYNTHETIC + [flag for flag in flags if flag.startswith("--set")] + [
                "--weights=%s" % weights]
            model, program = check_network(tools, named, weights, side, seed)
            properties = {entry.key: entry.value for entry in model.metadata_props}
            assert properties["search_space"] == program.SEARCH_SPACE == flags[0].split("=")[1]
            assert properties["genotype"] == program.GENOTYPE
            assert json.loads(properties["class_names"]) == program.CLASS_NAMES
            # A cell of NAS-Bench-201 may consist only of skip connections.
            named_edges += any("/edge_0_" in node.name and node.name.startswith("cell_") for node in model.graph.node)
        assert named_edges >= GENOTYPES - (kind == "nasbench201"), (kind, named_edges)
        print(kind, "agrees")


def read_records(path):
    records = numpy.frombuffer(pathlib.Path(path).read_bytes(), dtype=numpy.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32)


def check_tutorial(tools, flags, tutorial, image):
    """Checks that the Python code of the tutorial gives the same prediction for an image as `pdarts predict`."""
    (code,) = re.findall(r"```python\n(.*?)```", pathlib.Path(tutorial).read_text(), re.DOTALL)
    place = tools.folder / "tutorial"
    (place / "runs" / "train_photos-seed1").mkdir(parents=True)
    (place / "photos" / "circle").mkdir(parents=True)
    photo = place / "photos" / "circle" / "0.png"
    Image.fromarray(image.transpose(1, 2, 0).copy()).save(photo)
    tools.call(tools.pdarts, "export", *flags, "--softmax",
               "--output=%s" % (place / "runs" / "train_photos-seed1" / "model.onnx"))
    printed = subprocess.run([sys.executable, "-c", code], cwd=place, stdout=subprocess.PIPE, check=True, text=True).stdout
    report = json.loads(tools.call(tools.pdarts, "predict", *flags, "--json", photo))
    lines = [line.split() for line in printed.splitlines()]
    predicted_classes = report["images"][0]["classes"]
    assert [name for _, name in lines] == [predicted["name"] for predicted in predicted_classes], (lines, predicted_classes)
    for (share, _), predicted in zip(lines, predicted_classes):
        assert abs(float(share.rstrip("%")) - 100 * predicted["probability"]) < 0.02, (share, predicted)
    print("the tutorial's lines agree with pdarts predict")


def check_preparation(tools, run, program, image):
    """Checks that the Python program prepares an image file (orientation, size, normalization) as `pdarts predict` does."""
    changed = tools.folder / "prepared"
    shutil.copytree(run, changed)
    spec = changed / "spec.textproto"
    text = spec.read_text()
    assert text.count("\ntrain {\n") == 1, text
    spec.write_text(text.replace("\ntrain {\n", "\ntrain {\n" + PREPARATION))
    flags = ["--run=%s" % changed, "--epoch=best"]
    tools.call(tools.pdarts, "export", *flags, "--format=pytorch")
    prepared = load_program(changed / "model.py")
    assert prepared.MEAN == [0.4, 0.5, 0.6] and prepared.DEVIATION == [0.3, 0.25, 0.2]

    # A smooth photograph that a camera has stored upside down.
    photo = tools.folder / "photo.jpg"
    picture = Image.fromarray(image.transpose(1, 2, 0).copy()).resize((960, 640), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    picture.rotate(180).save(photo, quality=95, subsampling=0, exif=exif)
    report = json.loads(tools.call(tools.pdarts, "predict", *flags, "--json", photo))
    expected = {predicted["name"]: math.log(predicted["probability"]) for predicted in report["images"][0]["classes"]}

    def difference(of_program):
        network = of_program.Network()
        of_program.load_weights(network, run / "best.safetensors")
        with torch.inference_mode():
            logarithms = network.eval()(of_program.read_image(photo)[None]).log_softmax(1)[0].tolist()
        given = dict(zip(of_program.CLASS_NAMES, logarithms))
        return max(abs(given[name] - expected[name]) for name in expected)

    # The decoders and filters of the two programs differ, so the pixels differ a little. Another preparation
    # would give very different pixels.
    assert difference(prepared) < difference(program) / 4, (difference(prepared), difference(program))
    print("the program prepares image files as pdarts predict")


def check_trained_network(tools, test_images, training_images, tutorial):
    spec = tools.folder / "train.textproto"
    spec.write_text("""
        name: "export"
        space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
        dataset { [type.googleapis.com/pdarts.cifar10_sample.Cifar10SampleConfig] {} }
        genotype: "PDARTS"
        network { cells: 3 channels: 4 }
        train { epochs: 10 batch_size: 50 train_images: 200 auxiliary_weight: 0.4 }
    """)
    run = tools.folder / "run"
    tools.call(tools.pdarts, "train", "--spec=%s" % spec, "--output_dir=%s" % run)
    flags = ["--run=%s" % run, "--epoch=best"]
    model, program = check_network(tools, flags, run / "best.safetensors", 32, seed=0)
    assert json.loads(model.metadata_props[3].value)[0] == "airplane" == program.CLASS_NAMES[0]
    assert not any("auxiliary" in node.name for node in model.graph.node)
    # Without --output, the files are written into the run.
    tools.call(tools.pdarts, "export", *flags)
    tools.call(tools.pdarts, "export", *flags, "--format=pytorch")
    assert (run / "model.onnx").read_bytes() == (tools.folder / "model.onnx").read_bytes()
    assert (run / "model.py").read_text() == (tools.folder / "model.py").read_text()

    # Predictions for images on which the network was not trained: the test images, and the training images without the
    # first 200.
    pixels = numpy.concatenate([read_records(test_images), read_records(training_images)[200:]])[:PREDICTED]
    assert len(pixels) == PREDICTED
    images = pixels.astype(numpy.float32) / 255
    network = program.Network()
    program.load_weights(network, run / "best.safetensors")
    network.eval()
    expected = tools.logits(flags, {"images": images})["images"]
    predicted = expected.argmax(1)
    assert len(set(predicted)) > 1, "the network gives all images one class"
    in_torch = torch_logits(network, images)
    assert (onnx_logits(str(run / "model.onnx"), images).argmax(1) == predicted).all()
    assert (in_torch.argmax(1) == predicted).all()

    # The options of the ONNX file.
    few = images[:7]
    probabilities = onnx_logits(str(tools.export(flags, "softmax.onnx", "--softmax")), few)
    assert_near(probabilities, torch.from_numpy(expected[:7]).softmax(1).numpy(), "softmax")
    mean, deviation = (numpy.array(values, numpy.float32).reshape(1, -1, 1, 1)
                       for values in (program.MEAN, program.DEVIATION))
    plain = onnx_logits(str(tools.export(flags, "plain.onnx", "--nonormalize")), (few - mean) / deviation)
    assert_near(plain, expected[:7], "nonormalize")

    # The weights as a .pt file, and the program as a user starts it.
    tools.call(tools.pdarts, "convert", "--weights=%s" % (run / "best.safetensors"), "--output=%s" % (run / "best.pt"))
    from_pt = program.Network()
    program.load_weights(from_pt, run / "best.pt")
    assert_near(torch_logits(from_pt.eval(), few), expected[:7], "weights of a .pt")
    Image.fromarray(pixels[0].transpose(1, 2, 0).copy()).save(tools.folder / "image.png")
    output = tools.call(sys.executable, run / "model.py", tools.folder / "image.png").splitlines()
    assert output[0] == str(tools.folder / "image.png") and len(output) == 6, output
    assert output[1].split()[-1] == program.CLASS_NAMES[predicted[0]], output

    check_tutorial(tools, flags, tutorial, pixels[0])
    check_preparation(tools, run, program, pixels[0])

    # The network can be trained further.
    torch.manual_seed(1)
    network.train()
    network.set_drop_path(0.3)
    batch = torch.from_numpy(images[:50])
    with torch.no_grad():
        assert not torch.equal(network(batch)[0], network(batch)[0]), "drop path drops nothing"
    network.set_drop_path(0.0)
    labels = torch.from_numpy(predicted[:50].copy())
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    losses = []
    for _ in range(10):
        logits, auxiliary = network(batch)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        (loss + 0.4 * torch.nn.functional.cross_entropy(auxiliary, labels)).backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        optimizer.step()
    assert losses[-1] < losses[0], losses
    print("the trained network agrees")


def main(pdarts, probe, test_images, training_images, tutorial):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BLACK_CACHE_DIR"] = str(pathlib.Path(folder) / "black")
        tools = Tools(pathlib.Path(pdarts).resolve(), pathlib.Path(probe).resolve(), pathlib.Path(folder))
        check_random_networks(tools)
        check_trained_network(tools, test_images, training_images, tutorial)
    print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__, "agree")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:])
