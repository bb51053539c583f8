#!/bin/bash
# Tests the comparison of groups of architectures with random architectures, with a benchmark and
# with trainings.
# usage: compare_test.sh PDARTS CHECKS
set -u
shopt -s extglob
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

# If compare is killed, its children end too.
compare=
trap '[ -z "$compare" ] || kill -KILL $compare 2> /dev/null' EXIT

# counts NUMBER TEXT FILE: expects that the file contains the text this number of times.
counts() {
  local found
  found=$(grep -o -- "$2" "$3" | wc -l)
  [ "$found" = "$1" ] || { fails "\"$2\" stands $found times in $3, expected $1"; cat "$3"; }
}

best='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
middle='|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|'
worst='|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'

# --- with a table ---
table=("$pdarts" compare --benchmark=nasbench201)
{ echo "# two architectures"; echo "$best"; echo; echo "$middle"; } > two.txt
echo "$worst" > one.txt

# One architecture that is better than all 100 random ones gives the smallest possible p-value.
prints '{"groups":[{"name":"good","architectures":1,"mean":94.3633' "${table[@]}" "--genotypes=good:$best" --random=100 --json
echo "$printed" > good.json
grep -Eq '"std":0,"relative_improvement":[0-9.]+,"p_value":0\.00990099[0-9]*},\{"name":"random","architectures":100,"mean":[0-9.]+,"std":[0-9.]+,"relative_improvement":0,"p_value":null}],"architectures":\[\{"group":"good","architecture":"\|nor_conv_3x3~0[^"]*","accuracy":94\.3633[0-9]*,"params":[0-9]+,"macs":[0-9]+},' good.json ||
  { fails "the JSON is another one"; cat good.json; }
counts 100 '"group":"random"' good.json
[ "$("${table[@]}" "--genotypes=good:$best" --random=100 --json)" = "$(cat good.json)" ] || fails "the same command compares otherwise"
[ "$("${table[@]}" "--genotypes=good:$best" --random=100 --seeds=2 --json)" != "$(cat good.json)" ] || fails "another seed draws the same architectures"
[ -s runs/compare_nasbench201/compare.html ] || fails "there is no page"
counts 202 '<circle ' runs/compare_nasbench201/compare.html

# A file with several architectures, an architecture that counts twice, and names of groups.
"${table[@]}" --genotypes=two.txt --genotypes "a b:two.txt,one.txt,one.txt" --random 3 --output_dir=out --json > groups.json
grep -q '{"groups":\[{"name":"two.txt","architectures":2,' groups.json || { fails "a file of two is not a group of two"; cat groups.json; }
grep -q '{"name":"a b","architectures":4,' groups.json || { fails "the groups are others"; cat groups.json; }
counts 4 '"group":"a b"' groups.json
[ -s out/compare.html ] || fails "--output_dir has no page"

# The table for people.
prints "The accuracies on cifar10 stand in the table of the benchmark nasbench201." "${table[@]}" --genotypes=two.txt --random=3
also "all permutations were used." "$PWD/runs/compare_nasbench201/compare.html"
grep -Eq '^two\.txt +2 ' <<< "$printed" || fails "the table has no row of the group"
prints "if there are more than 100000 permutations, 100000 of them were drawn with the seed 4." "${table[@]}" --genotypes=two.txt --random=600 --seeds=4

# Latencies are measured only on request.
grep -q latency_ms groups.json && fails "latencies are measured unasked"
"${table[@]}" --genotypes=one.txt --random=1 --latency --threads=1 --json > latency.json
counts 2 '"macs":[0-9]*,"latency_ms":[0-9.]*}' latency.json
prints "multiply-adds M  latency ms  p-value" "${table[@]}" --genotypes=one.txt --random=1 --latency --threads=1
grep -q "mean latency ms" runs/compare_nasbench201/compare.html || fails "the page has no latencies"
says "--threads: -1 is negative" "${table[@]}" --genotypes=one.txt --random=1 --latency --threads=-1

# Random architectures with the same cost.
"${table[@]}" "--genotypes=$middle" --random=8 --match=macs:0.1 --json > matched.json
macs=$(number macs < <(grep -o '"architectures":\[.*' matched.json))
counts 8 '"group":"random"' matched.json
grep -o '"group":"random"[^}]*' matched.json | grep -o '"macs":[0-9]*' | cut -d: -f2 |
  awk -v target="$macs" '{ if ($1 < 0.9 * target || $1 > 1.1 * target) bad = 1 } END { exit bad }' ||
  { fails "--match draws architectures of other costs than $macs"; cat matched.json; }

# Wrong flags.
says "compare needs either --spec=FILE of a training or --benchmark=NAME" "$pdarts" compare --genotypes=two.txt
says "compare needs either --spec=FILE of a training or --benchmark=NAME" "${table[@]}" --spec=train.textproto --genotypes=two.txt
says "compare needs architectures: --genotypes=FILE,... or --runs=DIR,..." "${table[@]}"
says '--benchmark: unknown benchmark "nasbench202"; known: ' "$pdarts" compare --benchmark=nasbench202 --genotypes=two.txt
says "--space: darts, but the benchmark nasbench201 is of the space nasbench201" "${table[@]}" --space=darts --genotypes=two.txt
says "--random: 0 is not in [1, 100000]" "${table[@]}" --genotypes=two.txt --random=0
says '--random: "ten" is not a whole number of 32 bits' "${table[@]}" --genotypes=two.txt --random=ten
# Only one architecture has this cost.
says "--random: only " "${table[@]}" "--genotypes=${middle//@(avg_pool_3x3|nor_conv_1x1|skip_connect)/nor_conv_3x3}" --random=2 --match=macs:0.0001
says '--match: "flops:0.1" is not of the form UNIT:SHARE' "${table[@]}" --genotypes=two.txt --match=flops:0.1
says '--match: "macs:0" is not of the form UNIT:SHARE' "${table[@]}" --genotypes=two.txt --match=macs:0
says '--seeds: "x" is not a whole number from 0 on' "${table[@]}" --genotypes=two.txt --seeds=1,x
says "--seeds: 1,1 names a seed twice" "${table[@]}" --genotypes=two.txt --seeds=1,1
says "--jobs: 0 is below 1" "${table[@]}" --genotypes=two.txt --jobs=0
says 'two groups are called "two.txt"; --genotypes=NAME:' "${table[@]}" --genotypes=two.txt --genotypes=two.txt
says "which is the name of the random architectures" "${table[@]}" --genotypes=random:two.txt
says '--genotypes: "two.txt,,one.txt" has an empty item' "${table[@]}" --genotypes=two.txt,,one.txt
says '--genotypes: ":two.txt" begins with a colon; expected a group' "${table[@]}" --genotypes=:two.txt
says "--set: train.epochs=2: only a training has settings" "${table[@]}" --genotypes=two.txt --set=train.epochs=2
says "--genotypes: there is no file or run $PWD/none.txt" "${table[@]}" --genotypes=none.txt
{ cat two.txt; echo "|nor_conv_9x9~0|"; } > wrong.txt
says "--genotypes: $PWD/wrong.txt, line 5: column 2: unknown operation" "${table[@]}" --genotypes=wrong.txt
says "--runs: $PWD/nowhere is not a run directory, and holds no run" "${table[@]}" --runs=nowhere
says "compare takes no --overwrite" "${table[@]}" --genotypes=two.txt --overwrite

# --- with trainings ---
cat > train.textproto <<'SPEC'
name: "judge"
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 32
  }
}
network { cells: 1 channels: 2 }
train { epochs: 1 batch_size: 8 }
SPEC
trains=("$pdarts" compare --spec=train.textproto --threads=1)
# An earlier run with the same training can be reused by the comparison.
prints "multiply-adds" "$pdarts" train --spec=train.textproto --genotype="$worst" --threads=1 --output_dir=mine/worst --set=name=other
command=("${trains[@]}" "--genotypes=given:$best,$best" --runs=mine --random=1 --jobs=2 --output_dir=trained --json)
"${command[@]}" > trained.json 2> trained.said || { fails "failed: ${command[*]}"; cat trained.said; }
grep -Eq '^\{"groups":\[\{"name":"given","architectures":2,"mean":[0-9.]+,"std":0,' trained.json || { fails "the groups are others"; cat trained.json; }
grep -q '{"name":"mine","architectures":1,' trained.json || { fails "the run is not a group"; cat trained.json; }
# One of the three architectures was trained before. The architecture that is given twice is trained
# once.
counts 2 ": begins, " trained.said
counts 1 "mine 1, seed 1: finished before, $PWD/mine/worst" trained.said
counts 2 "given 1, seed 1: " trained.said
counts 1 "random 1, seed 1: finished" trained.said
accuracy=$(number test_top1 < mine/worst/result.json)
grep -q "\"group\":\"mine\",\"architecture\":\"|none~0|[^\"]*\",\"accuracy\":$accuracy,\"params\":[0-9]*,\"macs\":[0-9]*" trained.json ||
  { fails "the accuracy is not that of the training, $accuracy"; cat trained.json; }
# Costs belong to the trained network.
prints "\"params\":$(number params < mine/worst/result.json),\"macs\":$(number macs < mine/worst/result.json)}" cat trained.json
# No training is repeated. Another seed is trained in addition.
[ "$("${command[@]}" 2> again.said)" = "$(cat trained.json)" ] || fails "the second comparison is another one"
counts 0 ": begins, " again.said
counts 3 ": finished before, " again.said
"${command[@]}" --seeds=1,2 > seeds.json 2> seeds.said || { fails "two seeds failed"; cat seeds.said; }
counts 3 ": begins, " seeds.said
counts 3 ", seed 1: finished before, " seeds.said
# Trainings with other settings are not reused.
"${command[@]}" --set=train.epochs=2 > epochs.json 2> epochs.said || { fails "two epochs failed"; cat epochs.said; }
counts 3 ": begins, " epochs.said
prints "Each accuracy is the top-1 accuracy on the test images after 1 epochs of the training judge, with the seed 1." \
  "${trains[@]}" "--genotypes=given:$best" --runs=mine --random=1 --output_dir=trained

# A failed training is named.
says "these trainings failed: given 1, seed 1 (exit status 1" "${command[@]}" --set=train.batch_size=33
says "train.epochs: 0 is not in [1, 100000]" "${command[@]}" --set=train.epochs=0
says "--set: seed=5: compare sets seed itself" "${command[@]}" --set=seed=5
says "--space: the search space is that of --spec" "${command[@]}" --space=nasbench201
says "cannot read the spec" "$pdarts" compare --spec=nothing.textproto --genotypes=two.txt
tiny_spec > search.textproto
says "--spec: " "$pdarts" compare --spec=search.textproto --genotypes=two.txt

# A signal stops the trainings, and the same command continues them.
long=("$pdarts" compare --spec=train.textproto --threads=1 "--genotypes=$best" --random=1 --jobs=2 --output_dir=stopped
  --set=train.epochs=60 --checkpoint_minutes=0 --json)
"${long[@]}" > stopped.json 2> stopped.said &
compare=$!
await compgen -G "stopped/*/checkpoint.previous.bin" > checkpoints
kill -TERM $compare
wait $compare
status=$?
[ $status = 143 ] || { fails "SIGTERM: exit status $status"; cat stopped.said; }
grep -q "To resume:" stopped.said || fails "it does not say how to resume"
[ ! -s stopped.json ] || fails "a comparison that was stopped printed a result"
"${long[@]}" > stopped.json 2> stopped.said || { fails "it does not resume"; cat stopped.said; }
counts 2 '"accuracy":' stopped.json
[ "$(cat stopped/*/log.jsonl | grep -c '"event":"epoch"')" = 120 ] || fails "the trainings did not resume where they were"

exit $((failures > 0))
