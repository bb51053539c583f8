#!/usr/bin/env python3
"""Makes train.bin and test.bin, the sample of CIFAR-10 in this folder, from the published files.

make_sample.py DATA_DIR [OUTPUT_DIR]

DATA_DIR holds cifar-10-batches-bin/. The sample is the first 100 training and the first 20 test
records of each class, in file order.
"""

import collections
import os
import sys

CLASSES = 10
RECORD_BYTES = 1 + 3 * 32 * 32


def first_of_each_class(paths, count):
    taken = collections.Counter()
    sample = []
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        if len(data) % RECORD_BYTES:
            sys.exit(f"{path}: {len(data)} bytes are not a whole number of records")
        for start in range(0, len(data), RECORD_BYTES):
            label = data[start]
            if label >= CLASSES:
                sys.exit(f"{path}: record {start // RECORD_BYTES}: label {label}")
            if taken[label] < count:
                taken[label] += 1
                sample.append(data[start:start + RECORD_BYTES])
    if len(sample) != CLASSES * count:
        sys.exit(f"{paths[0]}...: fewer than {count} images of some class")
    return b"".join(sample)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "cifar-10-batches-bin")
    output = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    train = [os.path.join(folder, f"data_batch_{i}.bin") for i in range(1, 6)]
    test = [os.path.join(folder, "test_batch.bin")]
    for name, sample in (("train.bin", first_of_each_class(train, 100)),
                         ("test.bin", first_of_each_class(test, 20))):
        with open(os.path.join(output, name), "wb") as file:
            file.write(sample)


if __name__ == "__main__":
    main()
