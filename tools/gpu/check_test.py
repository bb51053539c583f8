"""Tests of check.py and check.sh, with replacements for the programs of the kit and for torch.

usage: check_test.py CHECK_PY CHECK_SH
"""
import importlib.util
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import types
import unittest

CHECK_PY, CHECK_SH = [os.path.abspath(path) for path in sys.argv[1:3]]
specification = importlib.util.spec_from_file_location("check", CHECK_PY)
check = importlib.util.module_from_spec(specification)
specification.loader.exec_module(check)

KIT = {"version": "0.1.0", "commit": "abc", "torch": "2.11.0", "cuda": True, "cuda_major": "13"}


def torch_module(version="2.11.0+cu130", cuda="13.0", available=True):
    return types.SimpleNamespace(
        __version__=version,
        version=types.SimpleNamespace(cuda=cuda),
        cuda=types.SimpleNamespace(is_available=lambda: available))


class EnvironmentTest(unittest.TestCase):
    def error(self, torch, device="cuda", **kit):
        return check.environment_error({**KIT, **kit}, torch, device)

    def test_fits(self):
        self.assertIsNone(self.error(torch_module()))
        self.assertIsNone(self.error(torch_module(available=False), device="cpu"))
        self.assertIsNone(self.error(torch_module("2.11.0+cpu", cuda=None), device="cpu", cuda=False))
        self.assertIsNone(self.error(torch_module("2.11.0"), device="cpu", cuda=False))

    def test_tells_what_is_wrong(self):
        for text, error in [
            ("pip install torch==2.11.0", self.error(None)),
            ("torch 2.12.1+cu130", self.error(torch_module("2.12.1+cu130"))),
            ("--config=cuda", self.error(torch_module(), cuda=False)),
            ("CUDA 12.8", self.error(torch_module("2.11.0+cu128", "12.8"))),
            ("CUDA (none)", self.error(torch_module("2.11.0+cpu", None), device="cpu")),
            ("nvidia-smi", self.error(torch_module(available=False))),
        ]:
            self.assertIn(text, error)


class KitTest(unittest.TestCase):
    """A kit whose programs are Python programs."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("kit/bin", "work"):
            os.makedirs(os.path.join(self.folder, name))
        self.kit = os.path.join(self.folder, "kit")
        self.runner = check.Runner(self.kit, os.path.join(self.folder, "work"), ["/torch/lib", "/nvidia/lib"])
        self.report = check.Report(os.path.join(self.folder, "report.json"), KIT, {"device": "cpu", "processor": "a"})
        self.checks = check.Checks(self.runner, self.report, "cpu")

    def program(self, name, text):
        path = os.path.join(self.kit, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!%s -B\nimport json, os, sys, time\n%s" % (sys.executable, text))
        os.chmod(path, stat.S_IRWXU)

    def statuses(self):
        return {c["check"]: c["status"] for c in self.report.checks}

    def failure(self):
        """The error of the only check that failed."""
        (failed,) = [c for c in self.report.checks if c["status"] == "failed"]
        return failed["error"]


class RunnerTest(KitTest):
    def test_sets_the_libraries_for_programs_of_the_kit_only(self):
        self.program("bin/show", 'print(os.environ.get("LD_LIBRARY_PATH", ""), os.environ.get("PDARTS_REFERENCE_DIR", ""))')
        output, error = self.runner.run([self.runner.program("show")])
        self.assertIsNone(error)
        self.assertTrue(output.startswith("/torch/lib:/nvidia/lib"), output)
        self.assertIn(os.path.join(self.kit, "share/runfiles/pdarts/tests/parity/reference"), output)
        output, _ = self.runner.run([self.runner.program("show")], own_libraries=False)
        self.assertNotIn("/torch/lib", output)

    def test_ends_a_program_and_its_children_at_the_limit(self):
        pid = os.path.join(self.folder, "pid")
        # A shell, because it starts at once on a busy machine too.
        self.program("bin/hangs", "")
        with open(self.runner.program("hangs"), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho begun\nsleep 600 &\necho $! > %s\nwait\n" % pid)
        begin = time.monotonic()
        output, error = self.runner.run([self.runner.program("hangs")], limit=3)
        self.assertLess(time.monotonic() - begin, 60)
        self.assertEqual(output, "begun\n")
        self.assertIn("not done within 3 s", error)
        with open(pid, encoding="utf-8") as file:
            child = file.read().strip()
        for _ in range(100):  # until the system has removed it
            if not os.path.exists("/proc/" + child) or check.first_line("/proc/%s/stat" % child).split()[2] == "Z":
                break
            time.sleep(0.05)
        else:
            self.fail("the child lives")

    def test_a_patient_runner_waits_longer(self):
        self.runner.patience = 100
        self.program("bin/slow", "time.sleep(0.5)")
        self.assertIsNone(self.runner.run([self.runner.program("slow")], limit=0.1)[1])

    def test_starts_nothing_after_the_deadline(self):
        self.program("bin/quick", "")
        self.runner.deadline = time.monotonic() - 1
        self.assertIn("was over", self.runner.run([self.runner.program("quick")])[1])

    def test_tells_how_a_program_ended(self):
        self.program("bin/fails", 'sys.exit("the reason")')
        self.assertEqual(self.runner.run([self.runner.program("fails")])[1], "exit status 1: the reason")
        self.program("bin/killed", "os.kill(os.getpid(), 9)")
        self.assertEqual(self.runner.run([self.runner.program("killed")])[1], "signal 9")


class ParityTest(KitTest):
    def line(self, name, passed):
        return 'print(json.dumps({"check": "%s", "passed": %s, "deviation": 2, "tolerance": 1}), flush=True)\n' % (
            name, passed)

    def test_each_line_is_a_check(self):
        self.program("bin/device_parity", 'assert sys.argv[1:] == ["--device=cpu"]\n' + self.line("a", True) +
                     self.line("b", False) + self.line("c", True) + "sys.exit(1)")
        self.checks.parity(1)
        self.assertEqual(self.statuses(), {"a": "passed", "b": "failed", "c": "passed"})
        self.assertEqual(self.report.checks[0]["deviation"], 2)

    def test_a_crash_fails_after_what_was_checked(self):
        self.program("bin/device_parity", self.line("a", True) + "os.abort()")
        self.checks.parity(1)
        self.assertEqual(self.statuses(), {"a": "passed", "device_parity": "failed"})
        self.assertIn("signal 6", self.failure())

    def test_a_crash_after_a_failed_check_fails(self):
        self.program("bin/device_parity", self.line("a", False) + "os.abort()")
        self.checks.parity(1)
        self.assertEqual(self.statuses(), {"a": "failed", "device_parity": "failed"})

    def test_no_output_fails(self):
        self.program("bin/device_parity", "")
        self.checks.parity(1)
        self.assertEqual(self.statuses(), {"device_parity": "failed"})


# Logs one epoch for each of three stages. If the name of the folder asks for it, a run that is not resumed stops in its
# second stage until it is killed.
QUICKSTART = """
folder = [a for a in sys.argv if a.startswith("--output_dir=")][0][13:]
resumes = "--resume" in sys.argv
os.makedirs(folder, exist_ok=True)
log = os.path.join(folder, "log.jsonl")
if resumes and not os.path.exists(log): sys.exit("nothing to resume")
for stage in ((3,) if resumes else (1, 2, 3)):
  with open(log, "a") as file:
    edges = [{"probabilities": [0.5, SHARE]}]
    file.write(json.dumps({"event": "epoch", "stage": stage, "probabilities": [{"edges": edges}]}) + "\\n")
  if stage == 2 and folder.endswith("killed") and not ENDS: time.sleep(600)
open(os.path.join(folder, "genotype.txt"), "w").write((GENOTYPE if resumes else "Genotype(a)") + "\\n")
"""


class QuickstartTest(KitTest):
    def quickstart(self, genotype="Genotype(a)", share="0.25", ends=False):
        self.program("bin/quickstart", QUICKSTART.replace("SHARE", share).replace("ENDS", str(ends)).replace(
            "GENOTYPE", repr(genotype)))
        self.checks.quickstart(2)

    def test_is_killed_and_continued(self):
        self.quickstart()
        self.assertEqual(self.statuses(), {"quickstart": "passed", "quickstart killed and continued": "passed"})
        self.assertEqual(self.report.checks[0]["genotype"], "Genotype(a)")
        self.assertEqual(self.report.checks[1]["probabilities_differ_by"], 0)

    def test_another_genotype_fails(self):
        self.quickstart(genotype="Genotype(b)", share="0.5 if resumes else 0.25")
        self.assertIn("found Genotype(b)", self.failure())
        self.assertIn("0.25", self.failure())

    def test_a_run_that_ends_before_the_kill_fails(self):
        # Logs the second stage and ends at once, so that only a run without this line ends before.
        self.program("bin/quickstart", 'folder = [a for a in sys.argv if "=" in a and "output_dir" in a][0][13:]\n'
                     'os.makedirs(folder)\nopen(folder + "/genotype.txt", "w").write("a")\n'
                     'if folder.endswith("killed"): sys.exit("no device")')
        self.checks.quickstart(2)
        self.assertIn("no device", self.failure())

    def test_a_failed_run_fails(self):
        self.program("bin/quickstart", 'sys.exit("no device")')
        self.checks.quickstart(2)
        self.assertEqual(self.statuses(), {"quickstart": "failed"})


# Logs its arguments, and prints a measurement.
DEVICE_STEPS = """
with open(%r, "a") as file: file.write(json.dumps(sys.argv[1:]) + "\\n")
output = [a for a in sys.argv if a.startswith("--output=")]
if output:
  open(output[0][9:], "w").write("network")
elif "--precision=BFLOAT16" in sys.argv:
  sys.exit("no bfloat16")
else:
  print("a message")
  print(json.dumps({"images_per_s": 600.0, "peak_bytes": 2000000, "peak_reserved_bytes": PEAK, "estimated_bytes": 3000000, "profile": {
      "launches_per_step": 7.0, "slowest": [{"name": "gemm"}]}}))
"""

PYTHON_NETWORK = """
print(json.dumps({"file": sys.argv[-1], "deviation": DEVIATION, "where": "pass.logits", "images_per_s": 150.0}))
"""


class MeasurementTest(KitTest):
    def setUp(self):
        super().setUp()
        self.calls = os.path.join(self.folder, "calls")
        self.device_steps("None")

    def device_steps(self, reserved):
        self.program("bin/device_steps", DEVICE_STEPS.replace("PEAK", reserved) % self.calls)

    def arguments(self):
        with open(self.calls, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_measures_the_variants_of_each_stage(self):
        self.checks.search_steps(3)
        for stage in check.STAGES:
            self.assertEqual(self.statuses()["search/%s/eager" % stage], "passed")
            self.assertEqual(self.statuses()["search/%s/graphs" % stage], "skipped")
            self.assertEqual(self.statuses()["search/%s/repeatable" % stage], "skipped")
            self.assertEqual(self.statuses()["search/%s/bfloat16" % stage], "failed")
        eager = self.report.find("search/stage1/eager")
        self.assertTrue(eager["within_estimate"])
        self.assertEqual(eager["profile"], {"launches_per_step": 7.0})
        self.assertFalse([a for call in self.arguments() for a in call if a.startswith("--set")])

    def test_compares_the_estimate_with_the_memory_that_was_taken(self):
        self.device_steps("4000000")
        self.checks.training_step(5)
        self.assertFalse(self.report.find("training/PDARTS")["within_estimate"])

    def test_turns_cuda_graphs_on_and_off_on_a_gpu(self):
        check.Checks(self.runner, self.report, "cuda").search_steps(3)
        calls = self.arguments()
        self.assertEqual(len(calls), 12)
        self.assertIn("--set=search.cuda_graphs=OFF,search.deterministic=false", calls[0])
        self.assertIn("--set=search.cuda_graphs=ON,search.deterministic=false", calls[1])
        self.assertIn("--precision=BFLOAT16", calls[2])
        self.assertIn("--set=search.cuda_graphs=ON", calls[3])
        self.assertIn("--batch=96", calls[11])
        self.assertIn("--cells=17", calls[11])

    def test_compares_with_plain_python(self):
        self.checks.search_steps(3)
        self.program("reference_network.py", PYTHON_NETWORK.replace("DEVIATION", "3e-12"))
        self.checks.plain_python(4)
        ratio = self.report.find("ratio/stage2")
        self.assertEqual((ratio["ratio"], ratio["eager"], ratio["target_is_met"]), (4.0, 4.0, True))
        self.assertEqual(self.statuses()["python/stage2"], "passed")
        self.assertIn("stage2: 4.00 times", check.summary(self.report))

    def test_another_network_fails_and_has_its_ratio_left_out(self):
        self.checks.search_steps(3)
        for deviation in ("1e-8", "None"):
            self.report.checks = [c for c in self.report.checks if c["step"] == 3]
            self.program("reference_network.py", PYTHON_NETWORK.replace("DEVIATION", deviation))
            self.checks.plain_python(4)
            self.assertEqual(self.statuses()["python/stage1"], "failed")
            self.assertEqual(self.statuses()["ratio/stage1"], "skipped")
        self.assertIn("pass.logits", check.summary(self.report))

    def test_lists_the_slowest_kernels(self):
        self.checks.training_step(5)
        self.checks.slowest_kernels(6)
        self.assertEqual(self.report.find("slowest/training/PDARTS")["kernels"], [{"name": "gemm"}])
        self.assertEqual(len(self.arguments()), 1)

    def test_measures_for_the_slowest_kernels_alone(self):
        self.checks.slowest_kernels(6)
        self.assertEqual(self.report.find("slowest/search/stage1/eager")["kernels"], [{"name": "gemm"}])

    def test_says_that_nothing_was_profiled(self):
        self.program("bin/device_steps", 'sys.exit("no device")')
        self.checks.slowest_kernels(6)
        self.assertEqual(self.statuses(), {"search/stage1/eager": "failed", "slowest": "failed"})

    def test_output_that_is_no_json_fails(self):
        for text in ("", 'print("no json")'):
            self.report.checks = []
            self.program("bin/device_steps", text)
            self.checks.training_step(5)
            self.assertEqual(self.statuses(), {"training/PDARTS": "failed"})

    def test_tables_hold_what_was_measured(self):
        self.checks.training_step(5)
        table = check.markdown(json.loads(self.report.text()))
        self.assertEqual(table.splitlines()[0].count("|"), table.splitlines()[1].count("|"))
        self.assertIn("| training/PDARTS | 600.0 | 2 | - | 3 | 7.0 | - | - | - |", table)


class ReportTest(KitTest):
    def test_has_one_line_for_each_check_and_is_complete_after_each(self):
        self.report.write()
        with open(self.report.path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["checks"], [])
        self.report.add(1, "a", "passed", where="two\nlines")
        self.report.add(1, "b", "failed", error="x")
        with open(self.report.path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(sum(line.startswith('{"step"') for line in text.splitlines()), 2)
        self.assertEqual(json.loads(text)["summary"], {"passed": 1, "failed": 1, "skipped": 0})
        self.assertEqual(os.listdir(os.path.dirname(self.report.path)).count("report.json.tmp"), 0)


class StepsTest(KitTest):
    def test_take_eight_minutes_at_most(self):
        self.assertLessEqual(sum(seconds for _, _, seconds in check.STEPS), 8 * 60)
        self.assertEqual(len(check.STEPS), 6)

    def test_a_step_that_breaks_does_not_keep_the_others_from_running(self):
        # No program exists.
        out = io.StringIO()
        check.run_steps(self.checks, self.report, self.runner, {1, 2, 3, 4, 5, 6}, out)
        steps = {c["step"] for c in self.report.checks if c["status"] == "failed"}
        self.assertEqual(steps, {1, 2, 3, 4, 5, 6})
        self.assertEqual(len(out.getvalue().splitlines()), 6)
        self.assertIn("FileNotFoundError", json.dumps(self.report.checks))

    def test_only_the_chosen_steps_run(self):
        out = io.StringIO()
        check.run_steps(self.checks, self.report, self.runner, check.parse_steps("5,2"), out)
        self.assertEqual({c["step"] for c in self.report.checks}, {2, 5})
        for text in ("0", "7", "a", "1,", ""):
            with self.assertRaises(check.argparse.ArgumentTypeError):
                check.parse_steps(text)


class ShellTest(unittest.TestCase):
    def test_names_a_python_that_does_not_exist(self):
        result = subprocess.run([CHECK_SH], env={**os.environ, "PYTHON": "/nowhere/python"}, stderr=subprocess.PIPE,
                                text=True, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no /nowhere/python", result.stderr)

    def test_passes_its_arguments_on(self):
        result = subprocess.run([CHECK_SH, "--steps=9"], env={**os.environ, "PYTHON": sys.executable}, stderr=subprocess.PIPE,
                                text=True, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("expected numbers from 1 to 6", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
