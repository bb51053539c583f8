"""Measures how well a short training ranks DARTS architectures.

    python3 judge.py choose --output=spread.txt        # 16 architectures spread over the table's accuracies
    pdarts compare --spec=TRAIN.textproto --genotypes=spread:spread.txt --random=1 --output_dir=DIR --json > measured.json
    python3 judge.py correlate measured.json --runs=DIR

It needs only Python's standard library. README.md describes the use.
"""

import argparse
import csv
import json
import math
import pathlib
import random
import sys

import architectures

TABLE = pathlib.Path(__file__).absolute().parent / "cifar10_validation_accuracy.csv"
FEWEST_ROWS = 4  # of a rank correlation
RESAMPLES = 2000  # of the bootstrap interval
SEED = 301


def fail(message):
    sys.exit(f"error: {message}")


def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: {getattr(error, 'strerror', None) or error}")


def key(text):
    """The same value for two texts of one architecture, in whatever order they list the edges of a node."""
    parsed = architectures.parse(text)
    return tuple(tuple(sorted(parsed[kind], key=lambda edge: (edge[2], edge[1]))) for kind in architectures.CELL_KINDS)


def read_table(path):
    """The rows of a table: (genotype, accuracy in percent)."""
    rows = []
    reader = csv.DictReader(read_text(path).splitlines())
    if not {"genotype", "validation_accuracy"} <= set(reader.fieldnames or []):
        fail(f"{path}:1: the columns are {reader.fieldnames}, expected genotype,validation_accuracy")
    for row in reader:
        try:
            architectures.parse(row["genotype"] or "")
            accuracy = architectures.percentage(row["validation_accuracy"])
        except ValueError as error:
            fail(f"{path}:{reader.line_num}: {error}")
        rows.append((row["genotype"], accuracy))
    return rows


def spread(rows, count):
    """`count` rows in the order of their accuracies: the middle row of each of `count` equal parts of the range.

    The parts are equal in accuracy and not in number of rows, so that the best and the worst rows take part. A part
    without a row gives the nearest row that was not chosen yet.
    """
    rows = sorted(rows, key=lambda row: row[1])
    low, high = rows[0][1], rows[-1][1]
    chosen = set()
    for part in range(count):
        wanted = low + (high - low) * (part + 0.5) / count
        chosen.add(min((i for i in range(len(rows)) if i not in chosen), key=lambda i: (abs(rows[i][1] - wanted), i)))
    return [rows[i] for i in sorted(chosen)]


def ranks(values):
    """The ranks of values from 1. Equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] == values[order[begin]]:
            end += 1
        for i in order[begin:end]:
            result[i] = (begin + 1 + end) / 2
        begin = end
    return result


def spearman(a, b):
    """Spearman's rank correlation. NaN if all values of one list are equal."""
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    products = [sum((x - mean) * (y - mean) for x, y in zip(p, q)) for p, q in ((a, b), (a, a), (b, b))]
    return products[0] / math.sqrt(products[1] * products[2]) if products[1] * products[2] > 0 else math.nan


def interval(a, b):
    """The middle 90% of the correlations of bootstrap samples, drawn with a fixed seed."""
    rng = random.Random(SEED)
    drawn = []
    for _ in range(RESAMPLES):
        rows = [int(rng.random() * len(a)) for _ in a]
        value = spearman([a[i] for i in rows], [b[i] for i in rows])
        if not math.isnan(value):
            drawn.append(value)
    drawn.sort()
    return (drawn[int(0.05 * len(drawn))], drawn[int(0.95 * len(drawn))]) if drawn else (math.nan, math.nan)


def measured_rows(path, table):
    """The architectures in the output of `compare --json` that the table knows: (accuracy, table's accuracy, macs)."""
    known = {key(genotype): accuracy for genotype, accuracy in table}
    rows = {}
    try:
        for row in json.loads(read_text(path))["architectures"]:
            try:
                name = key(row["architecture"])
            except ValueError:
                continue  # for example an architecture with `none`
            if name in known:
                rows[name] = (float(row["accuracy"]), known[name], float(row["macs"]))
    except (ValueError, KeyError, TypeError) as error:
        fail(f"{path}: is not the output of compare --json: {error!r}")
    if len(rows) < FEWEST_ROWS:
        fail(f"{path}: holds {len(rows)} architectures of the table, expected at least {FEWEST_ROWS}")
    return rows


def finished_trainings(folder, names):
    """Every finished training of these architectures in the folder: (name of the architecture, seconds, its folder)."""
    if not pathlib.Path(folder).is_dir():
        fail(f"--runs: {folder} is no folder; expected the --output_dir of compare")
    trainings = []
    for path in sorted(pathlib.Path(folder).glob("*/result.json")):
        try:
            result = json.loads(read_text(path))
            name = key(result["genotype"])
            if name in names:
                trainings.append((name, float(result["seconds"]), path.parent))
        except (ValueError, KeyError, TypeError):
            continue  # a run of another kind
    if not trainings:
        fail(f"--runs: {folder} holds no finished training of these architectures")
    return trainings


def logged_epochs(folder):
    """The epochs of a training's log, in order: (seconds, top-1 accuracy on the test images, loss of the training images)."""
    path = folder / "log.jsonl"
    epochs = {}
    try:
        for line in read_text(path).splitlines():
            event = json.loads(line)
            if event["event"] == "epoch":  # an epoch that was repeated after a stop has two lines
                epochs[int(event["epoch"])] = tuple(float(event[name]) for name in ("seconds", "test_top1", "train_loss"))
    except (ValueError, KeyError, TypeError) as error:
        fail(f"{path}: is not the log of a training: {error!r}")
    if not epochs or sorted(epochs) != list(range(1, len(epochs) + 1)):
        fail(f"{path}: holds the epochs {sorted(epochs)}, expected all from 1 on")
    return [epochs[i] for i in sorted(epochs)]


def correlations_by_epoch(trainings, accuracies):
    """For every epoch that all trainings have: (minutes, correlation of the top-1 accuracies, correlation of the losses).

    `trainings` is what finished_trainings returned, and `accuracies` holds the table's accuracies by name. The minutes
    are those from the beginning to the end of this epoch, as a mean over the trainings. The losses are sums over the
    epochs up to this one, with the sign changed, so that a useful loss has a positive correlation (Ru et al., "Speedy
    Performance Estimation for Neural Architecture Search", NeurIPS 2021). Trainings of one architecture with different
    seeds count as one, with their mean.
    """
    logs = [(name, logged_epochs(folder)) for name, _, folder in trainings]
    names = sorted({name for name, _ in logs})

    def mean_by_name(value):
        values = {name: [] for name in names}
        for name, epochs in logs:
            values[name].append(value(epochs))
        return [sum(values[name]) / len(values[name]) for name in names]

    of_table = [accuracies[name] for name in names]
    result = []
    for last in range(1, min(len(epochs) for _, epochs in logs) + 1):
        minutes = mean_by_name(lambda epochs: sum(epoch[0] for epoch in epochs[:last]) / 60)
        tops = mean_by_name(lambda epochs: epochs[last - 1][1])
        losses = mean_by_name(lambda epochs: -sum(epoch[2] for epoch in epochs[:last]))
        result.append((sum(minutes) / len(minutes), spearman(tops, of_table), spearman(losses, of_table)))
    return result


def choose(arguments):
    rows = read_table(arguments.table)
    if not FEWEST_ROWS <= arguments.count <= len(rows):
        fail(f"--count: {arguments.count} is not in [{FEWEST_ROWS}, {len(rows)}]")
    chosen = spread(rows, arguments.count)
    lines = [f"# {arguments.count} of {len(rows)} architectures, spread over their accuracies in the table (percent)."]
    for genotype, accuracy in chosen:
        lines += [f"# {accuracy}", genotype]
    text = "\n".join(lines) + "\n"
    if arguments.output is None:
        sys.stdout.write(text)
        return
    try:
        pathlib.Path(arguments.output).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"--output: {arguments.output}: {error.strerror}")


def correlate(arguments):
    if arguments.epochs and not arguments.runs:
        fail("--epochs: needs the trainings' logs; give --runs=DIR, the --output_dir of compare")
    table = read_table(arguments.table)
    for path in arguments.measured:
        rows = measured_rows(path, table)
        accuracies, of_table, macs = zip(*rows.values())
        low, high = interval(accuracies, of_table)
        print(f"{path}: {len(rows)} architectures, Spearman {spearman(accuracies, of_table):.3f} "
              f"({low:.3f} to {high:.3f} in nine of ten bootstrap samples), "
              f"multiply-adds alone {spearman(macs, of_table):.3f}")
        if arguments.runs:
            trainings = finished_trainings(arguments.runs, rows)
            seconds = [seconds for _, seconds, _ in trainings]
            print(f"  {len(seconds)} trainings, {sum(seconds) / len(seconds) / 60:.1f} minutes each "
                  f"(at most {max(seconds) / 60:.1f}), {sum(seconds) / 3600:.2f} hours in all")
            if arguments.epochs:
                print("  epoch  minutes  correlation of top-1  of the sum of training losses")
                by_epoch = correlations_by_epoch(trainings, {name: row[1] for name, row in rows.items()})
                for epoch, (minutes, tops, losses) in enumerate(by_epoch, 1):
                    print(f"  {epoch:5}  {minutes:7.1f}  {tops:20.3f}  {losses:29.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", default=TABLE, help="CSV with the columns genotype,validation_accuracy")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("choose", help="write architectures that are spread over the table's accuracies")
    command.add_argument("--count", type=int, default=16)
    command.add_argument("--output", help="the file with the genotypes; default: standard output")
    command.set_defaults(run=choose)
    command = commands.add_parser("correlate", help="print the rank correlation of trainings with the table")
    command.add_argument("measured", nargs="+", help="what compare --json printed")
    command.add_argument("--runs", help="the --output_dir of compare, for the cost of the trainings")
    command.add_argument("--epochs", action="store_true",
                         help="also print the correlation after each epoch of the trainings; needs --runs")
    command.set_defaults(run=correlate)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
