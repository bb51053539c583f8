#!/bin/bash
# Measures which lines of pdarts the tests run. The script runs the tests in the build with sanitizers, and prints a
# table with a row for each package.
#   tools/coverage/coverage.sh           runs the tests, then counts
#   tools/coverage/coverage.sh --count   counts what the last tests left
# The script needs the packages clang, libclang-rt-dev and llvm. Lines that a test ran before it was killed (SIGKILL)
# are not counted.
set -eu
cd "$(dirname "$0")/../.."
profiles=/tmp/pdarts_coverage  # the same folder as in --config=coverage

if [ "${1:-}" != --count ]; then
  rm -rf "$profiles"
  mkdir -p "$profiles"
  ./bazelw test --config=coverage --keep_going //... || echo "coverage: some tests failed; counting what ran" >&2
fi
merged=$(mktemp)
trap 'rm -f "$merged" "$merged.json"' EXIT
llvm-profdata merge --sparse --failure-mode=all -o "$merged" "$profiles"/*.profraw

# The tests, and the programs that some of them start.
objects=()
while read -r program; do
  [ "$(head -c 4 "$program" | tail -c 3)" != ELF ] || objects+=(-object "$program")  # some of them are scripts
done < <(find -L bazel-bin/pdarts bazel-bin/tests bazel-bin/tools bazel-bin/experiments -type f -not -path '*.runfiles/*' \
  \( -name '*_test' -o -path '*/cli/pdarts' -o -name quickstart \))
llvm-cov export -summary-only -instr-profile "$merged" "${objects[@]}" >"$merged.json"
python3 tools/coverage/table.py "$merged.json"
