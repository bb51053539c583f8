#!/bin/bash
# Checks that the package of the wheel passes mypy --strict. usage: types_test.sh SITE_PACKAGES WHEEL
set -eu
packages=$PWD/$1
[ -d "$packages" ] || packages="$PWD/../${1#external/}"  # where the runfiles hold it
python3 -m zipfile -e "$2" "$TEST_TMPDIR"
cd "$TEST_TMPDIR"
PYTHONPATH="$packages" exec python3 -s -B -m mypy --strict --python-version 3.9 --cache-dir=/dev/null pdarts_reader
