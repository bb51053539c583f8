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
for file in spec.textproto architecture.textproto genotype.txt supernet.safetensors result.json \
  report.html cell_normal.svg cell_normal.pdf cell_reduce.svg cell_reduce.pdf; do
  [ -s "runs/tiny-seed1/$file" ] || { echo "runs/tiny-seed1/$file is missing"; failures=$((failures + 1)); }
done
says "holds a finished run" "${search[@]}"
prints "run directory" "${search[@]}" --overwrite
prints "run directory" "${search[@]}" --seed=2
prints "Genotype(normal=" "$pdarts" derive --run=runs/tiny-seed1 --set=regularizers[skip_limit].max=0
prints '"text":' "$pdarts" derive --run=runs/tiny-seed1 --set=space.allow_none=true --json
rm runs/tiny-seed1/report.html
prints "runs/tiny-seed1/report.html" "$pdarts" report runs/tiny-seed1
[ -s runs/tiny-seed1/report.html ] || { echo "report wrote no page"; failures=$((failures + 1)); }
prints "both.html" "$pdarts" report --output=both.html runs/tiny-seed1 runs/tiny-seed2
grep -q "tiny, seed 2" both.html || { echo "both.html lacks a run"; failures=$((failures + 1)); }
says "is no run directory" "$pdarts" report runs
says "report needs at least one" "$pdarts" report
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
