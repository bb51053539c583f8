"""Tests the wheel on runs of earlier commits.

usage: reader_test.py WHEEL RUNS SPECS

RUNS holds the finished runs `search` and `training`; SPECS is a folder of .textproto files.
"""

import glob
import json
import os
import pathlib
import shutil
import sys
import tempfile
import types
import unittest
import zipfile

WHEEL, RUNS, SPECS = sys.argv[1:4]
SEARCH = os.path.join(RUNS, "search")
TRAINING = os.path.join(RUNS, "training")

unpacked = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
with zipfile.ZipFile(WHEEL) as wheel:
    wheel.extractall(unpacked)
sys.path.insert(0, unpacked)

import pdarts_reader  # noqa: E402
from pdarts_reader import _text_format  # noqa: E402


def parse(text, type_name=""):
    return _text_format.parse(text, type_name, "here")


class WheelTest(unittest.TestCase):
    def test_installs_the_package_that_it_names(self):
        self.assertTrue(pdarts_reader.__file__.startswith(unpacked))
        (info,) = glob.glob(os.path.join(unpacked, "*.dist-info"))
        version = os.path.basename(info)[len("pdarts_reader-") : -len(".dist-info")]
        metadata = pathlib.Path(info, "METADATA").read_text()
        self.assertIn(f"\nName: pdarts-reader\nVersion: {version}\n", metadata)
        self.assertIn("\n# pdarts-reader\n", metadata)
        self.assertTrue(pathlib.Path(unpacked, "pdarts_reader", "py.typed").exists())
        recorded = {line.split(",")[0] for line in pathlib.Path(info, "RECORD").read_text().splitlines()}
        with zipfile.ZipFile(WHEEL) as wheel:
            self.assertEqual(recorded, set(wheel.namelist()))
            self.assertEqual({entry.date_time[0] for entry in wheel.infolist()}, {1980})


class TextFormatTest(unittest.TestCase):
    def test_reads_values(self):
        text = r"""
            # a remark
            i: -3 h: 0x1F f: 1.5e-3 g: 2f big: 1e+20; inf: inf nan: -inf, yes: true no: false e: SOME_NAME
            s: "a\"\n\303\244 # no remark" 'b' t: "ä"
            m { x: 1 } n: < x: 2 > l: [1, 2] l: 3
        """
        self.assertEqual(
            parse(text),
            {
                "i": -3,
                "h": 31,
                "f": 0.0015,
                "g": 2.0,
                "big": 1e20,
                "inf": float("inf"),
                "nan": float("-inf"),
                "yes": True,
                "no": False,
                "e": "SOME_NAME",
                "s": 'a"\nä # no remarkb',
                "t": "ä",
                "m": {"x": 1},
                "n": {"x": 2},
                "l": [1, 2, 3],
            },
        )

    def test_knows_lists_of_one(self):
        text = 'cells { kind: "normal" concat: 5 edges { from: 0 to: 2 } }'
        self.assertEqual(
            parse(text, "pdarts.Architecture"),
            {"cells": [{"kind": "normal", "concat": [5], "edges": [{"from": 0, "to": 2}]}]},
        )
        self.assertEqual(parse("cells: []", "pdarts.Architecture"), {"cells": []})

    def test_reads_the_settings_of_plugins(self):
        stages = "stages { cells: 3 }"
        known = f"schedule {{ [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {{ {stages} }} }}"
        self.assertEqual(
            parse(known, "pdarts.ExperimentSpec")["schedule"],
            {"@type": "type.googleapis.com/pdarts.schedules.PdartsScheduleConfig", "stages": [{"cells": 3}]},
        )
        other = "schedule { [type.googleapis.com/mine.Schedule] { a: 1 b: 2 b: 3 } }"
        self.assertEqual(
            parse(other, "pdarts.ExperimentSpec")["schedule"],
            {"@type": "type.googleapis.com/mine.Schedule", "a": 1, "b": [2, 3]},
        )

    def test_says_where_a_text_is_wrong(self):
        for text, message in [
            ("a: 1\nb: {\n", "here:3: the text ends where '}' is missing"),
            ("a: 1\n}", "here:2: '}' stands where a field's name is expected"),
            ("a 1", "here:1: '1' stands where ':' or '{' is expected"),
            ("a: ;", "here:1: ';' stands where a value is expected"),
            ("a: [1 2]", "here:1: '2' stands where ',' or ']' is expected"),
            ("a: [1", "here:1: '' stands where ',' or ']' is expected"),
            ('a: "open', "here:1: '\"' begins no value and no name"),
            ("[a", "here:1: the text ends where ']' is missing"),
            ("a: 1x", "here:1: '1' begins no value and no name"),
        ]:
            with self.assertRaises(pdarts_reader.TextFormatError, msg=text) as raised:
                parse(text)
            self.assertEqual(str(raised.exception), message)

    def test_reads_every_shipped_spec(self):
        files = glob.glob(os.path.join(SPECS, "*.textproto"))
        self.assertGreater(len(files), 10)
        for file in files:
            spec = _text_format.parse(pathlib.Path(file).read_text(), "pdarts.ExperimentSpec", file)
            self.assertEqual(spec["name"], pathlib.Path(file).stem)
            self.assertTrue(spec["space"]["@type"].startswith("type.googleapis.com/pdarts."), spec["space"])


class RunTest(unittest.TestCase):
    def test_reads_a_search(self):
        run = pdarts_reader.read_run(SEARCH)
        self.assertEqual(set(run), {"spec", "log", "probabilities", "architecture", "result"})
        self.assertEqual(run["spec"]["search"]["batch_size"], 50)
        self.assertEqual([stage["keep"] for stage in run["spec"]["schedule"]["stages"]], [5, 3, 1])
        self.assertEqual(run["spec"]["regularizers"][0]["initial_rates"], [0, 0.4, 0.7])

        epochs = run["log"]["epoch"]
        self.assertEqual(epochs["stage"], [1, 1, 2, 2, 3, 3])
        self.assertEqual(epochs["weight_top1"], [11.4, 19, 13.8, 21.6, 14, 18])
        self.assertEqual(epochs["supernet_top1"], [None, 11.2, None, 11.6, None, 12])
        self.assertEqual(epochs["regularizers.skip_dropout"], [0, 0, 0.2, 0.4, 0.35, 0.7])
        self.assertEqual(len(run["log"]["run_end"]["time"]), 1)
        self.assertNotIn("probabilities", epochs)

        # architecture.json has the same architecture in another format.
        expected = json.loads(pathlib.Path(SEARCH, "architecture.json").read_text())
        self.assertEqual(run["architecture"]["architecture"], expected["architecture"])
        self.assertEqual(run["architecture"]["text"], expected["text"])
        self.assertEqual(run["result"]["supernet_top1"], 12)

    def test_reads_probabilities_by_edge_and_epoch(self):
        probabilities = pdarts_reader.read_probabilities(SEARCH)
        self.assertEqual(set(probabilities), {"normal", "reduce"})
        self.assertEqual(len(probabilities["normal"]), 14)
        edge = probabilities["normal"]["0 -> 2"]
        self.assertEqual(edge["stage"], [1, 1, 2, 2, 3, 3])
        self.assertEqual(edge["epoch"], [1, 2, 1, 2, 1, 2])
        self.assertIsNone(edge["skip_connect"][2])  # pruned by the first stage
        # The probabilities of the last epoch are those from which the architecture was derived.
        for decision in pdarts_reader.read_architecture(SEARCH)["trace"]["edges"]:
            edge = probabilities[decision["cell_kind"]][f"{decision['from']} -> {decision['to']}"]
            for operation, probability in zip(decision["candidates"], decision["probabilities"]):
                self.assertAlmostEqual(edge[operation][-1], probability, places=6)
        self.assertEqual(pdarts_reader.read_probabilities(TRAINING), {})

    def test_reads_a_training(self):
        run = pdarts_reader.read_run(TRAINING)
        self.assertEqual(run["spec"]["network"], {"cells": 3, "channels": 2, "skeleton": "cifar"})
        self.assertEqual(run["log"]["epoch"]["test_top1"], [10, 11])
        self.assertEqual(run["architecture"]["text"], run["spec"]["genotype"])
        self.assertEqual(run["result"]["best_epoch"], 2)

    def test_reads_a_run_that_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("spec.textproto", "log.jsonl"):
                shutil.copy(os.path.join(SEARCH, name), folder)
            log = pathlib.Path(folder, "log.jsonl")
            lines = log.read_text().splitlines(keepends=True)
            log.write_text("".join(lines[:3]) + lines[3][:50])
            run = pdarts_reader.read_run(folder)
            self.assertEqual(run["log"]["epoch"]["epoch"], [1])
            self.assertIsNone(run["architecture"])
            self.assertIsNone(run["result"])
            # This log does not name its edges, and the architecture with the names does not exist yet.
            self.assertEqual(list(run["probabilities"]["normal"])[1], "edge 1")
            named = lines[2].replace('{"operations"', '{"from":7,"to":9,"operations"')
            log.write_text(named)
            self.assertEqual(set(pdarts_reader.read_probabilities(folder)["normal"]), {"7 -> 9"})

    def test_names_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(FileNotFoundError, f"{folder} is not a run directory: it has no spec.textproto"):
                pdarts_reader.read_run(folder)
            pathlib.Path(folder, "spec.textproto").write_text('name: "a"\nschedule {')
            pathlib.Path(folder, "log.jsonl").write_text('{"event":"epoch"}\n{"event"\n')
            pathlib.Path(folder, "result.json").write_text("[]")
            with self.assertRaisesRegex(ValueError, f"{folder}/spec.textproto:2: the text ends"):
                pdarts_reader.read_spec(folder)
            with self.assertRaisesRegex(ValueError, f"{folder}/log.jsonl:2: no JSON"):
                pdarts_reader.read_log(folder)
            with self.assertRaisesRegex(ValueError, f"{folder}/result.json: no JSON object"):
                pdarts_reader.read_result(folder)

    def test_makes_data_frames(self):
        if "pandas" not in sys.modules:
            sys.modules["pandas"] = None  # the same effect as a missing package
            with self.assertRaisesRegex(ImportError, "a data frame needs pandas"):
                pdarts_reader.log_frame(SEARCH)
        # Replaces pandas, which is not available in this test.
        sys.modules["pandas"] = types.SimpleNamespace(DataFrame=dict)
        try:
            self.assertEqual(pdarts_reader.log_frame(SEARCH)["epoch"], [1, 2, 1, 2, 1, 2])
            self.assertEqual(len(pdarts_reader.log_frame(SEARCH, "stage_end")["time"]), 3)
            frame = pdarts_reader.probabilities_frame(SEARCH)
        finally:
            del sys.modules["pandas"]
        self.assertEqual(list(frame), ["stage", "epoch", "cell_kind", "edge", "operation", "probability"])
        self.assertEqual({len(column) for column in frame.values()}, {2 * 28 * (8 + 5 + 3)})
        self.assertEqual((frame["edge"][0], frame["operation"][0]), ("0 -> 2", "none"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
