#!/bin/bash
# Runs a Python program with the packages of the given folders only.
# usage: run_python.sh SITE_PACKAGES[:SITE_PACKAGES...] PROGRAM ARGUMENT...
set -eu
path=
IFS=: read -ra folders <<< "$1"
for packages in "${folders[@]}"; do
  [ -d "$packages" ] || packages="../${packages#external/}"  # where the runfiles hold it
  path="$path${path:+:}$(realpath -s "$packages")"  # a child may run in another folder
done
PYTHONPATH="$path" exec python3 -s -B "${@:2}"
