#!/bin/bash
# Runs the first two commands of README.md on a Debian system without additional packages.
#   tools/bare_system/check.sh bookworm|trixie               creates the system and removes it at the end
#   tools/bare_system/check.sh bookworm|trixie --keep DIR    creates it in DIR, or uses the one that is there
# The script needs root, debootstrap, git, 15 GB of disk (TMPDIR), and a network. It takes an hour on two cores. The
# system gets the commit that is checked out here. Changes that are not committed are not copied. The system gets
# the settings of apt and pip of this machine (mirror, proxies, certificates, pip.conf), and nothing else.
set -euo pipefail

repository=$(realpath "$(dirname "$0")/../..")
. "$repository/tools/bare_system/system.sh"

copy_sources() {
  local clone=$system/root/pdarts
  [ -d "$clone" ] || git clone -q --no-checkout "$repository" "$clone"
  git -C "$clone" fetch -q "$repository" HEAD
  git -C "$clone" checkout -q --force --detach FETCH_HEAD
  git -C "$clone" clean -ffdxq  # the results of an earlier check
  echo "check.sh: commit $(git -C "$clone" log -1 --format='%h %s')"
}

# Prints the commands in the first block of README.md.
readme_commands() {
  sed -n '/^```sh$/,/^```$/p' "$repository/README.md" | sed -e 1d -e '/^```$/,$d'
}

# Runs the commands with the system as the root of the file system. The processes and mounts of the
# commands end with the function.
run_commands() {
  local environment
  set_environment
  # pivot_root rather than chroot, in which Bazel could not make its sandboxes.
  unshare --mount --pid --fork --kill-child env -i "${environment[@]}" /bin/bash -euc '
    mount --make-rprivate /
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mkdir -p .outside
    pivot_root . .outside
    umount -l /.outside
    cd /root/pdarts
    while read -r command; do
      echo "check.sh: $command"
      SECONDS=0
      bash -c "$command" </dev/null || { echo "check.sh: failed after $SECONDS s: $command"; exit 1; }
      echo "check.sh: passed in $SECONDS s: $command"
    done' check "$system"
}

read_arguments "$@"
open_system
copy_settings
copy_sources
[ "$(readme_commands | wc -l)" = 2 ] || { echo "check.sh: README.md does not begin with two commands" >&2; exit 1; }
readme_commands | run_commands
echo "check.sh: both commands of README.md passed on $(system_name)"
