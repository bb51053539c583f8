#!/bin/bash
# Tests a sweep and its processes: signals, the end of the sweep or of a run, files with the same names,
# and the command that continues the sweep.
# usage: sweep_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

tiny_spec > tiny.textproto
# A search that takes longer than this test.
sed 's/"tiny"/"slow"/; s/epochs: 1/epochs: 100000/' tiny.textproto > slow.textproto

# If the sweep is killed, its children end too.
sweep=
trap '[ -z "$sweep" ] || kill -KILL $sweep 2> /dev/null' EXIT

# Restores the default signals, because background jobs of a shell ignore SIGINT, for example.
all_signals=(env --default-signal)
# slow_sweep ENV...: starts a sweep that computes two seeds at a time, and waits until both have a new
# checkpoint.
slow_sweep() {
  touch mark
  "$@" "$pdarts" sweep --spec=slow.textproto --seeds=1,2 --jobs=2 --threads=1 --output_dir=signals > signals.said 2>&1 &
  sweep=$!
  await test signals/slow-seed1/checkpoint.bin -nt mark
  await test signals/slow-seed2/checkpoint.bin -nt mark
  children="$(cut -d' ' -f1 signals/slow-seed[12]/lock)"  # a lock holds the process's number and its host
}
# ends_with STATUS: expects that the sweep ends with this exit status.
ends_with() {
  wait "$sweep"
  local status=$?
  [ "$status" = "$1" ] || fails "the sweep ended with $status, expected $1"
}
# gone: whether no child runs any more. A child that has ended may still be a zombie, because no
# process waited for it.
gone() {
  local child
  for child in $children; do
    grep -qs "^State:[[:space:]]*[^Z[:space:]]" "/proc/$child/status" && return 1
  done
  return 0
}

# Signals that only the sweep gets are passed on to its runs.
slow_sweep "${all_signals[@]}"
says "signals/slow-seed1.console.txt is locked: a run of another sweep is writing there" \
  "$pdarts" sweep --spec=slow.textproto --seeds=1,2 --jobs=2 --output_dir=signals
kill -INT $sweep
ends_with 130
gone || fails "children outlived a sweep that got SIGINT"
holds "To resume:" signals.said
for seed in 1 2; do
  holds "stopped; the state is in " signals/slow-seed$seed.console.txt
  holds "If you move the run, name its new folder by --output_dir." signals/slow-seed$seed.console.txt
  # The command in the message of a run names the spec of the run, not the pipe of the sweep.
  holds "search --spec=$PWD/signals/slow-seed$seed/spec.textproto" signals/slow-seed$seed.console.txt
  [ "$(grep -c "another sweep" signals/slow-seed$seed.console.txt)" = 0 ] || fails "a sweep wrote into another's console file"
done

# If SIGINT was ignored at the start, it stays ignored. SIGHUP has the effect of SIGTERM.
slow_sweep "${all_signals[@]}" --ignore-signal=INT
kill -INT $sweep
kill -HUP $sweep
ends_with 129
gone || fails "children outlived a sweep that got SIGHUP"
[ "$(grep -c "stopped; the state is in " signals/slow-seed1.console.txt)" = 2 ] || fails "the console file lost what it held"

# A second signal ends all runs at once. If two signals wait, the system delivers the one with the lower
# number first.
slow_sweep "${all_signals[@]}"
kill -HUP $sweep
kill -TERM $sweep
ends_with 129
gone || fails "children outlived a sweep that got two signals"

# If a sweep is killed, the system stops its runs, and they save their states.
slow_sweep "${all_signals[@]}"
saved=$(grep -c "stopped; the state is in " signals/slow-seed1.console.txt)
kill -KILL $sweep
ends_with 137
await gone
[ "$(grep -c "stopped; the state is in " signals/slow-seed1.console.txt)" = $((saved + 1)) ] || fails "a run whose sweep was killed saved nothing"

# With --overwrite, runs that have been replaced resume, and the other runs are replaced first.
touch mark
"${all_signals[@]}" "$pdarts" sweep --spec=slow.textproto --seeds=1,2 --threads=1 --output_dir=signals --overwrite > overwrite.said 2>&1 &
sweep=$!
await test signals/slow-seed1/checkpoint.bin -nt mark
kill -TERM $sweep
ends_with 143
command="$pdarts sweep --spec=slow.textproto --seeds=2 --threads=1 --output_dir=signals --overwrite &&"
holds "$command" overwrite.said
holds "  $pdarts sweep --spec=slow.textproto --seeds=1,2 --threads=1 --output_dir=signals" overwrite.said
[ "$(tail -1 overwrite.said)" = "  $pdarts sweep --spec=slow.textproto --seeds=1,2 --threads=1 --output_dir=signals" ] ||
  fails "the command that resumes overwrites what was done: $(tail -1 overwrite.said)"

# If the reader of a search's messages ends, the search stops and keeps its state.
"${all_signals[@]}" "$pdarts" search --spec=slow.textproto --threads=1 --output_dir=piped 2>&1 | head -1 > /dev/null
[ "${PIPESTATUS[0]}" = 141 ] && [ -e piped/checkpoint.bin ] || fails "a closed pipe ended a search without a checkpoint"
# A run that was moved resumes in the folder that --output_dir names.
mv piped moved
"${all_signals[@]}" "$pdarts" search --spec=slow.textproto --threads=1 --output_dir=moved --resume 2>&1 | grep -m1 "resumes in stage" > moved.said
[ -s moved.said ] && [ ! -e piped ] || fails "a moved run did not resume in its new folder"

# The runs have a copy of the spec. A parent that ignores the end of its children causes no error.
cp tiny.textproto copy.textproto
env --ignore-signal=CHLD "$pdarts" sweep --spec=copy.textproto --seeds=1,2 --threads=1 --output_dir=copied --json > copied.json 2> copied.said &
sweep=$!
await test -e copied/tiny-seed1/spec.textproto
echo "no spec" > copy.textproto
ends_with 0
holds '"failed_seeds":[],' copied.json
prints "mean" "$pdarts" sweep --spec=/dev/stdin --seeds=3 --output_dir=copied < <(cat tiny.textproto)

# The seeds are those in --seeds.
for _ in 1 2; do
  prints "mean" "$pdarts" sweep --spec=tiny.textproto --seeds=1 --set=seed=5 --output_dir=copied
  holds "note: the seeds are those of --seeds; --set=seed=5 changes nothing" error
done

# A grid: each combination is a separate run that records it, and all runs are shown in one table.
grid=("$pdarts" sweep --spec=tiny.textproto --seeds=1 --threads=1 --output_dir=grid)
says "--grid: search.batch_size: expected FIELD=V1,V2" "${grid[@]}" --grid=search.batch_size
says 'search.batch_size: "x" is not a 32-bit integer' "${grid[@]}" --grid=search.batch_size=8,x
says "--grid: search.batch_size=0: search.batch_size: 0 is not in" "${grid[@]}" --grid=search.batch_size=8,0
[ ! -e grid ] || fails "a sweep wrote something before all values were checked"
# A sweep may be in the script of a Slurm job with several tasks.
prints "supernet_top1 for each search.batch_size:" env SLURM_NTASKS=4 "${grid[@]}" --grid=search.batch_size=8,16
holds 'grid: "search.batch_size=16"' grid/tiny-batch_size=16-seed1/spec.textproto
holds "batch_size: 16" grid/tiny-batch_size=16-seed1/spec.textproto
prints '"grids":[{"name":"tiny","dataset":"synthetic","search_space":"darts","fields":["search.batch_size"],' \
  "${grid[@]}" --grid=search.batch_size=8,16 --json
holds "search.batch_size=8, seed 1: finished before" error
prints "| search.batch_size | seeds |" "$pdarts" results grid
prints "comparison.html" "$pdarts" report grid
holds '<h2 id="grid">' comparison.html

# If results come from different programs, a note says so.
sed -i 's/"commit":"[^"]*"/"commit":"0123456"/' copied/tiny-seed1/result.json
prints '"notes":["the runs differ in their commit: 0123456 (seed 1), ' "$pdarts" sweep --spec=tiny.textproto --seeds=1,2 --output_dir=copied --json
holds "note: the runs differ in their commit: 0123456 (seed 1), " error

# Names and links do not lead to files outside of the folder.
mkdir victim && echo mine > victim/file
sed 's/"tiny"/"..\/victim\/keep"/' tiny.textproto > leaves.textproto
says 'name: "../victim/keep"' "$pdarts" sweep --spec=leaves.textproto --seeds=1,2 --jobs=2 --output_dir=linked
[ ! -e linked ] && [ "$(ls victim)" = file ] || fails "a name led out of the output folder"
mkdir linked && ln -s ../victim/file linked/tiny-seed1.console.txt
says "these seeds failed: 1; this runs them again:" "$pdarts" sweep --spec=tiny.textproto --seeds=1,2 --jobs=2 --threads=1 --output_dir=linked
also "linked/tiny-seed1.console.txt: it is a symbolic link"
[ "$(cat victim/file)" = mine ] || fails "a console file followed a link"
[ -e linked/tiny-seed2/result.json ] || fails "a seed that failed lost another"

exit $((failures > 0))
