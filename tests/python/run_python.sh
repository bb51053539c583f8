#!/bin/bash
# Runs a Python program with the packages of one folder and no others.
# usage: run_python.sh SITE_PACKAGES PROGRAM ARGUMENT...
set -eu
packages=$1
[ -d "$packages" ] || packages="../${packages#external/}"  # where the runfiles hold it
PYTHONPATH="$packages" exec python3 -s -B "${@:2}"
