#!/bin/bash
# Runs the kit for a GPU with --device=cpu on a bare Debian system that has Python and torch, and nothing else.
#   tools/bare_system/check_kit.sh bookworm|trixie               creates the system and removes it at the end
#   tools/bare_system/check_kit.sh bookworm|trixie --keep DIR    creates it in DIR, or uses the one that is there
# Needs root, debootstrap, 12 GB of disk (TMPDIR), and a network to create the system and to install torch. The kit is used
# without a network, by a user without rights. It is the kit that ./bazelw build //tools/gpu:kit has made. The system gets
# this machine's settings for apt and pip, as check.sh describes. TORCH is what pip installs (default: the version of the
# kit). Takes ten minutes on two cores, and the time to download 3 GB.
set -euo pipefail

repository=$(realpath "$(dirname "$0")/../..")
. "$repository/tools/bare_system/system.sh"

# with_system OPTION... -- COMMAND...: runs the command with the system as the root of the file system. The options are those
# of unshare. What is mounted ends with the command.
with_system() {
  local options=() environment
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  set_environment
  unshare --mount --pid --fork --kill-child "${options[@]}" env -i "${environment[@]}" /bin/bash -euc '
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$@"' check_kit "$system" "$@"
}

install_torch() {
  local torch=${TORCH:-$(sed -n 's/^\(torch==[0-9.]*\) .*/\1/p' "$repository/third_party/torch_cpu.lock")}
  copy_settings
  with_system -- apt-get update -q
  with_system -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ca-certificates python3 \
    python3-venv
  with_system -- python3 -m venv /opt/torch
  with_system -- /opt/torch/bin/pip install -q --no-cache-dir "$torch"
  touch "$system/.torch_is_installed"
}

read_arguments "$@"
archive=$repository/bazel-bin/tools/gpu/pdarts-gpu-kit.tar.gz
[ -e "$archive" ] || { echo "check_kit.sh: there is no $archive: ./bazelw build //tools/gpu:kit makes it" >&2; exit 1; }
open_system
[ ! -e "$system/root/pdarts" ] || {
  echo "check_kit.sh: check.sh has installed packages in $system, which is not bare any more" >&2
  exit 1
}
[ -e "$system/.torch_is_installed" ] || install_torch
rm -rf "$system/opt/kit" "$system/tmp/report.json"  # of an earlier check
mkdir -p "$system/opt/kit"
tar xzf "$archive" -C "$system/opt/kit" --strip-components=1
with_system --net -- setpriv --reuid=nobody --regid=nogroup --clear-groups \
  env HOME=/tmp PYTHON=/opt/torch/bin/python3 /opt/kit/check.sh --device=cpu --patience=3 --output=/tmp/report.json
echo "check_kit.sh: the kit works on $(system_name)"
