#!/bin/bash
# Tests sweeps with --launcher=slurm. Scripts replace the programs of Slurm. //tests/slurm:slurm_test uses the
# real ones.
# usage: slurm_sweep_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1
export OMP_NUM_THREADS=1

# The scripts store the state of each task in jobs/ARRAY_TASK, and really run the tasks.
export JOBS=$PWD/jobs
mkdir jobs bin
cat > bin/sbatch <<'SBATCH'
#!/bin/bash
# sbatch --parsable [--array=TASKS] SCRIPT
tasks=$(sed -n 's/^#SBATCH --array=\([0-9-]*\).*/\1/p' "${!#}")
[[ $2 != --array=* ]] || tasks=${2#--array=}
if [ -e "$JOBS/refuse" ]; then
  echo "sbatch: error: invalid partition specified: nope" >&2
  exit 1
fi
array=$(($(cat "$JOBS/last" 2> /dev/null || echo 0) + 1))
echo "$array" > "$JOBS/last"
for task in $(seq "${tasks%-*}" "${tasks#*-}"); do
  echo RUNNING > "$JOBS/${array}_$task"
  setsid "$(dirname "$0")/task" "$array" "$task" "${!#}" > /dev/null 2>&1 < /dev/null &
done
echo "$array"
SBATCH
cat > bin/task <<'TASK'
#!/bin/bash
# task ARRAY TASK SCRIPT: what slurmd does with a task, also when it is requeued.
name=$1_$2
export SLURM_ARRAY_JOB_ID=$1 SLURM_ARRAY_TASK_ID=$2 SLURM_CPUS_ON_NODE=1
export SLURM_NTASKS=4  # of the job that submitted the script
while :; do
  bash "$3" >> "$JOBS/$name.output" 2>&1 &
  echo $! > "$JOBS/$name.shell"
  wait $!
  status=$?
  [ -e "$JOBS/$name.requeue" ] || break
  rm "$JOBS/$name.requeue"
  echo RUNNING > "$JOBS/$name"
done
case $(cat "$JOBS/$name") in
  RUNNING) [ "$status" = 0 ] && echo COMPLETED > "$JOBS/$name" || echo FAILED > "$JOBS/$name" ;;
  COMPLETING) echo CANCELLED > "$JOBS/$name" ;;
esac
TASK
cat > bin/squeue <<'SQUEUE'
#!/bin/bash
cd "$JOBS" || exit 1
case "$*" in
  "--noheader --jobs="*" --format=%T") cat "$(sed 's/.*--jobs=\([0-9_]*\) .*/\1/' <<< "$*")" ;;
  "--noheader --array --jobs="*" --format=%F_%K|%T|%r") grep -H -E 'RUNNING|COMPLETING|PENDING' [0-9]*_*[0-9] | sed 's/:/|/; s/$/|None/' ;;
  *) echo "squeue: unexpected: $*" >&2; exit 1 ;;
esac
exit 0
SQUEUE
printf '#!/bin/sh\necho "Slurm accounting storage is disabled" >&2\nexit 1\n' > bin/sacct
cat > bin/scontrol <<'SCONTROL'
#!/bin/bash
cd "$JOBS" || exit 1
case "$*" in
  "requeue "*)
    if [ -e "forbid_$2" ]; then
      echo "Requested operation is presently disabled" >&2
      exit 1
    fi
    touch "$2.requeue" ;;
  "--oneliner show job "*)
    for file in "$4"_*[0-9]; do
      echo "JobId=1$4 ArrayJobId=$4 ArrayTaskId=${file#*_} JobState=$(cat "$file") Reason=None"
    done ;;
  *) echo "scontrol: unexpected: $*" >&2; exit 1 ;;
esac
SCONTROL
chmod +x bin/*
export PATH=$PWD/bin:$PATH

# Ends every process that still runs at the end, by its process ID.
end_all() {
  local file
  for file in jobs/*.shell; do
    grep -q RUNNING "${file%.shell}" 2> /dev/null && kill -KILL "$(cat "$file")" 2> /dev/null
  done
  for file in */*/lock; do
    [ -e "$file" ] && kill -KILL "$(cut -d' ' -f1 "$file")" 2> /dev/null
  done
}
trap end_all EXIT

tiny_spec > tiny.textproto
sed 's/"tiny"/"slow"/; s/epochs: 1/epochs: 100000/' tiny.textproto > slow.textproto
sed 's/"tiny"/"mid"/; s/epochs: 1/epochs: 50/' tiny.textproto > mid.textproto
slurm=("$pdarts" sweep --launcher=slurm)

# Flags that do not fit together.
says '--launcher: "pbs" is not local or slurm' "$pdarts" sweep --spec=tiny.textproto --seeds=1 --launcher=pbs
says "--detach: only --launcher=slurm takes it" "$pdarts" sweep --spec=tiny.textproto --seeds=1 --detach
says "--array_limit: only --launcher=slurm takes it" "$pdarts" sweep --spec=tiny.textproto --seeds=1 --array_limit=2
says "--launcher_options: only --launcher=slurm takes it" "$pdarts" sweep --spec=tiny.textproto --seeds=1 --launcher_options=--time=1
says "--jobs: only --launcher=local takes it" "${slurm[@]}" --spec=tiny.textproto --seeds=1 --jobs=2
says "has --array: the sweep sets it" "${slurm[@]}" --spec=tiny.textproto --seeds=1 --launcher_options="--time=1 --array=0-3"
says "holds no sweep that was submitted to Slurm" "$pdarts" sweep --status
says "it takes no --spec" "$pdarts" sweep --status --spec=tiny.textproto
PATH=/nonexistent says "there is no sbatch" "${slurm[@]}" --spec=tiny.textproto --seeds=1 --output_dir=none
touch jobs/refuse
says "sbatch: error: invalid partition specified: nope" "${slurm[@]}" --spec=tiny.textproto --seeds=1 --output_dir=none
[ ! -e none/tiny.sweep-1 ] || fails "a sweep that was not submitted left its folder"
rm jobs/refuse

# A grid is one job array with a task for each combination. Its script can be read, and its table is
# that of a local sweep.
prints "supernet_top1 for each search.batch_size:" "${slurm[@]}" --spec=tiny.textproto --seeds=1 \
  --grid=search.batch_size=8,16 --array_limit=2 --launcher_options="--time=5 --nice" --output_dir=grid
holds "search.batch_size=16, seed 1: finished" error
holds "2 of 2 finished" error
script=grid/tiny.sweep-1/job.sh
for line in "#SBATCH --array=0-1%2" "#SBATCH --time=5 --nice" "  '$PWD/grid/tiny-batch_size=16-seed1'"; do
  holds "$line" $script
done
holds 'grid: "search.batch_size=8"' grid/tiny-batch_size=8-seed1/spec.textproto
prints "  tiny-batch_size=16-seed1  finished    1_1
2 finished" "$pdarts" sweep --status --output_dir=grid
prints '"state":"finished","task":"1_0"' "$pdarts" sweep --status --output_dir=grid --json
# The same command starts nothing. If a user submits the script again, finished runs do not change.
prints "supernet_top1 for each" "${slurm[@]}" --spec=tiny.textproto --seeds=1 --grid=search.batch_size=8,16 --output_dir=grid
[ "$(cat jobs/last)" = 1 ] || fails "finished runs were submitted again"
sbatch --parsable $script > /dev/null
await holds_now COMPLETED jobs/2_1
holds "tiny-batch_size=16-seed1 is finished" jobs/2_1.output

# --detach returns at once. The signal before the time limit stops a run with a checkpoint. The run is requeued and
# resumes. Requeueing is forbidden for seed 2, so it is submitted again.
touch jobs/forbid_3_1
prints "" "${slurm[@]}" --spec=mid.textproto --seeds=1,2 --threads=1 --output_dir=cut --detach
holds "submitted 2 runs as the job array 3 by $PWD/cut/mid.sweep-1/job.sh" error
holds "sweep --status --output_dir='$PWD/cut'" error
await test -e cut/mid-seed1/checkpoint.previous.bin
kill -USR1 "$(cat jobs/3_0.shell)"
await test -e cut/mid-seed2/checkpoint.previous.bin
kill -USR1 "$(cat jobs/3_1.shell)"
# The same command waits for the runs that are being computed.
prints "mean" "${slurm[@]}" --spec=mid.textproto --seeds=1,2 --threads=1 --output_dir=cut
[ "$(cat jobs/last)" = 4 ] || fails "runs that are computed were submitted again"
prints "mid-seed2  finished    4_1" "$pdarts" sweep --status --output_dir=cut
holds "the task cannot be requeued, and is submitted again" jobs/3_1.output
for seed in 1 2; do holds "stopped; the state is in" cut/mid-seed$seed.console.txt; done
# Both runs end like an uninterrupted run.
for seed in 1 2; do
  "$pdarts" search --spec=mid.textproto --seed=$seed --threads=1 --output_dir=whole-seed$seed > /dev/null 2>&1
  cmp "cut/mid-seed$seed/supernet.safetensors" "whole-seed$seed/supernet.safetensors" || fails "a requeued run found something else"
done

# A cancelled run is reported as cancelled, and is not requeued. If a waiting command gets a signal, the runs continue.
"${slurm[@]}" --spec=slow.textproto --seeds=1,2 --threads=1 --output_dir=ended > ended.said 2>&1 &
sweep=$!
await test -e ended/slow-seed1/checkpoint.bin
await test -e ended/slow-seed2/checkpoint.bin
says "is still computed, by the task 5_0; scancel 5_0 ends it" "${slurm[@]}" --spec=slow.textproto --seeds=1,2 --threads=1 --output_dir=ended --overwrite
prints "slow-seed1  running     5_0  stage 1/1, epoch" "$pdarts" sweep --status --output_dir=ended
kill -TERM $sweep
wait $sweep
[ $? = 143 ] || fails "a waiting sweep that got SIGTERM ended otherwise"
holds "the runs continue without this command." ended.said
holds "  scancel 5" ended.said
for task in 0 1; do
  echo COMPLETING > jobs/5_$task  # the output of squeue for a task that scancel is ending
  kill -TERM "$(cat jobs/5_$task.shell)"
done
await holds_now CANCELLED jobs/5_0
await holds_now CANCELLED jobs/5_1
prints "2 cancelled" "$pdarts" sweep --status --output_dir=ended
[ -e ended/slow-seed1/checkpoint.bin ] && [ ! -e jobs/5_0.requeue ] || fails "a cancelled task kept no state, or was requeued"

# The same command submits the cancelled run again, and reports it when it is cancelled once more.
"${slurm[@]}" --spec=slow.textproto --seeds=1 --threads=1 --output_dir=ended > ended.said 2>&1 &
sweep=$!
await holds_now "seed 1: running (task 6_0)" ended.said
await holds_now "resumes in stage" ended/slow-seed1.console.txt
echo COMPLETING > jobs/6_0
kill -TERM "$(cat jobs/6_0.shell)"
wait $sweep && fails "a sweep whose run was cancelled succeeded"
holds "seed 1: cancelled (task 6_0), see $PWD/ended/slow-seed1.console.txt" ended.said
holds "these seeds failed: 1; this runs them again:" ended.said

exit $((failures > 0))
