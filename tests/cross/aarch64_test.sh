#!/bin/sh
# aarch64_test.sh NATIVE FLAG...: compiles the portable loops for aarch64 with these flags. Checks that they compute
# the same numbers as the program NATIVE on this machine.
set -eu
native=$1
shift
compiler=aarch64-linux-gnu-g++
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)
if [ -z "$emulator" ] || ! command -v "$compiler" >/dev/null; then
  echo "install Debian's packages g++-aarch64-linux-gnu and qemu-user-static" >&2
  exit 1
fi

objects=
for source in pdarts/nn/kernels/kernels_portable.cc tests/cross/portable_loops.cc; do
  object=$TEST_TMPDIR/$(basename "$source" .cc).o
  "$compiler" -std=c++17 -Wall -Werror "$@" -I. -c "$source" -o "$object"
  readelf -h "$object" | grep -q 'Machine: *AArch64' || {
    echo "$source was not compiled for aarch64" >&2
    exit 1
  }
  objects="$objects $object"
done
# Static, because the emulator has no libraries of that processor.
# shellcheck disable=SC2086
"$compiler" -static $objects -o "$TEST_TMPDIR/portable_loops"

"$native" >"$TEST_TMPDIR/here"
"$emulator" "$TEST_TMPDIR/portable_loops" >"$TEST_TMPDIR/there"
# Compilers combine multiplications and additions in different ways, which changes the rounding.
paste "$TEST_TMPDIR/here" "$TEST_TMPDIR/there" | awk '
  function abs(x) { return x < 0 ? -x : x }
  {
    tolerance = $1 == "float" ? 2e-6 : 1e-8  # nine digits are printed
    scale = abs($2) > 1 ? abs($2) : 1
    if (NF != 4 || $1 != $3 || !(abs($2 - $4) <= tolerance * scale)) {
      print "line " NR ": " $0
      bad = 1
    }
  }
  END {
    print NR " numbers compared"
    if (NR < 1000 || bad) exit 1
  }' || {
  echo "the portable loops compute something else on aarch64: here on the left, there on the right" >&2
  exit 1
}
