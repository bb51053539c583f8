"""The latency of a trained network in pdarts and in onnxruntime: one image, one thread, in turn.

usage: onnxruntime_latency.py PDARTS RUN [ROUNDS]

PDARTS is the program, RUN the directory of a training. The script needs onnxruntime: python3 -m pip install onnxruntime.
Each round takes the median of 100 forward passes of each program. The script prints the medians over the rounds, and the
machine.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime

PASSES = 100
UNTIMED = 3


def call(*words):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def onnxruntime_ms(session, images):
    times = []
    for _ in range(UNTIMED + PASSES):
        begin = time.perf_counter()
        session.run(None, {"images": images})
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[UNTIMED:])


def main(pdarts, run, rounds=5):
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model.onnx"
        # Both programs compute logits from normalized images.
        call(pdarts, "export", f"--run={run}", f"--output={model}", "--nonormalize")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    images = numpy.random.default_rng(1).standard_normal((1, *session.get_inputs()[0].shape[1:]), numpy.float32)
    measured = {"onnxruntime": [], "pdarts, folded": [], "pdarts": []}
    for _ in range(int(rounds)):
        measured["onnxruntime"].append(onnxruntime_ms(session, images))
        benchmark = json.loads(
            call(pdarts, "benchmark", f"--run={run}", "--batch=1", f"--runs={PASSES}", "--threads=1", "--json")
        )
        measured["pdarts, folded"].append(benchmark["rows"][0]["folded_median_ms"])
        measured["pdarts"].append(benchmark["rows"][0]["median_ms"])
    medians = {name: statistics.median(values) for name, values in measured.items()}
    height, width = benchmark["image_height"], benchmark["image_width"]
    print(
        f"one image of {height}x{width}, {benchmark['cells']} cells, {benchmark['channels']} channels, one thread, "
        f"{benchmark['cpu']}; onnxruntime {onnxruntime.__version__}, {benchmark['kernels']}; {rounds} rounds"
    )
    for name, median in medians.items():
        print(f"{name:16} {median:8.2f} ms")
    print(f"pdarts, folded, takes {medians['pdarts, folded'] / medians['onnxruntime']:.2f} times onnxruntime's time")


if __name__ == "__main__":
    main(*sys.argv[1:])
