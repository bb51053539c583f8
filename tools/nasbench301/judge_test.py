"""Tests of judge.py.

usage: judge_test.py JUDGE_PY
"""
import contextlib
import csv
import importlib.util
import io
import json
import math
import os
import shutil
import sys
import tempfile
import unittest

JUDGE_PY = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.dirname(JUDGE_PY))
specification = importlib.util.spec_from_file_location("judge", JUDGE_PY)
judge = importlib.util.module_from_spec(specification)
specification.loader.exec_module(judge)


def reordered(genotype):
    """The same architecture with the two edges of each node in the other order."""
    cells = judge.architectures.parse(genotype)
    return judge.architectures.format_text(
        {kind: [edges[i ^ 1] for i in range(len(edges))] for kind, edges in cells.items()})


class JudgeTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.table = judge.read_table(judge.TABLE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def measured(self, rows):
        """A file as compare --json writes it, from (genotype, accuracy)."""
        return self.write("measured.json", json.dumps({"groups": [], "architectures": [
            {"group": "spread", "architecture": genotype, "accuracy": accuracy, "params": 1, "macs": 7 - i}
            for i, (genotype, accuracy) in enumerate(rows)]}))

    def run_judge(self, *arguments):
        """What judge.py prints, or its error."""
        out = io.StringIO()
        old, sys.argv = sys.argv, ["judge.py", *arguments]
        try:
            with contextlib.redirect_stdout(out):
                judge.main()
        except SystemExit as error:
            return str(error.code)
        finally:
            sys.argv = old
        return out.getvalue()

    def test_ranks_share_the_mean(self):
        self.assertEqual(judge.ranks([30, 10, 30, 20]), [3.5, 1, 3.5, 2])

    def test_spearman(self):
        self.assertEqual(judge.spearman([1, 2, 3, 4], [10, 20, 30, 400]), 1)
        self.assertEqual(judge.spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1)
        # 1 - 6 * (1 + 1) / (4 * 15)
        self.assertAlmostEqual(judge.spearman([1, 2, 3, 4], [2, 1, 3, 4]), 0.8)
        self.assertTrue(math.isnan(judge.spearman([1, 1, 1], [1, 2, 3])))

    def test_the_interval_contains_the_correlation_and_repeats(self):
        a, b = list(range(16)), [i + (7 if i % 3 == 0 else 0) for i in range(16)]
        low, high = judge.interval(a, b)
        self.assertLess(low, judge.spearman(a, b))
        self.assertGreater(high, judge.spearman(a, b))
        self.assertEqual(judge.interval(a, b), (low, high))

    def test_spreads_over_the_accuracies(self):
        chosen = judge.spread(self.table, 16)
        self.assertEqual(len({judge.key(genotype) for genotype, _ in chosen}), 16)
        accuracies = [accuracy for _, accuracy in chosen]
        self.assertEqual(accuracies, sorted(accuracies))
        all_accuracies = [accuracy for _, accuracy in self.table]
        step = (max(all_accuracies) - min(all_accuracies)) / 16
        self.assertLess(accuracies[0], min(all_accuracies) + step)
        self.assertGreater(accuracies[-1], max(all_accuracies) - step)
        self.assertLess(max(b - a for a, b in zip(accuracies, accuracies[1:])), 2 * step)

    def test_choose_writes_genotypes_that_compare_reads(self):
        file = self.path("spread.txt")
        self.assertEqual(self.run_judge("choose", "--output", file), "")
        with open(file, encoding="utf-8") as text:
            lines = text.read().splitlines()
        genotypes = [line for line in lines if not line.startswith("#")]
        self.assertEqual(genotypes, [genotype for genotype, _ in judge.spread(self.table, 16)])
        self.assertIn("--count: 3 is not in [4, 500]", self.run_judge("choose", "--count=3"))
        self.assertIn("--output: ", self.run_judge("choose", "--output", self.path("none/file")))

    def test_correlate_finds_the_rows_in_any_order_of_edges(self):
        rows = judge.spread(self.table, 6)
        file = self.measured([(reordered(genotype), accuracy - 20) for genotype, accuracy in rows])
        said = self.run_judge("correlate", file)
        self.assertIn("6 architectures, Spearman 1.000 (", said)
        self.assertIn("multiply-adds alone -1.000", said)

    def test_correlate_measures_the_order(self):
        rows = judge.spread(self.table, 4)
        swapped = [rows[1][1], rows[0][1], rows[2][1], rows[3][1]]
        said = self.run_judge("correlate", self.measured([(row[0], a) for row, a in zip(rows, swapped)]))
        self.assertIn("Spearman 0.800", said)

    def test_correlate_leaves_out_architectures_that_the_table_lacks(self):
        rows = judge.spread(self.table, 5)
        genotype = rows[0][0].replace("max_pool_3x3", "none").replace("avg_pool_3x3", "none")
        self.assertIn("none", genotype)
        file = self.measured(rows[1:] + [(genotype, 10.0)])
        self.assertIn("4 architectures, Spearman 1.000", self.run_judge("correlate", file))

    def test_correlate_tells_the_cost(self):
        rows = judge.spread(self.table, 4)
        for i, (genotype, _) in enumerate(rows):
            self.write(f"runs/{i}/result.json", json.dumps({"genotype": genotype, "seconds": 60 * (i + 1)}))
        self.write("runs/search/result.json", json.dumps({"genotype": "another", "seconds": 1e9}))
        said = self.run_judge("correlate", self.measured(rows), "--runs", self.path("runs"))
        self.assertIn("4 trainings, 2.5 minutes each (at most 4.0), 0.17 hours in all", said)

    def write_training(self, name, genotype, epochs):
        """A finished training whose log holds these epochs: (number, top-1 accuracy, training loss), each of 30 s."""
        self.write(f"runs/{name}/result.json", json.dumps({"genotype": genotype, "seconds": 30 * len(epochs)}))
        self.write(f"runs/{name}/log.jsonl", '{"event": "run_begin"}\n' + "".join(json.dumps(
            {"event": "epoch", "epoch": number, "seconds": 30, "test_top1": top1, "train_loss": loss}) + "\n"
            for number, top1, loss in epochs))

    def by_epoch(self, said):
        """The rows of the table of epochs, as numbers."""
        rows = said.split("sum of training losses\n")[1].splitlines()
        return [[float(value) for value in row.split()] for row in rows]

    def test_correlate_shows_every_epoch(self):
        rows = judge.spread(self.table, 4)
        # Top-1 accuracies rise with the table after the second epoch only; losses fall with it in the first, and their
        # sum has the first two architectures in the wrong order after the second.
        top1 = [[40, 30, 20, 10], [10, 20, 30, 40]]
        loss = [[2.4, 2.3, 2.2, 2.1], [1.0, 1.4, 1.0, 1.0]]
        for i, (genotype, _) in enumerate(rows):
            # The first line of epoch 2 is of a run that was stopped and resumed.
            self.write_training(i, reordered(genotype), [(1, top1[0][i], loss[0][i]), (2, 0, 9), (2, top1[1][i], loss[1][i])])
        said = self.run_judge("correlate", self.measured(rows), "--runs", self.path("runs"), "--epochs")
        self.assertEqual(self.by_epoch(said), [[1, 0.5, -1, 1], [2, 1, 1, 0.8]])
        # Another seed of one architecture: its mean counts, 25 between 20 and 30 in the first epoch.
        self.write_training("seed2", rows[0][0], [(1, 10, 2.4), (2, 10, 1.0)])
        said = self.run_judge("correlate", self.measured(rows), "--runs", self.path("runs"), "--epochs")
        self.assertEqual([row[2] for row in self.by_epoch(said)], [-0.8, 1])

    def test_errors_of_the_table_of_epochs(self):
        rows = judge.spread(self.table, 4)
        self.assertIn("--epochs: needs the trainings' logs", self.run_judge("correlate", self.measured(rows), "--epochs"))
        for i, (genotype, _) in enumerate(rows):
            self.write_training(i, genotype, [(1, 10, 2), (2, 10, 2)])
        arguments = ("correlate", self.measured(rows), "--runs", self.path("runs"), "--epochs")
        self.assertNotIn("error", self.run_judge(*arguments))
        self.write_training(3, rows[3][0], [(1, 10, 2), (3, 10, 2)])
        self.assertIn("log.jsonl: holds the epochs [1, 3], expected all from 1 on", self.run_judge(*arguments))
        self.write("runs/3/log.jsonl", "text")
        self.assertIn("log.jsonl: is not the log of a training", self.run_judge(*arguments))

    def test_errors_name_the_file_and_what_was_expected(self):
        rows = judge.spread(self.table, 5)
        self.assertIn("nothing.json: No such file", self.run_judge("correlate", self.path("nothing.json")))
        self.assertIn("is not the output of compare --json", self.run_judge("correlate", self.write("a.json", "[1]")))
        self.assertIn("holds 3 architectures of the table, expected at least 4",
                      self.run_judge("correlate", self.measured(rows[:3])))
        self.assertIn("nowhere is no folder", self.run_judge("correlate", self.measured(rows), "--runs", "nowhere"))
        os.makedirs(self.path("empty"))
        self.assertIn("holds no finished training",
                      self.run_judge("correlate", self.measured(rows), "--runs", self.path("empty")))
        table = self.write("table.csv", "genotype,accuracy\n")
        self.assertIn("expected genotype,validation_accuracy", self.run_judge("--table", table, "choose"))
        with open(self.path("bad.csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([["genotype", "validation_accuracy"], [rows[0][0], "940"]])
        self.assertIn("bad.csv:2: validation_accuracy: '940' is not a number of percent in [0, 100]",
                      self.run_judge("--table", self.path("bad.csv"), "choose"))
        for text in ("abc", "nan", "", None, "-1"):
            with self.assertRaisesRegex(ValueError, "validation_accuracy: "):
                judge.architectures.percentage(text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
