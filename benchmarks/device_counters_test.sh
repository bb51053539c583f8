#!/bin/bash
# device_counters on tiny networks: what it prints, and what it refuses.
# usage: device_counters_test.sh DEVICE_COUNTERS CHECKS
set -u
counters=("$PWD/$1" --batch=2 --channels=2 --steps=2 --threads=1)
source "$2"
cd "$TEST_TMPDIR" || exit 1

"${counters[@]}" --space=nasbench201 --stage=2 --json >json 2>error ||
  { fails "failed: --json"; cat error; }
[ "$(grep -o '"space": "nasbench201", "stage": 2' json | wc -l)" = 2 ] || fails "no two rows"
grep -q '"kernels": "reference/counting", "steps": 2, "operations": [1-9]' json ||
  fails "no operations"
# Each batch reaches the device by a copy, and memory is made before the counted steps.
grep -q '"copies_to_device": [1-9]' json || fails "no copies"
prints "waits" "${counters[@]}" --space=nasbench201 --stage=1 --kernels=reference
prints "aten::" "${counters[@]}" --space=nasbench201 --stage=1 --kernels=grouped --by_operator

says "--space=other: expected darts, nasbench201, both" "${counters[@]}" --space=other
says "--kernels=quick: expected reference, grouped, both" "${counters[@]}" --kernels=quick
says "--stage=4: expected 0, 1, 2, 3" "${counters[@]}" --stage=4
says "--steps=0: expected at least 1" "${counters[@]}" --steps=0

exit $((failures > 0))
