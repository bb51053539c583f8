#!/bin/bash
# Tests sweeps on a real Slurm with one node, which this test starts and stops.
# usage: slurm_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"

for program in munged slurmctld slurmd sbatch; do
  PATH=$PATH:/usr/sbin command -v $program > /dev/null || { echo "$program is missing: install slurm-wlm and munge"; exit 1; }
done
PATH=$PATH:/usr/sbin

# The path is short, because the name of munge's socket may have at most 107 characters. All users may read the folder,
# because munge requires this.
folder=$(mktemp -d /tmp/pdarts_slurm.XXXXXX) || exit 1
chmod 755 "$folder"
cd "$folder" || exit 1
mkdir munge state spool
export SLURM_CONF=$folder/slurm.conf
unset TEST_TMPDIR  # the tasks would inherit it

daemons=()
stop_all() {
  scancel --user="$(id -un)" --quiet 2> /dev/null
  for _ in $(seq 100); do
    [ -n "$(squeue --noheader 2> /dev/null)" ] || break
    sleep 0.1
  done
  local i
  for ((i = ${#daemons[@]} - 1; i >= 0; --i)); do
    kill "${daemons[i]}" 2> /dev/null
    wait "${daemons[i]}" 2> /dev/null
  done
  cd /
  rm -rf "$folder"
}
trap stop_all EXIT
# give_up MESSAGE: ends the test as in checks.sh, and prints the last messages of the daemons.
give_up() {
  echo "$1"
  tail -n 20 "$folder"/*.log "$folder"/*.said 2> /dev/null
  exit 1
}

# --- Slurm ---

head -c 1024 /dev/urandom > munge/key
chmod 600 munge/key
munged --foreground --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
  --seed-file="$folder/munge/seed" --num-threads=2 > munge.said 2>&1 &
daemons+=($!)
await_within 10 test -S munge/socket

host=$(hostname -s)
read -r control_port node_port < <(python3 - <<'PORTS'
import socket
free = [socket.socket() for _ in range(2)]
for one in free:
    one.bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in free])
PORTS
)
# cred_expire is also the time that a requeued task waits. sched_interval is the time between two searches for tasks to
# start. There is no accounting, as on small clusters.
cat > slurm.conf <<CONF
ClusterName=pdarts_test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
SlurmctldPort=$control_port
SlurmdPort=$node_port
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 $(slurmd -C | grep -o 'CPUs=.*ThreadsPerCore=[0-9]*') State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=$host MaxTime=INFINITE State=UP PriorityTier=2
CONF
echo "CgroupPlugin=cgroup/v1" > cgroup.conf
slurmctld -D -c -f "$SLURM_CONF" > slurmctld.said 2>&1 &
daemons+=($!)
# The plugin for a system without control groups depends on the version of Slurm.
idle() { [ "$(sinfo --noheader --format=%T 2> /dev/null)" = idle ]; }
start_node() {
  echo "CgroupPlugin=$1" > cgroup.conf
  slurmd -D -f "$SLURM_CONF" > slurmd.said 2>&1 &
  local node=$!
  for _ in $(seq 100); do
    idle && daemons+=("$node") && return
    kill -0 "$node" 2> /dev/null || return 1
    sleep 0.2
  done
  kill "$node"
  return 1
}
start_node cgroup/v1 || start_node disabled || give_up "slurmd does not start"

# --- sweeps ---

tiny_spec > tiny.textproto
sed 's/"tiny"/"endless"/; s/epochs: 1/epochs: 100000/' tiny.textproto > endless.textproto

# --detach returns at once, --status shows the runs, and the same command waits for them.
endless=("$pdarts" sweep --spec=endless.textproto --seeds=1 --threads=1 --output_dir=ended --launcher=slurm)
status=("$pdarts" sweep --status --output_dir=ended)
prints "" "${endless[@]}" --detach
holds "submitted 1 run as the job array" error
await_within 60 test -e ended/endless-seed1/checkpoint.previous.bin
prints "endless-seed1  running" "${status[@]}"
prints "stage 1/1, epoch " "${status[@]}"
prints '"state":"running"' "${status[@]}" --json
"${endless[@]}" > ended.said 2>&1 &
sweep=$!
await_within 60 holds_now "seed 1: running (task" ended.said
holds "seed 1: submitted before as the task" ended.said
# A preempted run is requeued and resumes.
sbatch --partition=urgent --exclusive --wrap="sleep 1" > urgent.said || give_up "the urgent job was not submitted"
await_within 60 holds_now "resumes in stage" ended/endless-seed1.console.txt
holds "stopped; the state is in" ended/endless-seed1.console.txt
# A cancelled run is reported as cancelled, keeps its state, and is not started again.
task=$(cat ended/endless.sweep-1/task-0)
scancel "$task"
wait $sweep && fails "a sweep whose run was cancelled succeeded"
holds "seed 1: cancelled (task $task), see $folder/ended/endless-seed1.console.txt" ended.said
[ "$(grep -c "stopped; the state is in" ended/endless-seed1.console.txt)" = 2 ] || fails "the cancelled run saved no state"
sleep 10  # longer than a requeued task waits
prints "endless-seed1  cancelled" "${status[@]}"

# A run that takes longer than its limit of one minute, as measured by the other run. Slurm checks the time limits every
# 30 s, and sends the signal up to a minute early.
grep '"event":"epoch"' ended/endless-seed1/log.jsonl | tail -n 1 > last_epoch
epochs=$(awk "BEGIN { print int(80 * $(number epoch < last_epoch) / $(number elapsed_s < last_epoch)) }")
sed "s/\"tiny\"/\"long\"/; s/epochs: 1/epochs: $epochs/" tiny.textproto > long.textproto
long=("$pdarts" sweep --spec=long.textproto --seeds=1 --threads=1 --output_dir=cut --launcher=slurm
  --launcher_options="--time=1 --signal=B:USR1@60")
prints "" "${long[@]}" --detach
# The uninterrupted run, at the same time.
"$pdarts" search --spec=long.textproto --seed=1 --threads=1 --output_dir=whole > whole.said 2>&1 &
whole=$!

# A grid of 2x3 combinations as one job array.
prints "(rows) and search.weights.learning_rate (columns):" "$pdarts" sweep --spec=tiny.textproto --seeds=1 \
  --grid=search.batch_size=8,16 --grid=search.weights.learning_rate=0.025,0.05,0.1 --threads=1 --output_dir=grid \
  --launcher=slurm --launcher_options=--time=10 --array_limit=2
holds "submitted 6 runs as the job array" error
holds "6 of 6 finished" error
holds "#SBATCH --array=0-5%2" grid/tiny.sweep-1/job.sh
for size in 8 16; do
  for rate in 0.025 0.05 0.1; do
    run=grid/tiny-batch_size=$size-learning_rate=$rate-seed1
    [ -s "$run/result.json" ] || fails "$run has no result"
    holds "grid: \"search.weights.learning_rate=$rate\"" "$run/spec.textproto"
  done
done
prints "6 finished" "$pdarts" sweep --status --output_dir=grid
prints "(rows) and search.weights.learning_rate (columns):" "$pdarts" results grid
prints "comparison.html" "$pdarts" report grid
holds '<h2 id="grid">' comparison.html

# The command that began the long run waits for it. The run was requeued at least once, and ends like the
# uninterrupted run.
prints "mean" "${long[@]}"
holds "seed 1: submitted before as the task" error
wait $whole || fails "the uninterrupted run failed: $(tail -n 5 whole.said)"
cuts=$(grep -c "stopped; the state is in" cut/long-seed1.console.txt)
echo "the long run was cut off $cuts times"
[ "$cuts" -gt 0 ] || fails "the long run was not cut off by its time limit"
holds "resumes in stage" cut/long-seed1.console.txt
[ "$(ls -d cut/long.sweep-* | wc -l)" = 1 ] || fails "the long run was submitted twice"
for file in supernet.safetensors genotype.txt architecture.textproto; do
  cmp "cut/long-seed1/$file" "whole/$file" || fails "a requeued run found something else: $file"
done

exit $((failures > 0))
