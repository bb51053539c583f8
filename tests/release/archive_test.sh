#!/bin/bash
# archive_test.sh ARCHIVE: checks the release archive on a system that has only a C library. Checks the program with MPI
# on this system, which has Open MPI.
set -euo pipefail
root=$TEST_TMPDIR/root
package=$(dpkg-query -S "$(realpath /lib64/ld-linux-x86-64.so.2)" 2>/dev/null || dpkg-query -S /lib64/ld-linux-x86-64.so.2)
for file in $(dpkg-query -L "${package%%:*}" | grep '\.so'); do
  [ -f "$file" ] || continue
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
settings=(--set=search.batch_size=100)
for stage in 0 1 2; do
  settings+=(--set="schedule.stages[$stage].cells=2" --set="schedule.stages[$stage].epochs=1"
    --set="schedule.stages[$stage].warmup_epochs=0")
done
tests/release/check_archive.sh "$1" "$root" "${settings[@]}"

. tests/mpi/environment.sh
folder=$(echo "$root"/opt/pdarts-*)
mpirun -n 2 "$folder/bin/pdarts-mpi" search --spec="$folder/specs/quickstart.textproto" --threads=1 \
  --output_dir="$TEST_TMPDIR/together" "${settings[@]}"
grep -q '"processes":2' "$TEST_TMPDIR/together/log.jsonl" || { echo "pdarts-mpi did not search with two processes"; exit 1; }
