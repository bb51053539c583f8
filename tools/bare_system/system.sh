# Sourced by check.sh, check_kit.sh and check_release.sh, which describe their arguments: a bare Debian system, which they
# create or use.

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

# Copies files and folders of this machine that exist to the same place in the system.
copy_to_system() {
  local path
  for path in "$@"; do
    [ -e "$path" ] || continue
    mkdir -p "$system$(dirname "$path")"
    cp -RLT "$path" "$system$path"
  done
}

copy_settings() {
  copy_to_system /etc/resolv.conf /etc/hosts /etc/apt/auth.conf /etc/apt/auth.conf.d /usr/local/share/ca-certificates \
    /etc/pip.conf ${PIP_CONFIG_FILE:+"$PIP_CONFIG_FILE"}
  mkdir -p "$system/root/.config/pip"
  local file
  for file in "$HOME/.pip/pip.conf" "$HOME/.config/pip/pip.conf"; do
    [ ! -e "$file" ] || cat "$file" >"$system/root/.config/pip/pip.conf"
  done
  # A mirror behind https is read before ca-certificates is installed.
  case $(debian_mirror) in https:*) copy_to_system /etc/ssl/certs/ca-certificates.crt ;; esac
  apt-config dump --no-empty Acquire | grep -v '^Acquire::\(IndexTargets\|cdrom\)' >"$system/etc/apt/apt.conf.d/90host"
}

# Sets the array `environment` to the variables of a program in the system.
set_environment() {
  environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  local name
  for name in $(compgen -e | grep -iE '^(PIP_.*|(https?|ftp|all|no)_proxy)$'); do
    environment+=("$name=${!name}")
  done
}
