"""Makes the committed sample from the published CIFAR-10 files.

usage: make_sample.py CIFAR_10_BATCHES_BIN OUT

Takes the first 100 training and the first 20 test images of each class, in file order.
"""
import os
import sys

RECORD = 1 + 3072


def sample(paths, per_class):
    taken = [0] * 10
    out = []
    for path in paths:
        with open(path, "rb") as f:
            while record := f.read(RECORD):
                if taken[record[0]] < per_class:
                    taken[record[0]] += 1
                    out.append(record)
    assert taken == [per_class] * 10, taken
    return b"".join(out)


def main(source, out):
    train = [os.path.join(source, "data_batch_%d.bin" % i) for i in range(1, 6)]
    test = [os.path.join(source, "test_batch.bin")]
    for name, paths, per_class in (("train.bin", train, 100), ("test.bin", test, 20)):
        with open(os.path.join(out, name), "wb") as f:
            f.write(sample(paths, per_class))


main(*sys.argv[1:])
