#!/bin/sh
# judge_test.sh JUDGE_TEST_PY JUDGE_PY: runs the tests of judge.py.
exec python3 -s -B "$@"
