#!/bin/bash
# Uses the release archive on a Debian system without additional packages: from the quickstart to a report with drawn
# cells and a trained network.
#   tools/bare_system/check_release.sh bookworm|trixie               creates the system and removes it at the end
#   tools/bare_system/check_release.sh bookworm|trixie --keep DIR    creates it in DIR, or uses the one that is there
# The script needs root, debootstrap, 2 GB of disk (TMPDIR), and a network to create the system. The archive is used
# without a network. The archive is the one that ./bazelw build //:release has made. The script takes five minutes on
# two cores.
set -euo pipefail

repository=$(realpath "$(dirname "$0")/../..")
. "$repository/tools/bare_system/system.sh"

read_arguments "$@"
archive=$repository/bazel-bin/pdarts-linux-x86_64.tar.gz
[ -e "$archive" ] || { echo "check_release.sh: there is no $archive: ./bazelw build //:release makes it" >&2; exit 1; }
open_system
[ ! -e "$system/root/pdarts" ] || {
  echo "check_release.sh: check.sh has installed packages in $system, which is not bare any more" >&2
  exit 1
}
cd "$repository"
rm -rf "$system/opt" "$system/work"  # of an earlier check
tests/release/check_archive.sh "$archive" "$system"
echo "check_release.sh: the release archive works on $(system_name)"
