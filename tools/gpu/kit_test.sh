#!/bin/bash
# kit_test.sh SITE_PACKAGES KIT: unpacks the kit, and runs its checks on the processor with the torch of SITE_PACKAGES.
set -euo pipefail
packages=$1
[ -d "$packages" ] || packages="../${packages#external/}"  # the place in the runfiles
packages=$(realpath -s "$packages")
archive=$(realpath "$2")
. tests/cli/checks.sh
cd "$TEST_TMPDIR"  # checks.sh writes to this folder

size=$(stat -Lc %s "$archive")
[ "$size" -le 55000000 ] || fails "the kit has $size bytes"
tar xzf "$archive"
kit=$(echo "$PWD"/pdarts-gpu-kit-*)
[ -z "$(find "$kit" -name 'libtorch*' -o -name 'libc10*' -o -name 'libcudart*')" ] || fails "the kit holds LibTorch"
touch before

# A Python whose torch is of another version, and one without torch.
mkdir -p other/torch
echo '__version__ = "2.10.0+cu130"' > other/torch/__init__.py
says "torch 2.10.0+cu130" env PYTHONPATH="$PWD/other" "$kit/check.sh" --device=cpu
mkdir -p none/torch
echo 'raise ImportError("not here")' > none/torch/__init__.py
says "no torch" env PYTHONPATH="$PWD/none" "$kit/check.sh" --device=cpu
says "there is no /nowhere/python" env PYTHON=/nowhere/python "$kit/check.sh" --device=cpu

report=${TEST_UNDECLARED_OUTPUTS_DIR:-$PWD}/report.json
export PYTHONPATH=$packages
prints " 0 failed" "$kit/check.sh" --device=cpu --patience=6 --output="$report"
says "--config=cuda" "$kit/check.sh" --device=cuda --output=cuda.json

# Every step has checks that passed, and each check has a line of its own.
python3 -B - "$report" <<'PYTHON' || fails "the report is wrong"
import json
import sys
text = open(sys.argv[1]).read()
report = json.loads(text)
checks = report["checks"]
for step in range(1, 7):
    assert any(c["step"] == step and c["status"] == "passed" for c in checks), "step %d" % step
assert text.count('\n{"step": ') == len(checks), "lines"
assert report["kit"]["cuda"] is False, report["kit"]
names = {c["check"] for c in checks}
for name in ("fixture/pdarts_supernet_stage3/float64/fused", "quickstart killed and continued", "search/stage2/eager",
             "python/stage1", "ratio/stage3", "training/PDARTS", "slowest/training/PDARTS"):
    assert name in names, name
PYTHON
prints "| search/stage1/eager |" python3 -B "$kit/check.py" --table="$report"
[ -z "$(find "$kit" -newer before)" ] || fails "files of the kit changed"
exit $((failures > 0))
