#!/bin/bash
# Tests searches of several processes that are killed, stopped, continued with another number of processes, and started
# in different ways.
# usage: run_test.sh PDARTS CHECKS SEARCH_STEP
# KILLS: how often a process is killed. SEED: of the random moments at which processes are killed.
set -u
. tests/mpi/environment.sh
pdarts="$PWD/$1"
search_step="$PWD/$3"
source "$2"
cd "$TEST_TMPDIR" || exit 1
seed=${SEED:-$$}
RANDOM=$seed
echo "SEED=$seed gives these moments again"

cat > tiny.textproto <<'SPEC'
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 120 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 8 warmup_epochs: 1 keep: 4 }
    stages { cells: 3 channels: 2 epochs: 8 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0.3, 0.4] }
}
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
search { batch_size: 9 evaluated_epochs: 2 }
SPEC
search=("$pdarts" search --spec=tiny.textproto --threads=1 --checkpoint_minutes=0)

# Starts a search with this number of processes. Sets $mpirun to the process number of mpirun. The output goes
# to DIRECTORY.said.
start() {  # PROCESSES DIRECTORY FLAGS...
  local processes=$1 directory=$2
  shift 2
  mpirun -n "$processes" "${search[@]}" --output_dir="$directory" "$@" >"$directory.said" 2>&1 &
  mpirun=$!
}

# Waits for the search, and sets $status to its exit status.
finish() {
  wait "$mpirun"
  status=$?
}

# Prints the process numbers of the ranks.
ranks() { cat /proc/"$mpirun"/task/*/children 2>/dev/null; }

# Sleeps for a random part of the time of a whole search.
sleep_a_while() {
  sleep "$(awk -v whole="$whole_seconds" -v random="$RANDOM" 'BEGIN { print 0.9 * whole * random / 32768 }')"
}

# expect_same DIRECTORY: expects the same result as that of the uninterrupted search, to the bit.
expect_same() {
  local file
  for file in architecture.textproto genotype.txt supernet.safetensors; do
    cmp "whole/$file" "$1/$file" || fails "$1/$file is not that of the uninterrupted search"
  done
}

begin=$(date +%s.%N)
start 2 whole
finish
whole_seconds=$(awk -v begin="$begin" -v end="$(date +%s.%N)" 'BEGIN { print end - begin }')
[ "$status" = 0 ] || { cat whole.said; fails "a search of two processes fails"; echo "$failures failed"; exit 1; }
echo "a whole search takes $whole_seconds s"
[ "$(number processes < whole/result.json)" = 2 ] || fails "the result does not tell of two processes"
grep -q '"process_mem_gb":\[[0-9.]*,[0-9.]*\]' whole/result.json || fails "no memory of each process in the result"
grep -q '"event":"run_begin".*"processes":2' whole/log.jsonl || fails "the log does not tell of two processes"
grep -q '"event":"epoch".*"process_peak_memory_mb":\[[0-9.]*,[0-9.]*\]' whole/log.jsonl ||
  fails "no memory of each process in the log"
grep -q '"event":"epoch".*"all_reduces":[1-9]' whole/log.jsonl || fails "no number of all-reduces in the log"
[ "$(grep -c "^stage 1/2 epoch 1/8" whole.said)" = 1 ] || fails "not exactly one process prints"

# A process is killed several times. Each time the run resumes from its checkpoint. At the end, its result
# is that of the uninterrupted search.
kills=0
run=0
while [ "$kills" -lt "${KILLS:-10}" ]; do
  run=$((run + 1))
  while [ ! -e "killed$run/result.json" ]; do
    start 2 "killed$run"
    victim=none
    if [ "$kills" -lt "${KILLS:-10}" ]; then
      sleep_a_while
      read -ra processes <<< "$(ranks)"
      if [ "${#processes[@]}" = 2 ]; then
        victim=$((RANDOM % 2))
        kill -KILL "${processes[$victim]}" 2>/dev/null && kills=$((kills + 1))
      fi
    fi
    begin=$(date +%s)
    finish
    if [ "$status" != 0 ] && [ "$victim" = none ]; then
      cat "killed$run.said"
      fails "killed$run does not resume"
      break 2
    fi
    [ "$status" = 0 ] && continue
    [ $(($(date +%s) - begin)) -le 10 ] || fails "killed$run takes longer than 10 s to end"
    # Before the processes are connected, only mpirun can notice the end of a process. Its message then
    # names the process.
    grep -qE "process $victim of 2 \(.*\) has ended|process rank $victim with PID" "killed$run.said" ||
      { cat "killed$run.said"; fails "nobody names process $victim, which was killed"; }
  done
  expect_same "killed$run"
done
echo "$kills kills in $run runs"

# A signal to one process or to mpirun stops all processes.
stops() {  # NAME, WHOM: a rank or mpirun
  start 2 "$1"
  while ! grep -q '"event":"epoch"' "$1/log.jsonl" 2>/dev/null && kill -0 "$mpirun" 2>/dev/null; do sleep 0.05; done
  read -ra processes <<< "$(ranks)"
  case $2 in
    mpirun) kill -TERM "$mpirun" ;;
    *) kill -TERM "${processes[$2]}" ;;
  esac
  finish
  [ "$status" != 0 ] || fails "$1 ends with status 0, though it was stopped"
  grep -q "stopped; the state is in .*/$1/checkpoint.bin" "$1.said" || { cat "$1.said"; fails "$1 does not stop in order"; }
  [ -e "$1/checkpoint.bin" ] || fails "$1 has no checkpoint"
}
stops signal0 0
stops signal1 1
grep -q "signal 15 to process 1" signal1.said || fails "nobody says which process got the signal"
# mpirun waits two seconds before it sends SIGTERM, and another two seconds before it sends SIGKILL. By default it waits
# for one second, but a step and a checkpoint take longer on a busy machine.
OMPI_MCA_odls_base_sigkill_timeout=2 stops signal_mpirun mpirun
for run in signal0 signal1 signal_mpirun; do
  start 2 "$run" --resume
  finish
  [ "$status" = 0 ] || { cat "$run.said"; fails "$run does not resume"; }
  expect_same "$run"
done

# Resumes with another number of processes.
stops other 1
start 3 other --resume
finish
[ "$status" = 0 ] || { cat other.said; fails "a run of two processes does not resume with three"; }
grep -q "note: processes was 2, is 3" other.said || fails "nobody says that the number of processes is another"
[ "$(number processes < other/result.json)" = 3 ] || fails "the result does not tell of three processes"
stops alone 0
"${search[@]}" --output_dir=alone --resume >alone.said 2>&1 || { cat alone.said; fails "a run of two processes does not resume with one"; }

# Processes that were started in different ways.
says "process 1 of 2: the processes of a run must be started in the same way; its spec is seed: 2, that of process 0 is seed: 1" \
  mpirun -n 1 "${search[@]}" --output_dir=x --seed=1 : -n 1 "${search[@]}" --output_dir=x --seed=2
[ ! -e x ] || fails "a run that was refused leaves a directory"
cp "$pdarts" another_program && chmod u+w another_program && printf 'x' >> another_program
libraries=$(dirname "$(ldd "$pdarts" | awk '$1 == "libtorch_cpu.so" { print $3 }')")
says "its program's checksum is" env LD_LIBRARY_PATH="$libraries" \
  mpirun -n 1 "${search[@]}" --output_dir=x : -n 1 ./another_program "${search[@]:1}" --output_dir=x
says "list is for one process, but was started as one of several tasks (OMPI_COMM_WORLD_SIZE=2)" mpirun -n 2 "$pdarts" list
says "search.batch_size" mpirun -n 3 "${search[@]}" --output_dir=x --set=search.batch_size=2
says "error: search needs --spec=FILE" mpirun -n 2 "$pdarts" search
says "but MPI connects this one with no other" env SLURM_NTASKS=2 "${search[@]}" --output_dir=x

prints "2 processes, each with its share of every batch" mpirun -n 2 "${search[@]}" --dry_run
prints '"processes":2' mpirun -n 2 "${search[@]}" --dry_run --json

# A training.
train=("$pdarts" train --run=whole --threads=1 --set=train.epochs=2 --set=train.batch_size=16 --set=network.cells=2 --set=network.channels=4
  --set=train.auxiliary_weight=0)
prints "run directory" mpirun -n 2 "${train[@]}" --output_dir=trained
[ "$(number processes < trained/result.json)" = 2 ] || fails "the training's result does not tell of two processes"

# The all-reduces of a step.
step=("$search_step" --cells=2 --candidates=2 --channels=2 --batch=4 --steps=1 --threads=1 --kernels=fused)
prints '"all_reduce_bytes_per_step": ' mpirun -n 2 "${step[@]}" --precision=float32 --json
[[ "$(mpirun -n 2 "${step[@]}" --precision=float32)" =~ "sums "[1-9][0-9.]*" buffers of "[1-9] ]] || fails "search_step tells of no sums"
says "several processes measure one variant" mpirun -n 2 "${step[@]}"

echo "$failures failed"
[ "$failures" = 0 ]
