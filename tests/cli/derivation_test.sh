#!/bin/bash
# Tests the notes of a search about alphas that it does not train, and derivations from its run.
# usage: derivation_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

cat > tiny.textproto <<'SPEC'
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: 2 channels: 2 epochs: 1 warmup_epochs: 0 keep: 1 }
    stages { cells: 3 channels: 2 epochs: 1 warmup_epochs: 1 keep: 1 }
  }
}
regularizers {
  [type.googleapis.com/pdarts.regularizers.SkipDropoutConfig] { initial_rates: [0, 0] }
}
search { batch_size: 8 alpha_deviation: 1 }
SPEC
search=("$pdarts" search --spec=tiny.textproto)
few="note: stage 1: the alphas get only 2 steps, and 2 times search.alphas.learning_rate (0.0006) is less than 10 times"
kind="note: stage 1: a super-network of 2 cells has no normal cell"
warm_up="note: stage 2: the alphas get no step, because the only epoch is a warm-up epoch"

# A dry run prints the notes as well, and refuses what no super-network supports.
prints "$few" "${search[@]}" --dry_run
also "$kind" "$warm_up"
prints '"notes":["stage 1: the alphas get only 2 steps' "${search[@]}" --dry_run --json
also '"notes":["stage 2: the alphas get no step'
trains=(--set=search.alphas.learning_rate=10 --set=schedule.stages[0].cells=3 --set=schedule.stages[1].warmup_epochs=0)
prints '"stage":2' "${search[@]}" --dry_run --json "${trains[@]}"
[[ "$printed" != *"the random start"* ]] || fails "trained alphas are noted"
says 'regularizers[skip_dropout].knob: the darts space has no knob "x"; it has: skip_connect.dropout' \
  "${search[@]}" --dry_run --set=regularizers[skip_dropout].knob=x
sed 's/darts.DartsSpaceConfig\] {}/nasbench201.NasBench201SpaceConfig] { allow_none: false operations: "none" }/' \
  tiny.textproto > none.textproto
says "space: operations: there is only none, which may not be derived (allow_none is false)" \
  "$pdarts" search --spec=none.textproto --dry_run
[ ! -e runs ] || fails "a dry run wrote something"

# The search prints the note on the console, and writes it into the log, the trace and the report. On some edge, `none`
# was the most probable operation.
prints "$warm_up" "${search[@]}"
for note in "$few" "$kind" "$warm_up"; do
  grep -qF "$note" error || fails "the console lacks: $note"
done
grep -q '"event":"stage_begin".*"notes":\["stage 1: the alphas get only 2 steps' runs/tiny-seed1/log.jsonl || fails "the log lacks a note"
for note in "$few" "$kind" "$warm_up" " the stage would have left only none, which may not be derived"; do
  grep -qF "${note#note: }" runs/tiny-seed1/architecture.textproto || fails "the trace lacks: $note"
  grep -qF "${note#note: }" runs/tiny-seed1/report.html || fails "the report lacks: $note"
done
grep -q "'none'" runs/tiny-seed1/genotype.txt && fails "none was derived"

# The run can be derived again with other settings, and keeps its notes.
found=$(cat runs/tiny-seed1/genotype.txt)
derive=("$pdarts" derive --run=runs/tiny-seed1)
prints "$found" "${derive[@]}"
also "$kind"
prints "Genotype(normal=" "${derive[@]}" --set=space.allow_none=true

# A negative control: the probabilities of the search in a random order, over all candidates at the
# beginning of the search.
find runs/tiny-seed1 -type f -exec sha256sum {} + > before
prints "note: the probabilities were shuffled with seed 1: this is a negative control" "${derive[@]}" --shuffle=1
shuffled=$(head -1 <<< "$printed")
[ "$shuffled" != "$found" ] || fails "--shuffle=1 derives what the search found"
for seed in 1 2 3; do "${derive[@]}" --shuffle=$seed | head -1; done > shuffled.txt
[ "$(head -1 shuffled.txt)" = "$shuffled" ] || fails "--shuffle=1 derives two architectures"
[ "$(sed -n 2p shuffled.txt)" != "$shuffled" ] || fails "--shuffle=1 and --shuffle=2 derive the same"
all='"candidates":["none","max_pool_3x3","avg_pool_3x3","skip_connect","sep_conv_3x3","sep_conv_5x5","dil_conv_3x3","dil_conv_5x5"]'
[ "$("${derive[@]}" --shuffle=1 --json | grep -oF "$all" | wc -l)" = 28 ] || fails "--shuffle leaves pruned candidates out"
find runs/tiny-seed1 -type f -exec sha256sum {} + | cmp -s before - || fails "--shuffle changed a file of the run"
prints '"name":"shuffled","architectures":3,' "$pdarts" compare --benchmark=nasbench301 --genotypes=shuffled:shuffled.txt --json
says "--shuffle: -1 is not in [0, infinity)" "${derive[@]}" --shuffle=-1

# A run without an architecture can be derived from its log.
cp -r runs/tiny-seed1 broken
rm broken/architecture.textproto broken/architecture.json broken/genotype.txt broken/result.json
prints "$found" "$pdarts" derive --run=broken
also "note: derived from the last epoch in the log: stage 2 of 2, epoch 1 of 1"
prints "Genotype(normal=" "$pdarts" derive --run=broken --set=space.allow_none=true
# In runs of versions that did not protect edges, an edge of the last stage may hold only `none`.
sed 's/{"operations":\["[a-z_0-9]*"\],/{"operations":["none"],/g' runs/tiny-seed1/log.jsonl > broken/log.jsonl
says "its only candidate is none" "$pdarts" derive --run=broken
prints "('none', 0)" "$pdarts" derive --run=broken --set=space.allow_none=true
says "--shuffle: $PWD/broken holds no architecture, and none can be derived" "$pdarts" derive --run=broken --shuffle=1
grep -v '"event":"epoch"' runs/tiny-seed1/log.jsonl > broken/log.jsonl
says "broken holds neither an architecture nor an epoch in its log" "$pdarts" derive --run=broken

# A budget of the network: the derivation exchanges operations until its cost is within 10%.
sed 's/^regularizers {/regularizers { [type.googleapis.com\/pdarts.regularizers.CostPenaltyConfig] { budget: 300 } }\n&/; s/"tiny"/"budget"/; s/warmup_epochs: 0 keep: 1/warmup_epochs: 0 keep: 8/' \
  tiny.textproto > budget.textproto
# in_range LOW HIGH: expects that the derived network of the last JSON output costs that much, by the trace and by `count`.
in_range() {
  local macs
  macs=$("$pdarts" count --genotype="$(grep -o 'Genotype(.*)' <<< "$printed")" --json | grep -o '"macs":[0-9.]*' | head -1 | cut -d: -f2)
  awk -v low="$1" -v high="$2" -v macs="$macs" -v trace="$(grep -o '"cost":[0-9.]*' <<< "$printed" | cut -d: -f2)" \
    'BEGIN { exit !(macs >= low * 1e6 && macs <= high * 1e6 && (trace * 1e6 - macs) ^ 2 < 4) }' ||
    { fails "the derived network needs $macs multiply-adds, not $1 to $2 million"; head -c 300 <<< "$printed"; }
}
prints '"flops_g":0.' "$pdarts" search --spec=budget.textproto --json
derive=("$pdarts" derive --run=runs/budget-seed1)
prints '"cost":' "${derive[@]}" --json
in_range 270 330
holds "$(head -1 runs/budget-seed1/genotype.txt)" <(echo "$printed")
holds "270.000 to 330.000 million multiply-adds" runs/budget-seed1/report.html
for budget in 250 400 600; do
  prints '"cost":' "${derive[@]}" --set=regularizers[cost_penalty].budget=$budget --json
  in_range $((budget * 9 / 10)) $((budget * 11 / 10))
done
prints "million multiply-adds, range 540 to 660: " "${derive[@]}" --set=regularizers[cost_penalty].budget=600
prints "note: no architecture with these edges and their candidates costs between 9 and 11 million multiply-adds" \
  "${derive[@]}" --set=regularizers[cost_penalty].budget=10
prints "Genotype(" "${derive[@]}" --set=regularizers[cost_penalty].tolerance=0
[[ "$printed" != *", range "* ]] || fails "tolerance 0 has a range"

exit $((failures > 0))
