#!/bin/sh
# check_test.sh CHECK_TEST_PY CHECK_PY CHECK_SH: runs the tests of check.py and check.sh.
exec python3 -s -B "$@"
