#!/bin/bash
# Runs a Python program with the packages of Python alone.
# usage: run_test.sh PROGRAM ARGUMENT...
exec python3 -s -B "$@"
