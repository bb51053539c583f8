#!/bin/bash
# Tests the output and the error messages of the command line.
# usage: cli_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
version=$(cat VERSION)
source "$2"
cd "$TEST_TMPDIR" || exit 1

tiny_spec > tiny.textproto
sed "s/synthetic.SyntheticConfig\] {/cifar.Cifar10Config] {/; /classes: 2/d" tiny.textproto > cifar.textproto
search=("$pdarts" search --spec=tiny.textproto)

prints '"name":"darts"' "$pdarts" list --json
prints "skip_dropout" "$pdarts" list
prints "[[('skip_connect', 0), ('dil_conv_3x3', 1)]" "$pdarts" genotype --space=darts --to=nested PDARTS
says "unknown command \"serach\"" "$pdarts" serach
says "takes no --to" "$pdarts" list --to=flat
says "search needs --spec=FILE" "$pdarts" search
says "cannot read the spec" "$pdarts" search --spec=nothing.textproto
says "unknown search space \"dart\"; known: darts, nasbench201" "$pdarts" genotype --space=dart --to=flat PDARTS
prints "Genotype(normal=[(" "$pdarts" genotype --space=darts --random --seed=4
drawn=$("$pdarts" genotype --space=nasbench201 --random --seed=4)
[ "$("$pdarts" genotype --space=nasbench201 --random --seed=4)" = "$drawn" ] ||
  fails "the same seed draws two architectures"
[ "$("$pdarts" genotype --space=nasbench201 --random --seed=5)" != "$drawn" ] ||
  fails "two seeds draw one architecture"
says "or --random; got 1" "$pdarts" genotype --space=darts --random PDARTS
says "conv_9x9" "$pdarts" genotype --space=darts "Genotype(normal=[('conv_9x9', 0)"
says "no such field; it has:" "${search[@]}" --set=search.batchsize=3
says "--threads: 100000 is more than " "${search[@]}" --threads=100000
# The error comes before a network is built and before weights are read.
says "--threads: 100000 is more than " "$pdarts" benchmark --genotype=none --threads=100000
says "--threads: -1 is negative" "$pdarts" evaluate --run=nowhere --threads=-1
says "device: \"gpu\" is not auto, cpu, cuda or cuda:N" "${search[@]}" --device=gpu
says "device: cuda" "${search[@]}" --device=cuda
says "seed: -2 is not in [0, infinity)" "${search[@]}" --seed=-2
# A number that the program may use internally for "not given" is checked like any other number.
says "seed: -1 is not in [0, infinity)" "${search[@]}" --seed=-1
says "--seed: -5 is not in [0, infinity)" "$pdarts" genotype --space=darts --random --seed=-5
says "--cells: 0 is not in [1, 1000]" "$pdarts" count --genotype=PDARTS --cells=0
says "--classes: 0 is not in [1, 100000]" "$pdarts" count --genotype=PDARTS --classes=0
says "--channels: 2e+09 is not in [1, 65536]" "$pdarts" count --genotype=PDARTS --channels=2000000000
# A program without MPI refuses to be one of several processes.
says "search was started as one of several tasks (OMPI_COMM_WORLD_SIZE=2), but this program was built without MPI" \
  env OMPI_COMM_WORLD_SIZE=2 "${search[@]}" --output_dir=task
says "(SLURM_NTASKS=4)" env SLURM_NTASKS=4 "${search[@]}" --output_dir=task
also "Build it with --config=mpi"
says "(PMIX_RANK=1)" env PMIX_RANK=1 "${search[@]}" --output_dir=task
says "Start one task" env OMPI_COMM_WORLD_SIZE=2 "$pdarts" list
# A command for one process may be in the script of a job with several tasks.
prints "darts" env SLURM_NTASKS=4 "$pdarts" list
[ ! -e task ] || fails "a task that is refused writes a run directory"
says "--output_dir: its value is empty; expected --output_dir=DIR" "${search[@]}" --output_dir=
says "CIFAR-10: there is no folder $PWD/none. Name the folder that holds cifar-10-batches-bin/" "$pdarts" search --spec=cifar.textproto --data_dir=none
says "Not a directory" "${search[@]}" --output_dir=tiny.textproto/run

best='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
query=("$pdarts" query --space=nasbench201)
prints '{"architectures":[{"architecture":"'"$best"'","dataset":"cifar10","accuracy":94.3633,"rank":3,"percentile":99.98' "${query[@]}" --json "$best"
also '"regret":0.01,"number":9930,"isomorphs":0}]}'
prints "number 9930: cifar10 94.3633%, rank 3 of 15625, percentile 99.99, regret 0.0100; 0 others" "${query[@]}" "$best"
prints "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|" "${query[@]}" 0
[ "$("${query[@]}" --top=3 | grep -c "94.3")" = 3 ] || { echo "--top=3 lists other than three"; failures=$((failures + 1)); }
prints "$best" "$pdarts" genotype --space=nasbench201 "$best"
says "query needs architectures" "${query[@]}"
says "column 17: expected '+', found 'x'" "${query[@]}" "|nor_conv_3x3~0|x"
says "column 1: expected '|', found 'n'" "${query[@]}" "nor_conv_3x3~0|"
says "column 2: unknown operation 'sep_conv_3x3'; known: none, skip_connect" "${query[@]}" "|sep_conv_3x3~0|"
says "architecture 15625: the benchmark numbers them from 0 to 15624" "${query[@]}" 15625
says "--dataset: the benchmark has no accuracy on the dataset \"cifar99\"; it has: cifar10" "${query[@]}" --top=1 --dataset=cifar99
says "--top: -1 is below 1" "${query[@]}" --top=-1
says "--top: 0 is below 1" "${query[@]}" --top=0 1
says "cannot read the table $PWD/none.csv" "${query[@]}" --table=none.csv 1
echo "architecture,cifar100" > table.csv
says "table.csv:1: the column \"cifar100\": expected \"<dataset>_test_accuracy\"" "${query[@]}" --table=table.csv 1
says "--model: the benchmark nasbench201 looks accuracies up in a table: it has no model" "${query[@]}" --model=table.csv 1

# Predictions of a benchmark.
predict=("$pdarts" query --space=darts)
skips="('skip_connect', 0), ('skip_connect', 1)"
skips="normal=[$skips, $skips, $skips, $skips], normal_concat=range(2, 6)"
skips="Genotype($skips, ${skips//normal/reduce})"
prints "% predicted (" "${predict[@]}" PDARTS
also " nine times in ten), above 9"
prints "nine times in ten), outside the model's data" "${predict[@]}" "$skips"
"${predict[@]}" --json PDARTS "$skips" > predictions.json
number='[0-9.]+'
text='"Genotype[^"]*"'
grep -Eqx "\{\"architectures\":\[\{\"architecture\":$text,\"accuracy\":$number,\"predicted\":true,\"interval\":\[$number,$number\],\"percentile\":$number,\"extrapolated\":false\},\{\"architecture\":$text,\"accuracy\":$number,\"predicted\":true,\"interval\":\[$number,$number\],\"percentile\":null,\"extrapolated\":true\}\]\}" predictions.json ||
  fails "the JSON of predictions is another: $(cat predictions.json)"
says "the benchmark nasbench301 predicts accuracies: it has no table of architectures" "${predict[@]}" 1
says "--top: the benchmark nasbench301 predicts accuracies" "${predict[@]}" --top=1
says "--table: the benchmark nasbench301 predicts accuracies" "${predict[@]}" --table=table.csv PDARTS
says "--dataset: the benchmark has no accuracy on the dataset \"cifar100\"; it has: cifar10" "${predict[@]}" --dataset=cifar100 PDARTS
says "--model: cannot read the model $PWD/none.textproto" "${predict[@]}" --model=none.textproto PDARTS
echo 'dataset: "mine"' > model.textproto
says "--model: $PWD/model.textproto: intercept: is not set" "${predict[@]}" --model=model.textproto PDARTS

bfloat16=("${search[@]}" --dry_run --set=search.precision=BFLOAT16)
prints "2 cells, 2 channels, 8 candidates" "${bfloat16[@]}"
says "search.precision: BFLOAT16 cannot be combined with search.alpha_gradients: UNROLLED" \
  "${bfloat16[@]}" --set=search.alpha_gradients=UNROLLED
prints "2 cells, 2 channels, 8 candidates" "${search[@]}" --dry_run
tail -1 <<< "$printed" | grep -Eq '^total: about [1-9]' || fails "the dry run's last line is not a total time"
estimate=$("${search[@]}" --dry_run --json 2>error)
for key in seconds seconds_low seconds_high total_seconds; do
  [ -n "$(number $key <<< "$estimate")" ] || fails "the dry run's JSON has no $key: $estimate"
done
one_pixel=("${search[@]}" --set=search.batch_size=1 --set=dataset.height=4 --set=dataset.width=4)
says "search.batch_size: 1 makes batches of one image, which stage 1 cannot train on" "${one_pixel[@]}" --dry_run
says "search.batch_size: 1 makes batches of one image, which stage 1 cannot train on" "${one_pixel[@]}"
[ ! -e runs ] || { echo "--dry_run wrote something"; failures=$((failures + 1)); }
prints '"search_space":"darts"' "${search[@]}" --json
[ "$(wc -l < runs/tiny-seed1/log.jsonl)" -ge 5 ] || { echo "the log is short"; failures=$((failures + 1)); }
for file in spec.textproto architecture.textproto genotype.txt supernet.safetensors result.json samples.json \
  report.html cell_normal.svg cell_normal.pdf cell_reduce.svg cell_reduce.pdf; do
  [ -s "runs/tiny-seed1/$file" ] || { echo "runs/tiny-seed1/$file is missing"; failures=$((failures + 1)); }
done
says "holds a finished run" "${search[@]}"
grep -q '"event":"epoch".*"architecture":"Genotype' runs/tiny-seed1/log.jsonl || { echo "no architecture at an epoch's end"; failures=$((failures + 1)); }
# Each edge in the log has its nodes: the second normal edge goes from 1 to 2.
for event in stage_begin epoch stage_end; do
  grep "\"event\":\"$event\"" runs/tiny-seed1/log.jsonl | grep -Eq '"cell_kind":"normal","edges":\[\{[^}]*"from":0,"to":2\},\{[^}]*"from":1,"to":2\},' ||
    fails "the edges of $event have no nodes"
done
sed 's/name: "tiny"/name: "tiny201"/; s/pdarts.darts.DartsSpaceConfig/pdarts.nasbench201.NasBench201SpaceConfig/
  s/^regularizers.*/benchmark { [type.googleapis.com\/pdarts.nasbench201.NasBench201TableConfig] {} }/' tiny.textproto > tiny201.textproto
prints "benchmark       cifar10 " "$pdarts" search --spec=tiny201.textproto
# A search may begin with some of the operations only.
with() { sed "s/NasBench201SpaceConfig\] {}/NasBench201SpaceConfig] { operations: [$1] }/" tiny201.textproto > some.textproto; }
with '"skip_connect", "nor_conv_3x3"'
prints "2 candidates" "$pdarts" search --spec=some.textproto --dry_run
with '"nor_conv_9x9"'
says 'operations[0]: "nor_conv_9x9" is unknown; expected some of none, skip_connect' "$pdarts" search --spec=some.textproto --dry_run
with '"nor_conv_3x3", "skip_connect"'
says 'operations[1]: "skip_connect" occurs twice or is out of order' "$pdarts" search --spec=some.textproto --dry_run
for event in epoch derivation; do
  grep -q "\"event\":\"$event\".*\"architecture\":\"|.*\"benchmark\":{.*\"rank\":" runs/tiny201-seed1/log.jsonl ||
    { echo "no rank in the log's $event"; failures=$((failures + 1)); }
done
grep -q "\"version\":\"$version\"" runs/tiny-seed1/result.json || fails "no version in result.json"
# The result contains the kernels and the instruction set.
best=$("$pdarts" --version | sed -n 's/^instruction set //p')
grep -q "\"kernels\":\"fused/$best\"" runs/tiny-seed1/result.json || fails "result.json does not say fused/$best"
grep -q "\"kernels_used\":\[\"fused/$best\"\]" runs/tiny-seed1/result.json || fails "result.json does not say that fused/$best computed"
prints '"kernels":"reference"' "${search[@]}" --set=search.kernels=REFERENCE --output_dir=reference --json
grep -q '"kernels_used":\["reference"\]' reference/result.json || fails "not only the reference kernels computed"
prints '"kernels":"fused/portable"' env PDARTS_KERNEL_VARIANT=portable "${search[@]}" --output_dir=portable --json
prints '"kernels":"fused/portable"' env PDARTS_KERNEL_VARIANT=portable "$pdarts" benchmark --genotype=PDARTS --cells=2 \
  --channels=4 --batch=1 --runs=1 --json
prints "instruction set portable" env PDARTS_KERNEL_VARIANT=portable "$pdarts" --version
for command in "--version" "search --spec=tiny.textproto --output_dir=never"; do
  # shellcheck disable=SC2086
  says 'the environment variable PDARTS_KERNEL_VARIANT: "fast" is not an instruction set that this processor can run; it can run portable' \
    env PDARTS_KERNEL_VARIANT=fast "$pdarts" $command
done
[ ! -e never ] || fails "a search with an unknown instruction set made a run directory"
grep -q '"benchmark":{"architecture":"|.*"regret":' runs/tiny201-seed1/result.json ||
  { echo "no benchmark in result.json"; failures=$((failures + 1)); }
sed 's/name: "tiny"/name: "tiny301"/
  s/^regularizers.*/benchmark { [type.googleapis.com\/pdarts.nasbench301.NasBench301Config] {} }/' tiny.textproto > tiny301.textproto
prints "% predicted (" "$pdarts" search --spec=tiny301.textproto
for event in epoch derivation; do
  grep -q "\"event\":\"$event\".*\"benchmark\":{.*\"predicted\":true" runs/tiny301-seed1/log.jsonl ||
    fails "no prediction in the log's $event"
done
grep -q "Predicted accuracy of the architecture that each epoch would derive" runs/tiny301-seed1/report.html ||
  fails "no curve of predictions in the report"
says "benchmark: model: cannot read the model none.textproto" "$pdarts" search --spec=tiny301.textproto --set=benchmark.model=none.textproto
says "holds a finished run" "${search[@]}" --resume
says "if the run was moved, name its new folder by --output_dir" "${search[@]}" --resume --output_dir=nowhere
says "--resume and --overwrite exclude each other" "${search[@]}" --resume --overwrite
says "--checkpoint_minutes: -1 is not 0 or more" "${search[@]}" --checkpoint_minutes=-1
prints "run directory" "${search[@]}" --seed=2
# The accuracy of random predictions is printed beside the accuracies. With two classes, no top-5
# accuracy is printed.
prints "run directory" "${search[@]}" --overwrite
also "(chance 50.00%) (on the half of the alphas, augmented)" "in the last stage (an even share is 0.1250)"
grep -q "top-5" error && fails "the console shows the top-5 accuracy of two classes"
prints '"chance_top1":50,' "${search[@]}" --overwrite --json
# One step with noise images of two classes moves the alphas very little, and the network learns
# nothing.
undecided=("$pdarts" sweep --spec=tiny.textproto --seeds=1 --output_dir=undecided --set=search.weights.learning_rate=0)
prints "even_share" "${undecided[@]}"
also "chance_top1"
grep -q "note: seed 1: the search could not tell the candidates apart: all probabilities" error || fails "the sweep says not that nothing was decided"
prints '"notes":["seed 1: the search could not tell' "${undecided[@]}" --json
grep -q "could not tell the candidates apart" undecided/tiny-seed1/report.html || fails "the report says not that nothing was decided"
# In a sweep, finished runs are not computed again, and a seed that fails does not stop the other
# seeds.
sweep=("$pdarts" sweep --spec=tiny.textproto --output_dir=sweep)
says "sweep needs --seeds" "${sweep[@]}"
says '"x" is not a whole number' "${sweep[@]}" --seeds=1,x
says "names a seed twice" "${sweep[@]}" --seeds=1,1
prints "mean" "${sweep[@]}" --seeds=1
mkdir -p sweep/tiny-seed3 && echo mine > sweep/tiny-seed3/notes
says "these seeds failed: 3" "${sweep[@]}" --seeds=1,3,5 --jobs=2
also "see $PWD/sweep/tiny-seed3.console.txt"
says "seed 5: finished before" "${sweep[@]}" --seeds=1,3,5
grep -q "holds files that are not a run" sweep/tiny-seed3.console.txt ||
  { echo "the failed seed does not say why"; failures=$((failures + 1)); }
rm -r sweep/tiny-seed3
prints '"failed_seeds":[],"mean":{"mem_gb"' "${sweep[@]}" --seeds=1,3,5 --json
cmp -s sweep/tiny-seed1/supernet.safetensors runs/tiny-seed1/supernet.safetensors ||
  { echo "the same seed found something else in a sweep"; failures=$((failures + 1)); }
says "holds a run of another spec" "${sweep[@]}" --seeds=1 --set=search.batch_size=4

prints "Genotype(normal=" "$pdarts" derive --run=runs/tiny-seed1 --set=regularizers[skip_limit].max=0
prints "normal  1 -> 2  kept " "$pdarts" derive --run=runs/tiny-seed1
prints '"text":' "$pdarts" derive --run=runs/tiny-seed1 --set=space.allow_none=true --json
rm runs/tiny-seed1/report.html
prints "runs/tiny-seed1/report.html" "$pdarts" report runs/tiny-seed1
[ -s runs/tiny-seed1/report.html ] || fails "report wrote no page"
[ ! -e comparison.html ] || fails "one run is compared with itself"
prints "both.html" "$pdarts" report --output=both.html runs/tiny-seed1 runs/tiny-seed2
grep -q "tiny, seed 2" both.html || fails "both.html lacks a run"
prints "comparison.html" "$pdarts" report sweep
grep -q "3 runs side by side" comparison.html || fails "comparison.html lacks a run"
says "is not a run directory, and holds no run" "$pdarts" report runs/tiny-seed1/nothing
says "report needs at least one" "$pdarts" report
prints "| tiny | synthetic | darts | 5 |" "$pdarts" results sweep
also "| tiny | synthetic | darts | 1, 3, 5 |" "flops_g counts multiply-adds"
prints "[config](<runs/tiny201-seed1/spec.textproto>) [model](<runs/tiny201-seed1/supernet.safetensors>)" \
  "$pdarts" results runs/tiny201-seed1
prints "runs/tiny-seed2/log.jsonl,runs/tiny-seed2/report.html,false" "$pdarts" results --csv runs
prints '{"rows":[{"result":{"dataset":"synthetic"' "$pdarts" results --json runs
says "exclude each other" "$pdarts" results --json --csv runs
says "results needs at least one" "$pdarts" results
says "exclude each other" "$pdarts" results --markdown --add_to=zoo runs
says "--output: only --markdown writes a file" "$pdarts" results --output=page.md runs
# A model zoo: the copied files, and the page.
prints "$PWD/zoo/tiny-seed1" "$pdarts" results --add_to=zoo runs/tiny-seed1
[ "$(ls zoo/tiny-seed1 | tr '\n' ' ')" = "architecture.textproto genotype.txt log.jsonl result.json spec.textproto " ] ||
  fails "the zoo holds other files: $(ls zoo/tiny-seed1)"
says "$PWD/zoo/tiny-seed1 exists; remove it first" "$pdarts" results --add_to=zoo runs/tiny-seed1
mkdir unfinished && cp runs/tiny-seed2/spec.textproto unfinished
says "unfinished is not finished: there is no result.json in it" "$pdarts" results --add_to=zoo unfinished
[ "$(ls zoo)" = tiny-seed1 ] || fails "a refused run left something in the zoo"
prints "| tiny | synthetic | darts | 1 |" "$pdarts" results zoo
prints "[genotype](<../zoo/tiny-seed1/genotype.txt>)" "$pdarts" results zoo --markdown
[ ! -e docs ] || fails "a page of the zoo was written where there was none"
# A zoo without runs has a page too, but a folder that does not exist has no page.
mkdir no_runs
prints "There is no run yet." "$pdarts" results no_runs --markdown
[ "$("$pdarts" results no_runs --markdown 2>&1 > /dev/null)" = "note: $PWD/no_runs holds no run" ] || fails "there is no note about a zoo without runs"
says "$PWD/no_zoo is not a run directory, and holds no run" "$pdarts" results no_zoo --markdown
says "$PWD/no_runs is not a run directory, and holds no run" "$pdarts" results no_runs
mkdir docs && touch docs/model_zoo.md
prints "## CIFAR-100" "$pdarts" results zoo --markdown
[ "$("$pdarts" results zoo --markdown 2>&1 > /dev/null)" = "note: wrote $PWD/docs/model_zoo.md" ] || fails "nothing says that the page was written"
for text in "## CIFAR-10" "## CIFAR-100" "[genotype](<../zoo/tiny-seed1/genotype.txt>)" \
  "[tiny](<../zoo/tiny-seed1/spec.textproto>) | [log](<../zoo/tiny-seed1/log.jsonl>) |"; do
  grep -qF "$text" docs/model_zoo.md || fails "the page of the zoo lacks: $text"
done
prints "$PWD/page.md" "$pdarts" results zoo --markdown --output=page.md
grep -qF "[log](<zoo/tiny-seed1/log.jsonl>)" page.md || fails "the links of a page do not lead from its folder"
says "unfinished is not finished; a model zoo holds finished searches" "$pdarts" results --markdown unfinished
says "is not a run directory" "$pdarts" derive --run=.
# If output cannot be written, the command fails. The last command writes more than a buffer can
# hold.
for command in "list" "help" "help search" "--version" "completion bash" "search --spec=tiny.textproto --dry_run" \
  "genotype --space=darts PDARTS" "count --genotype=PDARTS --cells=2 --channels=4" "query --space=nasbench201 1" \
  "derive --run=runs/tiny-seed1" "derive --run=runs/tiny-seed1 --json" "results runs" "report runs/tiny-seed1" \
  "query --space=nasbench201 --top=2000 --json"; do
  # shellcheck disable=SC2086  # the words of a command
  if "$pdarts" $command > /dev/full 2> error; then fails "a full disk is a success: $command"; fi
  grep -q "^error: cannot write .*standard output" error || fails "a full disk: $command says $(cat error)"
done
without_output() { "$@" >&-; }
says "cannot write the standard output: Bad file descriptor" without_output "$pdarts" list
# A search that is started without standard streams does not write its messages into its own files.
"${search[@]}" --output_dir=closed <&- >&- 2>&-
[ -s closed/result.json ] || fails "a search without standard streams leaves no result"
! grep -l "img/s" closed/* || fails "a message for the terminal stands in a file of the run"
mkdir gone
(
  failures=0
  cd gone && rmdir ../gone || exit 1
  says "error: the working directory cannot be used (No such file or directory); change to another one" "$pdarts" list
  [[ "$("$pdarts" --help)" == *commands:* ]] || fails "no help without a working directory"
  exit $((failures > 0))
) || failures=$((failures + 1))
# Control characters in files and names do not reach the terminal.
escape=$'\e[31mred'
cp -r runs/tiny-seed1 "runs/$escape"
says "$PWD/none\\x1b[31mred is not a run directory" "$pdarts" report "none$escape"
sed -i 's/"name":"tiny"/"name":"tiny\\u001b[31mred"/' "runs/$escape/result.json"
prints "| tiny\\x1b" "$pdarts" results "runs/$escape"
for command in results report; do
  [[ "$("$pdarts" $command "runs/$escape" 2>&1)" != *$'\e'* ]] || fails "$command prints an escape code"
done
rm -r "runs/$escape"
mkdir -p flowers/train/{rose,daisy} && touch "flowers/train/rose/$escape"
sed 's/synthetic.SyntheticConfig\] {/image_folder.ImageFolderConfig] { classes: 2 image_size: 8/; /classes: 2 height/d' \
  tiny.textproto > flowers.textproto
"$pdarts" search --spec=flowers.textproto --data_dir=flowers --dry_run > output 2> error || fails "$(cat error)"
grep -q "left out files that are not images: .*x1b\[31mred" error || fails "no warning of the file: $(cat error)"
! grep -q $'\e' error || fails "a warning prints an escape code"
# A damaged run does not keep other runs out of reports, the comparison and the table.
mkdir damaged
cp -r sweep/tiny-seed1 damaged/a
cp -r sweep/tiny-seed3 damaged/c
mkdir damaged/b damaged/d
cp sweep/tiny-seed5/spec.textproto damaged/b
echo '{]' | tee damaged/b/log.jsonl > damaged/b/result.json
echo 'name: "d" space {' > damaged/d/spec.textproto
rm damaged/?/report.html
says "2 of 4 runs are left out: $PWD/damaged/b, $PWD/damaged/d" "$pdarts" report --output=others.html damaged
says "note: $PWD/damaged/d is left out: $PWD/damaged/d/spec.textproto:2:" "$pdarts" report damaged
[ -s damaged/a/report.html ] && [ -s damaged/c/report.html ] || fails "a damaged run stopped other reports"
grep -q "2 runs side by side" others.html || fails "others.html lacks a run"
says "| tiny | synthetic | darts | 3 |" "$pdarts" results damaged
also "1 of 4 runs are left out: $PWD/damaged/b"
says "result.json: no RunResult" "$pdarts" results damaged/b
# The content of a run's files is checked before a command uses it.
sed -i 's/edge: 13$/edge: 9999/' damaged/c/architecture.textproto
for command in "derive --run=damaged/c" "report damaged/c"; do
  says "architecture.textproto: trace.edges[13]: edge: 9999 is not in [0, 13]" "$pdarts" $command
done
sed -i 's/kind: "normal"/kind: "x\/..\/..\/y"/' damaged/c/architecture.textproto
for command in "derive --run=damaged/c" "report damaged/c" "train --run=damaged/c"; do
  says 'cell 0 is of the kind "x/../../y", expected "normal"' "$pdarts" $command
done
(
  ulimit -f 40  # in kilobytes; writes fail as on a full disk
  says "File too large" "${search[@]}" --output_dir=full
  exit $failures
)
failures=$?
[ ! -e full/supernet.safetensors ] && [ ! -e full/supernet.safetensors.tmp ] && [ ! -e full/result.json ] ||
  { echo "a full disk left something half-written"; failures=$((failures + 1)); }

exit $((failures > 0))
