#!/bin/bash
# Tests that, under a memory limit, commands refuse work that does not fit, and can do the work that
# their error message suggests.
# usage: memory_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

plugins='
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 2000 test_images: 2000
  }
}'
cat > train.textproto <<SPEC
name: "tiny" $plugins
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { epochs: 1 }
SPEC
cat > search.textproto <<SPEC
name: "tiny" $plugins
schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] { cells: 2 channels: 2 epochs: 1 warmup_epochs: 0 } }
search {}
SPEC
threads=--threads=1
few_images=(--set=dataset.train_images=8 --set=dataset.test_images=8)
trained=("$pdarts" train --spec=train.textproto $threads)
prints "test " "${trained[@]}" "${few_images[@]}" --set=train.batch_size=8 --output_dir=trained

# limited COMMAND...: runs the command under the limit that is set.
limited() { (ulimit -v "$kilobytes" && exec "$@"); }

# refuses FLAG OUTPUT_DIR COMMAND...: expects that the command is refused under the limit, that the
# message names the limit, and that the command succeeds with the value of FLAG in the message.
refuses() {
  local flag=$1 directory=$2 output status suggestion
  shift 2
  [ -z "$directory" ] || set -- "$@" "--output_dir=$directory"
  output=$(limited "$@" 2>&1)
  status=$?
  [ $status = 1 ] || fails "exit status $status instead of 1: $*"
  suggestion=$(grep -o -e "$flag=[0-9]*" <<< "$output")
  if [[ "$output" != *"needs about "*" MB are free ($limit)"*"would fit"* || -z "$suggestion" ]]; then
    fails "should be refused by $limit with $flag: $*"
    echo "says: $output"
    return
  fi
  if [ -n "$directory" ] && [ -e "$directory/checkpoint.bin" ]; then fails "$directory was begun"; fi
  # With fewer images, the pass that was too large is the only one.
  output=$(limited "$@" ${directory:+--overwrite} "$suggestion" 2>&1) ||
    { fails "$suggestion does not fit: $*"; echo "says: $output"; }
}

refuse_search() {
  refuses --set=search.batch_size search "$pdarts" search --spec=search.textproto $threads \
    --set=search.batch_size=2000 --set=search.evaluation_batch_size=16 --set=search.train_images=2000
}
refuse_all() {
  refuse_search
  refuses --set=train.batch_size train "${trained[@]}" --set=train.batch_size=2000 \
    --set=train.train_images=2000 --set=train.evaluation_batch_size=16 --set=dataset.test_images=16
  refuses --set=train.evaluation_batch_size "" "$pdarts" evaluate --run=trained $threads \
    --set=train.evaluation_batch_size=2000 --set=dataset.test_images=2000
  refuses --batch "" "$pdarts" benchmark --space=darts --genotype=PDARTS --cells=3 --channels=4 \
    --runs=1 $threads --batch=20000
}

# A limit on the address space counts everything that the program maps, which differs between
# machines. So a first run with a larger limit determines the limit that leaves 300 MB.
limit="RLIMIT_AS, ulimit -v"
kilobytes=6000000
if ! limited "$pdarts" list > /dev/null 2>&1; then
  echo "skipped: under ulimit -v the program does not start, as with a sanitizer"
  exit $((failures > 0))
fi
output=$(limited "$pdarts" benchmark --space=darts --genotype=PDARTS $threads --batch=60000 2>&1)
free=$(grep -o "[0-9]* MB are free" <<< "$output" | cut -d' ' -f1)
if [ -z "$free" ]; then
  fails "ulimit -v is not respected"
  echo "says: $output"
else
  kilobytes=$((kilobytes - (free - 300) * 1000000 / 1024))
  refuse_all
  # Running out of memory without a warning is an error too.
  says "out of memory" limited "${trained[@]}" --set=train.batch_size=2000 --allow_swap --output_dir=swapped
fi

# A search in a control group. The estimates are those of the tests above, so that the other commands
# would show nothing new.
group=
while IFS=: read -r _ controllers path; do
  [ "$controllers" = memory ] && group=/sys/fs/cgroup/memory$path/pdarts_memory_test_$$
done < /proc/self/cgroup
if [ -z "$group" ]; then
  echo "skipped: this machine has no version 1 memory controller"
elif ! mkdir "$group" 2> /dev/null; then
  echo "skipped: cannot make the control group $group"
else
  trap 'rmdir "$group"' EXIT
  limit=$group/memory.limit_in_bytes
  echo 600000000 > "$limit"
  limited() { (echo $BASHPID > "$group/cgroup.procs" && exec "$@"); }
  rm -rf search
  refuse_search
fi

exit $((failures > 0))
