"""Runs the checks of the kit for a GPU. check.sh starts it.

It writes a report as JSON, with one line for each check, and prints a summary. The exit status is 0 if every check passed, 1
if one failed, and 2 if this machine cannot run the kit.
"""
import argparse
import glob
import json
import math
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MEGABYTE = 1e6
STAGES = ["stage1", "stage2", "stage3"]
# Variants of a search step on a GPU: settings and precision. Only "repeatable" promises the same bits each time, as
# searches do by default. In the others, cuDNN chooses its fastest algorithms, as in the plain Python modules.
VARIANTS = {
    "eager": ["--set=search.cuda_graphs=OFF,search.deterministic=false"],
    "graphs": ["--set=search.cuda_graphs=ON,search.deterministic=false"],
    "bfloat16": ["--set=search.cuda_graphs=ON,search.deterministic=false", "--precision=BFLOAT16"],
    "repeatable": ["--set=search.cuda_graphs=ON"],
}
# Variants on the processor, where each search gives the same bits each time.
CPU_VARIANTS = {"eager": [], "bfloat16": ["--precision=BFLOAT16"]}

# The published sizes, and smaller ones for a machine without a GPU.
SIZES = {
    "cuda": {
        "batch": 96,
        "channels": 16,
        "cells": [5, 11, 17],
        "candidates": [8, 5, 3],
        "dropout": [0.0, 0.4, 0.7],
        "steps": ["--warmup=10", "--steps=30", "--profiled=2"],
        "python_steps": ["--warmup=3", "--steps=10"],
        "compared_batch": 16,
        "training": ["--cells=20", "--channels=36", "--batch=96", "--warmup=10", "--steps=30", "--profiled=2"],
        "quickstart": [],
    },
    "cpu": {
        "batch": 16,
        "channels": 4,
        "cells": [3, 4, 5],
        "candidates": [8, 5, 3],
        "dropout": [0.0, 0.4, 0.7],
        "steps": ["--warmup=1", "--steps=3", "--profiled=1"],
        "python_steps": ["--warmup=1", "--steps=3"],
        "compared_batch": 4,
        "training": ["--cells=5", "--channels=8", "--batch=16", "--warmup=1", "--steps=3", "--profiled=1"],
        "quickstart": ["--set=search.batch_size=50", "--set=search.train_images=400"] + [
            "--set=schedule.stages[%d].%s" % (stage, setting)
            for stage in range(3)
            for setting in ("cells=2", "epochs=1", "warmup_epochs=0")
        ],
    },
}


class Failure(Exception):
    """An attempt failed."""


def plain_version(version):
    """Returns "2.11.0" of "2.11.0+cu130"."""
    return version.split("+")[0]


def environment_error(kit, torch, device):
    """Returns the reason why this machine cannot run the kit, or None. `torch` is Python's torch, or None."""
    install = "install it with: %s -m pip install torch==%s" % (os.path.basename(sys.executable), kit["torch"])
    if torch is None:
        return "this Python has no torch; " + install
    if plain_version(torch.__version__) != kit["torch"]:
        return "this Python has torch %s, and the programs of the kit are built for torch %s; %s" % (
            torch.__version__, kit["torch"], install)
    if not kit["cuda"] and device == "cuda":
        return "this kit was built without --config=cuda; build it with --config=cuda, or use --device=cpu"
    cuda = torch.version.cuda
    if kit["cuda"] and (cuda is None or cuda.split(".")[0] != kit["cuda_major"]):
        return "this Python's torch is built for CUDA %s, and the programs of the kit need a torch for CUDA %s; %s" % (
            cuda or "(none)", kit["cuda_major"], install)
    if device == "cuda" and not torch.cuda.is_available():
        return ("torch finds no CUDA device; nvidia-smi tells whether the driver works, and the driver must support CUDA %s. "
                "--device=cpu runs the checks on the processor" % kit["cuda_major"])
    return None


def library_folders(torch_folder):
    """Returns the folders that hold torch's libraries and those of NVIDIA that torch loads."""
    folders = [os.path.join(torch_folder, "lib")]
    folders += sorted(glob.glob(os.path.join(os.path.dirname(torch_folder), "nvidia", "*", "lib")))
    # NVIDIA's libraries may be in the folders of another installation. The memory map of this process lists the loaded
    # ones.
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        for line in maps:
            match = re.search(r"(/\S*)/lib(?:cudart|cupti|cublas|cudnn|nccl|nvrtc|nvJitLink)[^/]*\.so[.0-9]*$", line)
            if match and not match.group(1).startswith(("/usr/lib", "/lib")):
                folders.append(match.group(1))
    return list(dict.fromkeys(folder for folder in folders if os.path.isdir(folder)))


def first_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return None


def processor_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


def describe_machine(torch, device):
    machine = {
        "device": device,
        "processor": processor_name(),
        "processors": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        machine.update({
            "card": properties.name,
            "capability": "%d.%d" % (properties.major, properties.minor),
            "multiprocessors": properties.multi_processor_count,
            "memory_bytes": properties.total_memory,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "driver": first_line("/proc/driver/nvidia/version"),
        })
    return machine


class Report:
    """The file of the results, which is complete after every check."""

    def __init__(self, path, kit, machine):
        self.path = path
        self.kit = kit
        self.machine = machine
        self.checks = []

    def add(self, step, name, status, **fields):
        """Adds a check. status: "passed", "failed" or "skipped"."""
        self.checks.append({"step": step, "check": name, "status": status, **fields})
        self.write()

    def count(self, status, step=None):
        return sum(check["status"] == status and step in (None, check["step"]) for check in self.checks)

    def find(self, name):
        """Returns the check of this name that passed, or None."""
        return next((c for c in self.checks if c["check"] == name and c["status"] == "passed"), None)

    def text(self):
        counts = {status: self.count(status) for status in ("passed", "failed", "skipped")}
        lines = ",\n".join(json.dumps(check) for check in self.checks)
        return '{"kit": %s,\n"machine": %s,\n"checks": [\n%s\n],\n"summary": %s}\n' % (
            json.dumps(self.kit), json.dumps(self.machine), lines, json.dumps(counts))

    def write(self):
        temporary = self.path + ".tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(self.text())
        os.replace(temporary, self.path)


class Runner:
    """Runs the programs of the kit, each within the remaining time of its step."""

    def __init__(self, kit_folder, work, libraries, patience=1):
        self.kit_folder = kit_folder
        self.patience = patience
        self.work = work
        self.deadline = math.inf
        self._runs = 0
        self._environment = dict(os.environ)
        path = libraries + [p for p in os.environ.get("LD_LIBRARY_PATH", "").split(":") if p]
        self._environment["LD_LIBRARY_PATH"] = ":".join(path)
        self._environment["PDARTS_REFERENCE_DIR"] = os.path.join(
            kit_folder, "share/runfiles/pdarts/tests/parity/reference")

    def program(self, name):
        return os.path.join(self.kit_folder, "bin", name)

    def start(self, words, own_libraries=True):
        """Returns a process, and the files of its standard output and standard error."""
        self._runs += 1
        outputs = [os.path.join(self.work, "%d.%s" % (self._runs, stream)) for stream in ("out", "err")]
        with open(outputs[0], "wb") as out, open(outputs[1], "wb") as err:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.work, start_new_session=True,
                env=self._environment if own_libraries else None)
        return process, outputs

    def kill(self, process):
        """Ends a process and its children with SIGKILL."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def run(self, words, limit=math.inf, own_libraries=True):
        """Returns the standard output, and the error or None."""
        seconds = min(limit * self.patience, self.deadline - time.monotonic())
        if seconds <= 0:
            return "", "the time of the step was over before it began"
        process, outputs = self.start(words, own_libraries)
        try:
            process.wait(seconds if math.isfinite(seconds) else None)
            error = None if process.returncode == 0 else self._describe_end(process, outputs[1])
        except subprocess.TimeoutExpired:
            error = "not done within %.0f s" % seconds
        finally:
            self.kill(process)
        with open(outputs[0], encoding="utf-8", errors="replace") as file:
            return file.read(), error

    def _describe_end(self, process, stderr):
        with open(stderr, encoding="utf-8", errors="replace") as file:
            last = file.read().strip()[-1500:]
        how = ("signal %d" % -process.returncode if process.returncode < 0 else
               "exit status %d" % process.returncode)
        return "%s: %s" % (how, last) if last else how


class Checks:
    """The six steps. Each adds its checks to the report."""

    def __init__(self, runner, report, device, python=sys.executable):
        self.runner = runner
        self.report = report
        self.device = device
        self.sizes = SIZES[device]
        self.python = python
        self._measured = {}

    def parity(self, step):
        """(1) Fixtures and operations on the device against the CPU."""
        output, error = self.runner.run([self.runner.program("device_parity"), "--device=" + self.device])
        failed = 0
        for line in output.splitlines():
            if not line.startswith("{"):
                continue
            result = json.loads(line)
            passed = result.pop("passed")
            failed += not passed
            self.report.add(step, result.pop("check"), "passed" if passed else "failed", **result)
        # If a check failed, the program exits with status 1, and the report already has the check.
        if error and not (failed and error.startswith("exit status 1")):
            self.report.add(step, "device_parity", "failed", error=error)
        elif not output:
            self.report.add(step, "device_parity", "failed", error="the program printed nothing")

    def quickstart(self, step):
        """(2) The quickstart, and the quickstart killed once and continued."""
        whole, killed = [os.path.join(self.runner.work, name) for name in ("whole", "killed")]
        words = [self.runner.program("quickstart"), "--device=" + self.device] + self.sizes["quickstart"]
        begin = time.monotonic()
        _, error = self.runner.run(words + ["--output_dir=" + whole])
        seconds = time.monotonic() - begin
        genotype = first_line(os.path.join(whole, "genotype.txt"))
        if error or not genotype:
            self.report.add(step, "quickstart", "failed", error=error or "there is no genotype")
            return
        self.report.add(step, "quickstart", "passed", seconds=round(seconds, 3), genotype=genotype)
        try:
            self._kill_in_second_stage(words + ["--output_dir=" + killed], os.path.join(killed, "log.jsonl"))
            _, error = self.runner.run(words + ["--output_dir=" + killed, "--resume"])
            if error:
                raise Failure(error)
            found = first_line(os.path.join(killed, "genotype.txt"))
            difference = largest_difference(last_probabilities(whole), last_probabilities(killed))
            if found != genotype:
                raise Failure("the killed run found %s; the probabilities differ by up to %s" % (found, difference))
            self.report.add(step, "quickstart killed and continued", "passed", probabilities_differ_by=difference)
        except Failure as failure:
            self.report.add(step, "quickstart killed and continued", "failed", error=str(failure))

    def _kill_in_second_stage(self, words, log):
        process, outputs = self.runner.start(words)
        try:
            while not any(e.get("event") == "epoch" and e.get("stage") == 2 for e in read_log(log)):
                if process.poll() is not None:
                    with open(outputs[1], encoding="utf-8", errors="replace") as file:
                        raise Failure("the run ended before it was killed: " + file.read().strip()[-1500:])
                if time.monotonic() > self.runner.deadline:
                    raise Failure("the time of the step was over before the second stage")
                time.sleep(0.02)
        finally:
            self.runner.kill(process)

    def search_steps(self, step):
        """(3) The search step of the three stages."""
        for stage, name in enumerate(STAGES):
            for variant in VARIANTS:
                self.measure_search(step, stage, "search/%s/%s" % (name, variant), variant)

    def measure_search(self, step, stage, name, variant):
        sizes = self.sizes
        words = [
            "--work=search", "--cells=%d" % sizes["cells"][stage], "--candidates=%d" % sizes["candidates"][stage],
            "--channels=%d" % sizes["channels"], "--batch=%d" % sizes["batch"],
            "--skip_dropout=%s" % sizes["dropout"][stage]
        ] + sizes["steps"]
        variants = CPU_VARIANTS if self.device == "cpu" else VARIANTS
        if variant not in variants:
            self.report.add(step, name, "skipped", reason="the processor has no such variant")
            return
        words += variants[variant]
        self._measure(step, name, words)

    def _measure(self, step, name, words):
        output, error = self.runner.run([self.runner.program("device_steps"), "--device=" + self.device] + words, limit=60)
        try:
            if error:
                raise Failure(error)
            fields = json.loads(output.splitlines()[-1])
        except (Failure, ValueError, IndexError) as failure:
            self.report.add(step, name, "failed", error=str(failure) or "the program printed nothing")
            return
        profile = fields.pop("profile") or {}
        self._measured[name] = profile.pop("slowest", [])
        estimate = fields["estimated_bytes"]
        peak = fields.get("peak_reserved_bytes") or fields["peak_bytes"]
        fields["within_estimate"] = None if estimate is None else peak <= estimate
        self.report.add(step, name, "passed", **fields, profile=profile)

    def plain_python(self, step):
        """(4) The same networks as plain modules of Python's torch, on the same device."""
        sizes = self.sizes
        files = []
        for stage, name in enumerate(STAGES):
            path = os.path.join(self.runner.work, name + ".safetensors")
            _, error = self.runner.run([
                self.runner.program("device_steps"), "--device=" + self.device, "--work=network", "--output=" + path,
                "--cells=%d" % sizes["cells"][stage], "--candidates=%d" % sizes["candidates"][stage],
                "--channels=%d" % sizes["channels"], "--batch=%d" % sizes["compared_batch"]
            ])
            if error:
                self.report.add(step, "python/" + name, "failed", error="device_steps --work=network: " + error)
            else:
                files.append((stage, name, path))
        for stage, name, path in files:
            # Each stage runs in a process of its own, so that the peak of the memory belongs to the stage.
            output, error = self.runner.run([
                self.python, "-B", os.path.join(self.runner.kit_folder, "reference_network.py"), "--device=" + self.device,
                "--batch=%d" % sizes["batch"], "--dropout=%s" % sizes["dropout"][stage]
            ] + sizes["python_steps"] + [path], own_libraries=False)
            lines = [line for line in output.splitlines() if line.startswith("{")]
            if error or not lines:
                self.report.add(step, "python/" + name, "failed", error=error or "the program printed nothing")
                continue
            fields = json.loads(lines[-1])
            del fields["file"]
            fields["tolerance"] = 1e-9
            same = fields["deviation"] is not None and fields["deviation"] <= fields["tolerance"]
            self.report.add(step, "python/" + name, "passed" if same else "failed", **fields)
            self._add_ratio(step, name)

    def _add_ratio(self, step, stage):
        """The images per second of pdarts divided by those of the plain modules, in float32."""
        python = self.report.find("python/" + stage)
        ratios = {}
        for variant in ("eager", "graphs"):
            own = self.report.find("search/%s/%s" % (stage, variant))
            if python and own:
                ratios[variant] = round(own["images_per_s"] / python["images_per_s"], 3)
        if ratios:
            best = max(ratios.values())
            self.report.add(step, "ratio/" + stage, "passed", ratio=best, **ratios, target=3, target_is_met=best >= 3)
        else:
            self.report.add(step, "ratio/" + stage, "skipped", reason="one of the two was not measured")

    def training_step(self, step):
        """(5) A training step of PDARTS."""
        words = ["--work=training", "--genotype=PDARTS"] + self.sizes["training"]
        if self.device != "cpu":
            words.append("--set=train.deterministic=false")
        self._measure(step, "training/PDARTS", words)

    def slowest_kernels(self, step):
        """(6) The slowest kernels of steps 3 and 5."""
        if not self._measured:
            self.measure_search(step, 0, "search/stage1/eager", "eager")
        for name, kernels in self._measured.items():
            if kernels and not name.endswith("repeatable"):
                self.report.add(step, "slowest/" + name, "passed", kernels=kernels)
        if not self.report.count("passed", step):
            self.report.add(step, "slowest", "failed", error="no step was profiled")


# The steps with their names and the maximum seconds of each: eight minutes in total, times Runner.patience.
STEPS = [
    (Checks.parity, "fixtures and operations", 110),
    (Checks.quickstart, "quickstart, killed and continued", 100),
    (Checks.search_steps, "search steps", 160),
    (Checks.plain_python, "plain Python modules", 65),
    (Checks.training_step, "training step", 35),
    (Checks.slowest_kernels, "slowest kernels", 10),
]


def read_log(path):
    """Returns the complete lines of a run's log; none if there is no log yet."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
    except OSError:
        return []
    return [json.loads(line) for line in lines]


def last_probabilities(run):
    """Returns the probabilities that a run logged last, as one list."""
    epochs = [event for event in read_log(os.path.join(run, "log.jsonl")) if event.get("event") == "epoch"]
    if not epochs:
        return []
    return [p for cell in epochs[-1].get("probabilities", []) for edge in cell["edges"] for p in edge["probabilities"]]


def largest_difference(a, b):
    """Returns the largest difference of two lists, or None if they have no equal length above 0."""
    if not a or len(a) != len(b):
        return None
    return max(abs(x - y) for x, y in zip(a, b))


def megabytes(size):
    return "-" if size is None else "%.0f" % (size / MEGABYTE)


def measurement_rows(checks):
    """Returns the rows of a table of all measured speeds."""
    rows = [["step", "images/s", "peak MB", "reserved MB", "estimate MB", "launches", "graphs", "copies", "synchronizations"]]
    for check in checks:
        if check["status"] != "passed" or "images_per_s" not in check:
            continue
        profile = check.get("profile") or {}
        copies = [profile.get("copies_%s_per_step" % way) for way in ("to_device", "from_device")]
        rows.append([
            check["check"],
            "%.1f" % check["images_per_s"],
            megabytes(check.get("peak_bytes")),
            megabytes(check.get("peak_reserved_bytes")),
            megabytes(check.get("estimated_bytes")),
            str(profile.get("launches_per_step", "-")),
            str(profile.get("graph_launches_per_step", "-")),
            "-" if None in copies else str(sum(copies)),
            str(profile.get("synchronizations_per_step", "-")),
        ])
    return rows


def markdown(report):
    """Returns the table of a report for docs/gpu.md."""
    rows = measurement_rows(report["checks"])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---|" + "---:|" * (len(rows[0]) - 1))
    return "\n".join(lines) + "\n"


def summary(report):
    """Returns the summary for readers."""
    rows = measurement_rows(report.checks)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    if len(rows) > 1:
        for row in rows:
            lines.append("  ".join([row[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])]))
    for check in report.checks:
        if check["check"].startswith("ratio/") and check["status"] == "passed":
            lines.append("%s: %.2f times the images per second of plain Python modules (target: %d)" % (
                check["check"][len("ratio/"):], check["ratio"], check["target"]))
    for check in report.checks:
        if check["status"] == "failed":
            reason = check.get("error") or "the deviation %s of %s is above %s" % (
                check.get("deviation"), check.get("where"), check.get("tolerance"))
            lines.append("FAILED: step %d, %s: %s" % (check["step"], check["check"], reason))
    lines.append("%d passed, %d failed, %d skipped" % tuple(report.count(s) for s in ("passed", "failed", "skipped")))
    return "\n".join(lines)


def run_steps(checks, report, runner, chosen, out=sys.stdout):
    """Runs the chosen steps. An unexpected error of a step is added to the report, and the next step runs."""
    for number, (run, title, seconds) in enumerate(STEPS, start=1):
        if number not in chosen:
            continue
        begin = time.monotonic()
        runner.deadline = begin + seconds * runner.patience
        try:
            run(checks, number)
        except Exception as error:  # the other steps must still run
            report.add(number, title, "failed", error="%s: %s" % (type(error).__name__, error))
        failed = report.count("failed", number)
        print("%d %-34s %6.1f s  %3d passed, %d failed, %d skipped" % (
            number, title, time.monotonic() - begin, report.count("passed", number), failed,
            report.count("skipped", number)), file=out, flush=True)


def parse_steps(text):
    """Returns the set of numbers in "1,3"."""
    numbers = set()
    for word in text.split(","):
        if not word.isdigit() or not 1 <= int(word) <= len(STEPS):
            raise argparse.ArgumentTypeError("%r: expected numbers from 1 to %d, by commas" % (text, len(STEPS)))
        numbers.add(int(word))
    return numbers


def import_torch():
    try:
        import torch
        return torch
    except ImportError:
        return None


def main():
    parser = argparse.ArgumentParser(prog="check.sh", description="Checks pdarts on this machine's GPU, in at most 8 minutes.")
    parser.add_argument("--device", choices=sorted(SIZES), default="cuda", help="what to check; cpu: with smaller networks")
    parser.add_argument("--output", default="pdarts_gpu.json", help="the report that is written (default: %(default)s)")
    parser.add_argument("--steps", type=parse_steps, default=set(range(1, len(STEPS) + 1)),
                        help="only these steps, for example 1,3")
    parser.add_argument("--patience", type=float, default=1, metavar="FACTOR",
                        help="multiplies the time that a step may take, for a machine that also does other work")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the files of all programs in this new folder")
    parser.add_argument("--table", metavar="REPORT", help="print the table of a report as Markdown, and check nothing")
    options = parser.parse_args()
    if options.table:
        with open(options.table, encoding="utf-8") as file:
            sys.stdout.write(markdown(json.load(file)))
        return 0

    folder = os.path.dirname(os.path.realpath(__file__))
    with open(os.path.join(folder, "kit.json"), encoding="utf-8") as file:
        kit = json.load(file)
    torch = import_torch()
    error = environment_error(kit, torch, options.device)
    if error:
        print("check.sh: " + error, file=sys.stderr)
        return 2
    if options.keep:
        os.makedirs(options.keep)
        work = os.path.realpath(options.keep)
    else:
        work = tempfile.mkdtemp(prefix="pdarts_gpu_")
    try:
        runner = Runner(folder, work, library_folders(torch.__path__[0]), options.patience)
        version, error = runner.run([runner.program("pdarts"), "--version"], limit=60)
        if error:
            print("check.sh: the programs of the kit do not start here (%s). README.md names the glibc that they need; this "
                  "system has glibc %s" % (error, platform.libc_ver()[1] or "of an unknown version"), file=sys.stderr)
            return 2
        report = Report(os.path.abspath(options.output), kit, describe_machine(torch, options.device))
        report.write()
        print("%s on %s" % (version.splitlines()[0], report.machine.get("card", report.machine["processor"])), flush=True)
        run_steps(Checks(runner, report, options.device), report, runner, options.steps)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(summary(report))
    print("the report is " + report.path)
    return 1 if report.count("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
