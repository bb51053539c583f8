#!/bin/bash
# The operations of a search step on the counting device, in each stage of the table in docs/gpu.md:
# they are those of the table, and at most a third of those before the grouped kernels.
# usage: step_operations_test.sh DEVICE_COUNTERS CHECKS GPU_PAGE
set -u
counters="$PWD/$1"
page="$PWD/$3"
source "$2"
cd "$TEST_TMPDIR" || exit 1

# The numbers depend neither on the channels nor on the number of steps.
"$counters" --kernels=grouped --channels=2 --steps=1 --threads=1 --json >json ||
  give_up "failed: device_counters"

# | space | cells / candidates | operations before | after | a third of before | ...
rows=$(grep -E '^\| (DARTS|NAS-Bench-201) \| [0-9]+ / [0-9]+ \|' "$page" | tr -d ' -' | tr '|/' '  ')
while read -r space cells candidates before after third _; do
  what="$space with $cells cells and $candidates candidates"
  row="\"space\": \"${space,,}\", \"stage\": [123], \"cells\": $cells, \"candidates\": $candidates"
  row+=', "kernels": "grouped/counting", "steps": 1, "operations": '
  counted=$(grep -oE "$row[0-9]+" json | grep -oE '[0-9]+$')
  if [ -z "$counted" ]; then
    fails "$what: not counted"
    cat json
    continue
  fi
  [ "$counted" = "$after" ] || fails "$what: $counted operations, but $after in docs/gpu.md"
  [ $((3 * counted)) -le "$before" ] ||
    fails "$what: $counted operations, more than a third of $before"
  [ "$third" = $((before / 3)) ] || fails "$what: $third is not a third of $before"
done <<<"$rows"
[ "$(wc -l <<<"$rows")" = 6 ] || fails "the table has not six rows"

exit $((failures > 0))
