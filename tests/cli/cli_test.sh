#!/bin/bash
# The command line as a user meets it: what it prints, and what it says of what is wrong.
# usage: cli_test.sh PDARTS
set -u
pdarts="$PWD/$1"
cd "$TEST_TMPDIR" || exit 1
failures=0

# says TEXT COMMAND...: the command fails and its message holds TEXT.
says() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "should have failed: $*"
    failures=$((failures + 1))
  elif [[ "$output" != *"$text"* ]]; then
    echo "should say \"$text\": $*"
    echo "says: $output"
    failures=$((failures + 1))
  fi
}
# prints TEXT COMMAND...: the command succeeds and its standard output holds TEXT.
prints() {
  local text=$1 output
  shift
  if ! output=$("$@" 2>error); then
    echo "failed: $*"
    cat error
    failures=$((failures + 1))
  elif [[ "$output" != *"$text"* ]]; then
    echo "should print \"$text\": $*"
    echo "prints: $output"
    failures=$((failures + 1))
  fi
}

cat > tiny.textproto <<'SPEC'
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] { cells: 2 channels: 2 epochs: 1 } }
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
search { batch_size: 8 }
SPEC
sed "s/synthetic.SyntheticConfig\] {/cifar.Cifar10Config] {/; /classes: 2/d" tiny.textproto > cifar.textproto
search=("$pdarts" search --spec=tiny.textproto)

prints '"name":"darts"' "$pdarts" list --json
prints "skip_dropout" "$pdarts" list
prints "[[('skip_connect', 0), ('dil_conv_3x3', 1)]" "$pdarts" genotype --space=darts --to=nested PDARTS
says "unknown command \"serach\"" "$pdarts" serach
says "takes no --to" "$pdarts" list --to=flat
says "search needs --spec=FILE" "$pdarts" search
says "can't read the spec" "$pdarts" search --spec=nothing.textproto
says "unknown search space \"dart\"; known: darts" "$pdarts" genotype --space=dart --to=flat PDARTS
says "conv_9x9" "$pdarts" genotype --space=darts "Genotype(normal=[('conv_9x9', 0)"
says "no such field; it has:" "${search[@]}" --set=search.batchsize=3
says "device: \"gpu\" is not auto, cpu, cuda or cuda:N" "${search[@]}" --device=gpu
says "device: cuda" "${search[@]}" --device=cuda
says "not in [0, infinity)" "${search[@]}" --seed=-2
says "there is no folder $PWD/none/cifar-10-batches-bin" "$pdarts" search --spec=cifar.textproto --data_dir=none
says "Not a directory" "${search[@]}" --output_dir=tiny.textproto/run

prints "2 cells, 2 channels, 8 candidates" "${search[@]}" --dry_run
[ ! -e runs ] || { echo "--dry_run wrote something"; failures=$((failures + 1)); }
prints '"search_space":"darts"' "${search[@]}" --json
[ "$(wc -l < runs/tiny-seed1/log.jsonl)" -ge 5 ] || { echo "the log is short"; failures=$((failures + 1)); }
for file in spec.textproto architecture.textproto genotype.txt supernet.safetensors result.json; do
  [ -s "runs/tiny-seed1/$file" ] || { echo "runs/tiny-seed1/$file is missing"; failures=$((failures + 1)); }
done
says "holds a finished run" "${search[@]}"
prints "run directory" "${search[@]}" --overwrite
prints "run directory" "${search[@]}" --seed=2
# A sweep: what is finished isn't run again, and a seed that fails loses no other.
sweep=("$pdarts" sweep --spec=tiny.textproto --output_dir=sweep)
says "sweep needs --seeds" "${sweep[@]}"
says '"x" is not a whole number' "${sweep[@]}" --seeds=1,x
says "names a seed twice" "${sweep[@]}" --seeds=1,1
prints "mean" "${sweep[@]}" --seeds=1
mkdir -p sweep/tiny-seed3 && echo mine > sweep/tiny-seed3/notes
says "these seeds failed: 3" "${sweep[@]}" --seeds=1,3,5 --jobs=2
says "see $PWD/sweep/tiny-seed3.console.txt" "${sweep[@]}" --seeds=1,3,5 --jobs=2
says "seed 5: finished before" "${sweep[@]}" --seeds=1,3,5
grep -q "holds files that are no run" sweep/tiny-seed3.console.txt ||
  { echo "the failed seed doesn't say why"; failures=$((failures + 1)); }
rm -r sweep/tiny-seed3
prints '"failed_seeds":[],"mean":{"mem_gb"' "${sweep[@]}" --seeds=1,3,5 --json
cmp -s sweep/tiny-seed1/supernet.safetensors runs/tiny-seed1/supernet.safetensors ||
  { echo "the same seed found something else in a sweep"; failures=$((failures + 1)); }
says "holds a run of another spec" "${sweep[@]}" --seeds=1 --set=search.batch_size=4

prints "Genotype(normal=" "$pdarts" derive --run=runs/tiny-seed1 --set=regularizers[skip_limit].max=0
prints '"text":' "$pdarts" derive --run=runs/tiny-seed1 --set=space.allow_none=true --json
says "is no run directory" "$pdarts" derive --run=.
(
  ulimit -f 40  # kilobytes: as on a full disk
  says "File too large" "${search[@]}" --output_dir=full
  exit $failures
)
failures=$?
[ ! -e full/supernet.safetensors ] && [ ! -e full/supernet.safetensors.tmp ] && [ ! -e full/result.json ] ||
  { echo "a full disk left something half-written"; failures=$((failures + 1)); }

exit $((failures > 0))
