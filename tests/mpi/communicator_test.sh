#!/bin/bash
# Tests sums, broadcasts and agreements of real processes, and the behavior of the others when one
# of them is killed.
set -u
. tests/mpi/environment.sh
check=tests/mpi/communicator_check
out=$TEST_TMPDIR/out
for processes in 2 3; do
  mpirun -n "$processes" "$check" values >"$out" 2>&1 && grep -q "values are right" "$out" || {
    echo "FAILED: values on $processes processes"
    cat "$out"
    exit 1
  }
done

begin=$(date +%s)
mpirun -n 3 "$check" death >"$out" 2>&1 && { echo "FAILED: mpirun succeeds though a process was killed"; exit 1; }
killed=$(sed -n 's/^killed: //p' "$out")
if ! grep -q "error: process 2 of 3 (.*, process id $killed) has ended" "$out"; then
  echo "FAILED: nobody names the process that was killed"
  cat "$out"
  exit 1
fi
if [ $(($(date +%s) - begin)) -gt 10 ]; then
  echo "FAILED: the others took longer than ten seconds to end"
  exit 1
fi
echo "passed"
