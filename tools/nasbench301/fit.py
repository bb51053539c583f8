"""Fits the model with which pdarts predicts the accuracies of DARTS architectures.

    python3 fit.py                          # the shipped model and the fixture of its test
    python3 fit.py --table=FILE --output=MODEL   # a model of accuracies of your own
    python3 fit.py --evaluate               # the comparison of models in README.md

README.md describes the model and the reasons for it.
"""

import argparse
import csv
import math
import pathlib
import random
import sys

import numpy as np
from scipy import stats
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import architectures

HERE = pathlib.Path(__file__).resolve().parent
PLUGIN = HERE.parent.parent / "pdarts" / "benchmarks" / "nasbench301"
SHIPPED = PLUGIN / "cifar10_validation_accuracy.textproto"
SHIPPED_TABLE = HERE / "cifar10_validation_accuracy.csv"

SEED = 301
FOLDS = 10
REPEATS = 10
FEWEST_ROWS = 100
HELD_OUT = 100  # number of rows that --evaluate uses only once, at the end
OTHER_SPLITS = 20  # number of other random splits into HELD_OUT rows and the rest that --evaluate measures
COVERAGE = 0.9  # of the interval
DRAWS = 10000  # number of random architectures for the percentile
QUANTILES = 1000  # number of steps between the quantiles of their predictions
MOST_SKIPS = 4  # maximum in a cell that lies inside the data
MAX_LEVERAGE = 1.0
ALPHAS = np.logspace(-1, 3, 17)  # penalties of ridge regression


def read_table(path):
    """The architectures and accuracies of a CSV file; exits with a message that names the line."""
    found, accuracies = [], []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames is None or not {"genotype", "validation_accuracy"} <= set(rows.fieldnames):
                sys.exit(f"{path}:1: the columns are {rows.fieldnames}, expected genotype,validation_accuracy")
            for row in rows:
                try:
                    found.append(architectures.parse(row["genotype"] or ""))
                    accuracies.append(architectures.percentage(row["validation_accuracy"]))
                except ValueError as error:
                    sys.exit(f"{path}:{rows.line_num}: {error}")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    if len(found) < FEWEST_ROWS:
        sys.exit(f"--table: {path}: {len(found)} architectures, expected at least {FEWEST_ROWS}")
    if max(accuracies) <= 1:
        sys.exit(f"{path}: the best accuracy is {max(accuracies)}; expected percent, not fractions of 1")
    return found, np.array(accuracies)


def matrix(found):
    return np.array([architectures.features(a) for a in found], dtype=float)


def ridge():
    return make_pipeline(StandardScaler(), RidgeCV(alphas=ALPHAS))


def cross_validated(make, x, y, repeats):
    """[repeat][row] the prediction of a model that was fitted without the fold of the row, including the scaling."""
    predictions = np.empty((repeats, len(y)))
    folds = RepeatedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=SEED)
    for i, (train, test) in enumerate(folds.split(x)):
        predictions[i // FOLDS, test] = make().fit(x[train], y[train]).predict(x[test])
    return predictions


def half_width(predictions, y):
    """Half the width of a conformal interval, which the residuals of COVERAGE of all rows and a new row do not exceed."""
    place = min(math.ceil(COVERAGE * (len(y) + 1)), len(y)) - 1
    return float(np.median([np.sort(np.abs(of_repeat - y))[place] for of_repeat in predictions]))


def scores(predictions, y):
    spearman = np.mean([stats.spearmanr(of_repeat, y).statistic for of_repeat in predictions])
    return spearman, np.sqrt(np.mean((predictions - y) ** 2)), np.mean(np.abs(predictions - y))


class Model:
    """A ridge regression with weights for the features before standardization."""

    def __init__(self, x, y):
        pipeline = ridge().fit(x, y)
        scaler, regression = pipeline.named_steps.values()
        self.alpha = float(regression.alpha_)
        self.means = scaler.mean_
        self.weights = regression.coef_ / scaler.scale_
        self.intercept = float(regression.intercept_ - self.weights @ self.means)
        standard = scaler.transform(x)
        precision = np.linalg.inv(standard.T @ standard + self.alpha * np.eye(x.shape[1]))
        # The leverage is the squared length of rows @ (features - means).
        rows = np.linalg.cholesky(precision).T / scaler.scale_
        self.rows = np.array([[float(f"{value:.6g}") for value in row] for row in rows])

    def predict(self, x):
        return self.intercept + x @ self.weights

    def leverage(self, x):
        return np.sum(((x - self.means) @ self.rows.T) ** 2, axis=1)


def count_limits(found):
    """The maximum count of an operation in a cell of the table, one cell kind after the other."""
    limits = np.max([architectures.counts(a) for a in found], axis=0)
    for kind in range(len(architectures.CELL_KINDS)):
        skip = kind * len(architectures.OPERATIONS) + architectures.OPERATIONS.index(architectures.SKIP)
        limits[skip] = min(limits[skip], MOST_SKIPS)
    return [int(limit) for limit in limits]


def quantiles_of(predictions):
    return np.quantile(predictions, np.linspace(0, 1, QUANTILES + 1))


def extrapolated(model, limits, found, x):
    counts = np.array([architectures.counts(a) for a in found])
    return (counts > np.array(limits)).any(axis=1) | (model.leverage(x) > MAX_LEVERAGE)


def write_model(path, comment, dataset, model, interval, quantiles, limits):
    lines = [f"# {line}" for line in comment]
    lines += ["# proto-file: pdarts/benchmarks/nasbench301/accuracy_model.proto",
              "# proto-message: pdarts.nasbench301.AccuracyModel",
              f'dataset: "{dataset}"', f"intercept: {model.intercept!r}"]
    for name, weight, mean in zip(architectures.feature_names(), model.weights, model.means):
        lines.append(f'features {{ name: "{name}" weight: {float(weight)!r} mean: {float(mean)!r} }}')
    lines.append(f"interval: {interval!r}")
    lines.append(f"quantiles: [{', '.join(f'{q:.6f}' for q in quantiles)}]")
    pairs = [(kind, operation) for kind in architectures.CELL_KINDS for operation in architectures.OPERATIONS]
    for (kind, operation), limit in zip(pairs, limits):
        lines.append(f'count_limits {{ cell_kind: "{kind}" operation: "{operation}" max: {limit} }}')
    for row in model.rows:
        lines.append(f"leverage_rows {{ coefficients: [{', '.join(f'{value:.6g}' for value in row)}] }}")
    lines.append(f"max_leverage: {MAX_LEVERAGE!r}")
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_fixture(path, found, model, limits):
    """Predictions of 20 rows of the table, of 23 drawn architectures, and of 7 with a normal cell of one operation."""
    rng = random.Random(SEED + 1)
    chosen = found[:20] + [architectures.draw(rng) for _ in range(23)]
    for operation in architectures.OPERATIONS:
        drawn = architectures.draw(rng)
        drawn["normal"] = [(operation, source, node) for _, source, node in drawn["normal"]]
        chosen.append(drawn)
    x = matrix(chosen)
    outside = extrapolated(model, limits, chosen, x)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["genotype", "prediction", "leverage", "extrapolated"])
        for a, prediction, leverage, is_outside in zip(chosen, model.predict(x), model.leverage(x), outside):
            rows.writerow([architectures.format_text(a), repr(float(prediction)), repr(float(leverage)),
                           int(is_outside)])


def fit(table, output, dataset, fixture):
    found, y = read_table(table)
    x = matrix(found)
    predictions = cross_validated(ridge, x, y, REPEATS)
    spearman, rmse, mae = scores(predictions, y)
    interval = half_width(predictions, y)
    model = Model(x, y)
    limits = count_limits(found)
    rng = random.Random(SEED)
    drawn = [architectures.draw(rng) for _ in range(DRAWS)]
    drawn_x = matrix(drawn)
    quantiles = quantiles_of(model.predict(drawn_x))
    comment = ["Written by tools/nasbench301/fit.py.",
               f"{len(y)} architectures, {x.shape[1]} features, ridge regression with alpha {model.alpha:.3g}.",
               f"Cross-validated, {REPEATS} times {FOLDS} folds: Spearman {spearman:.4f}, RMSE {rmse:.4f}, "
               f"mean error {mae:.4f} points."]
    write_model(output, comment, dataset, model, interval, quantiles, limits)
    if fixture:
        write_fixture(fixture, found, model, limits)
    for line in comment[1:]:
        print(line)
    outside = np.mean(extrapolated(model, limits, drawn, drawn_x))
    print(f"The interval is the prediction +- {interval:.4f}. "
          f"{100 * outside:.2f}% of the random architectures lie outside the data.")
    print(f"Wrote {output}.")


def predict_held_out(x, y, held_out, repeats):
    """The predictions for the held-out rows, and half the width of the interval, of a model of the other rows."""
    x_rest, y_rest = x[~held_out], y[~held_out]
    interval = half_width(cross_validated(ridge, x_rest, y_rest, repeats), y_rest)
    return ridge().fit(x_rest, y_rest).predict(x[held_out]), interval


def evaluate(table):
    """Compares models on all rows except HELD_OUT, and then evaluates the chosen model on those rows."""
    found, y = read_table(table)
    x = matrix(found)
    held_out = np.zeros(len(y), dtype=bool)
    held_out[random.Random(SEED).sample(range(len(y)), HELD_OUT)] = True
    x_rest, y_rest = x[~held_out], y[~held_out]
    names = np.array(architectures.feature_names())
    product = np.char.find(names, "*") >= 0
    counts = np.array([name.split(".")[-1] in architectures.SOURCES for name in names])
    skip_share = np.isin([name.split(".")[-1] for name in names], ["skip_first", "skip_only"])
    a_path = np.char.endswith(names, ".a_path")
    every = np.ones(len(names), dtype=bool)
    compared = [("counts by cell kind and source", counts, ridge), ("all but products", ~product, ridge),
                ("all but a_path", ~a_path, ridge), ("all but skip_first, skip_only", ~skip_share, ridge),
                ("all but counts by source", ~counts, ridge), ("all", every, ridge)]
    compared.append(("all", every, lambda: HistGradientBoostingRegressor(
        max_iter=150, learning_rate=0.08, max_leaf_nodes=8, random_state=SEED)))
    for label, columns, make in compared:
        predictions = cross_validated(make, x_rest[:, columns], y_rest, 2)
        spearman, rmse, mae = scores(predictions, y_rest)
        model = "ridge" if make is ridge else "boosted trees"
        print(f"{model:14}{label:32}{columns.sum():4} features  Spearman {spearman:.4f}  RMSE {rmse:.4f}  "
              f"mean error {mae:.4f}", flush=True)
    prediction, interval = predict_held_out(x, y, held_out, REPEATS)
    spearman, rmse, mae = scores(prediction[None], y[held_out])
    covered = np.mean(np.abs(prediction - y[held_out]) <= interval)
    print(f"held out      {HELD_OUT} rows: Spearman {spearman:.4f}  RMSE {rmse:.4f}  mean error {mae:.4f}; "
          f"the interval +-{interval:.4f} holds {100 * covered:.0f}%")
    evaluate_other_splits(x, y)


def evaluate_other_splits(x, y):
    """Measures the chosen model on other rows that it was not fitted to, to show how much the numbers vary."""
    correlations, covered = [], []
    for split in range(1, OTHER_SPLITS + 1):
        held_out = np.zeros(len(y), dtype=bool)
        held_out[random.Random(SEED + split).sample(range(len(y)), HELD_OUT)] = True
        prediction, interval = predict_held_out(x, y, held_out, 2)
        correlations.append(stats.spearmanr(prediction, y[held_out]).statistic)
        covered.append(100 * np.mean(np.abs(prediction - y[held_out]) <= interval))
    print(f"{OTHER_SPLITS} other splits: Spearman {np.mean(correlations):.4f} ({min(correlations):.4f} to "
          f"{max(correlations):.4f}); the interval holds {np.mean(covered):.0f}% ({min(covered):.0f} to "
          f"{max(covered):.0f}%)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", default=SHIPPED_TABLE, help="CSV with the columns genotype,validation_accuracy")
    parser.add_argument("--output", help="the model's file; needed with --table")
    parser.add_argument("--dataset", default="cifar10", help="the dataset of the accuracies")
    parser.add_argument("--evaluate", action="store_true", help="compare models instead of writing one")
    arguments = parser.parse_args()
    shipped = arguments.table == SHIPPED_TABLE
    if arguments.evaluate:
        evaluate(arguments.table)
        return
    if not shipped and not arguments.output:
        parser.error("--table needs --output, the file to write")
    if not arguments.dataset.isidentifier():
        parser.error(f"--dataset: {arguments.dataset!r} is not a name; expected letters, digits and _")
    fixture = PLUGIN / "predictions.csv" if shipped and not arguments.output else None
    fit(arguments.table, arguments.output or SHIPPED, arguments.dataset, fixture)


if __name__ == "__main__":
    main()
