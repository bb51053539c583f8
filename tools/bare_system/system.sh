# Functions for check.sh and check_release.sh, which source this file and describe its arguments. The functions create a
# Debian system without additional packages, or use an existing one.

usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}

# Prints the Debian mirror of this machine's apt, if this machine has Debian.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' 'Component: main' 2>/dev/null |
    sed -n 1p
}

# Creates a Debian system of the release in the folder $system.
create_system() {
  echo "$(basename "$0"): creating a bare $release in $system"
  # Without a mirror, debootstrap uses its default.
  debootstrap --variant=minbase "$release" "$system" $(debian_mirror)
  touch "$system/.created_by_check"
}

# Sets $release and $keep from the arguments.
read_arguments() {
  release=${1:-}
  case $release in bookworm | trixie) ;; *) usage ;; esac
  keep=
  if [ $# = 3 ] && [ "$2" = --keep ]; then
    keep=$3
  elif [ $# != 1 ]; then
    usage
  fi
}

# Sets $system to the folder of the system, and creates the system if it does not exist.
open_system() {
  [ "$(id -u)" = 0 ] || { echo "$(basename "$0"): only root can create a system" >&2; exit 1; }
  command -v debootstrap >/dev/null || { echo "$(basename "$0"): install debootstrap first" >&2; exit 1; }
  if [ -n "$keep" ]; then
    mkdir -p "$keep"
    system=$(realpath "$keep")
  else
    system=$(mktemp -d)
    chmod 755 "$system"
    trap 'rm -rf --one-file-system "$system"' EXIT
  fi
  [ -e "$system/.created_by_check" ] || create_system
  grep -q "^VERSION_CODENAME=$release$" "$system/etc/os-release" || {
    echo "$(basename "$0"): $system holds another release than $release" >&2
    exit 1
  }
}

# Prints the name of the system, such as "Debian GNU/Linux 12 (bookworm)".
system_name() { sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' "$system/etc/os-release"; }
