#!/bin/sh
# Checks pdarts on the GPU of this machine: its numbers, its speed and its memory. Needs only Python with torch.
# check.sh --help lists the options. The variable PYTHON can name another Python than python3.
set -eu
kit=$(cd "$(dirname "$0")" && pwd -P)
python=${PYTHON:-python3}
command -v "$python" >/dev/null || {
  echo "check.sh: there is no $python: install Python 3 with torch, or set PYTHON to its path" >&2
  exit 2
}
exec "$python" -B "$kit/check.py" "$@"
