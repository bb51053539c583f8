#!/bin/bash
# check_archive.sh ARCHIVE ROOT SETTING...: runs the programs of a release archive with the folder ROOT as the root of
# the file system, without a network. The checks include a search with the quickstart's spec and these settings, a
# report with drawn cells, training, evaluation, export and prediction. ROOT contains a C library, and needs nothing
# else. It contains no MPI. Prints what is wrong. It must run as root, or on a system where users may create namespaces.
# It is called in the repository, or among the files of a test.
set -euo pipefail

if [ "$1" != --inside ]; then
  # Only this process sees the mounts below ROOT. They end with the process.
  namespaces=(--mount --net)
  unshare --mount true 2>/dev/null || namespaces+=(--user --map-root-user)
  exec unshare "${namespaces[@]}" "$0" --inside "$@"
fi
archive=$(realpath "$2")
root=$(realpath "$3")
shift 3
. tests/cli/checks.sh

work=$root/work  # the folder in which the commands run
mkdir -p "$root/opt" "$work" "$root/proc" "$root/dev"
tar xzf "$archive" -C "$root/opt"
folder=$(basename "$root"/opt/pdarts-*)
mount --rbind /proc "$root/proc"
cd "$work"  # where checks.sh writes to
for device in null urandom; do
  [ -e "$root/dev/$device" ] || touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
# Environment variables as on a cluster. They must not change which libraries the archive uses.
environment=(HOME=/work LD_LIBRARY_PATH=/nowhere FONTCONFIG_FILE=/nowhere/fonts.conf GVBINDIR=/nowhere)
change_root=$(command -v unshare)

# inside COMMAND...: runs the command in the system.
inside() { env -i "${environment[@]}" "$change_root" --root="$root" --wd=/work "$@"; }

# shows PATTERN FILE...: expects that each file contains the pattern.
shows() {
  local pattern=$1 file
  shift
  for file in "$@"; do
    grep -aq "$pattern" "$work/$file" || fails "$file has no $pattern"
  done
}

# quiet TEXT COMMAND...: does the same as `prints`, and expects that no library prints a warning.
quiet() {
  prints "$@"
  ! grep -iE "fontconfig|plugin|pango|certificate|cannot open" error || fails "a library complains: ${*:2}"
}

touch "$work/before"
pdarts=/opt/$folder/bin/pdarts
quiet "LibTorch" inside "$pdarts" --version
quiet "cifar10_sample" inside "$pdarts" list
ln -s "$pdarts" "$work/link"
quiet "run directory   /work/run" inside ./link search --spec="/opt/$folder/specs/quickstart.textproto" --output_dir=run "$@"
shows "<svg" run/report.html run/cell_{normal,reduce}.svg
shows "DejaVuSans" run/cell_{normal,reduce}.pdf  # the drawing contains the font, so the font was found
quiet "report.html" inside "$pdarts" report run
quiet "" inside "$pdarts" train --run=run --output_dir=trained --set=train.epochs=1 --set=train.batch_size=100 \
  --set=network.cells=3 --set=network.channels=4
shows "test_top1" trained/result.json
shows "<svg" trained/report.html
quiet "top-1" inside "$pdarts" evaluate --run=trained
quiet "" inside "$pdarts" export --run=trained
shows "genotype" trained/model.onnx
images "$work/photos" 200 30 30 32 32
quiet "photos/0.png" inside "$pdarts" predict --run=trained photos
says "libmpi.so.40" inside "$pdarts-mpi" --version

[ -z "$(find "$root/opt" -newer "$work/before")" ] || fails "files of the archive changed"
[ "$failures" = 0 ] || exit 1
echo "passed: $(inside "$pdarts" --version | tr -s '\n ' ' ')"
