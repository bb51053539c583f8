#!/bin/bash
# Tests the way from a genotype to a trained and evaluated network on the command line.
# usage: train_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
version=$(cat VERSION)
checkpoint=$PWD/pdarts/weights/testdata/legacy_checkpoint.pt
source "$2"
cd "$TEST_TMPDIR" || exit 1

plugins='
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 32 width: 32 train_images: 24 test_images: 8
  }
}'
cat > train.textproto <<SPEC
name: "tiny" $plugins
genotype: "PDARTS"
network { cells: 3 channels: 4 }
train { epochs: 2 batch_size: 8 }
SPEC
cat > search.textproto <<SPEC
name: "found" $plugins
schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] { cells: 2 channels: 2 epochs: 1 } }
search { batch_size: 8 }
SPEC
train=("$pdarts" train --spec=train.textproto)

# The known counts of published networks, exact to the last digit.
count=("$pdarts" count --space=darts --json)
prints '"params":3433798,"macs":532174464' "${count[@]}" --genotype=PDARTS
prints '"params":3349342,"macs":528359040' "${count[@]}" --genotype=DARTS_V2 --cells=20 --channels=36 --classes=10
prints '"params":3169414,"macs":500987520' "${count[@]}" --genotype=DARTS_V1
prints '"params":4944352,"macs":542819328' "${count[@]}" --genotype=PDARTS --skeleton=imagenet
prints '"params":1288506' "$pdarts" count --space=nasbench201 --json \
  --genotype='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
prints "note: a network of 1 cells (--cells) has no normal cell" "$pdarts" count --space=darts --genotype=PDARTS --cells=1 --channels=4
prints '"kinds_without_cells":["normal"]' "${count[@]}" --genotype=PDARTS --cells=2 --channels=4
[[ "$("${count[@]}" --genotype=PDARTS --cells=3 --channels=4)" != *kinds_without* ]] || fails "a network of three cells lacks a kind"
prints "images of 32x32, 3 channels, 10 classes; 20 cells, 36 channels, skeleton cifar" "$pdarts" count --space=darts --genotype=PDARTS
also "cells.19"
prints '"macs":2128680576' "${count[@]}" --genotype=PDARTS --image_size=64
prints '"image_height":28,"image_width":20' "${count[@]}" --genotype=PDARTS --cells=2 --channels=4 --image_size=28x20
says '--image_size: "28x" is not H or HxW' "${count[@]}" --genotype=PDARTS --image_size=28x
prints "images of 16x24" "$pdarts" benchmark --space=darts --genotype=PDARTS --cells=2 --channels=4 --batch=1 --runs=1 --image_size=16x24
benchmark=("$pdarts" benchmark --space=darts --genotype=PDARTS --cells=2 --channels=4 --batch=1,2 --runs=2 --threads=1)
prints "folded median ms" "${benchmark[@]}"
grep -Eq '^exported as ONNX: 0\.[0-9]+ MB$' <<< "$printed" || fails "benchmark does not say the size of the exported model"
grep -Eq '^ +2 +([0-9.]+ +){4}\(2\) +[0-9.]+$' <<< "$printed" || fails "benchmark has no row for a batch of two"
prints '"folded_median_ms":' "${benchmark[@]}" --json
[ "$(grep -o '"folded_median_ms":[0-9.]*' <<< "$printed" | wc -l)" = 2 ] || fails "benchmark --json lacks the latency with folded normalizations"
[ "$(number onnx_bytes <<< "$printed")" -gt 4000 ] || fails "benchmark --json lacks the size of the exported model"

# The time of each operation: the table for cost_penalty.
operations=("$pdarts" benchmark --operations --space=nasbench201 --cells=1 --channels=2 --image_size=8 --batch=1,2 --runs=1 --threads=1)
"${operations[@]}" | grep -Eq '^nor_conv_3x3 +2 +8x8 +1 +2 +[0-9.]+$' || fails "the table lacks an operation"
"${operations[@]}" --json > latency.json || fails "failed: ${operations[*]}"
[ "$(grep -o '"operation":' latency.json | wc -l)" = 30 ] || fails "the table has other than 5 operations in 3 blocks for 2 batches"
grep -q '"space":"nasbench201","skeleton":"cifar","cells":1,"channels":2,' latency.json || fails "the table lacks the size"
grep -Eq '"fixed":\[\{"batch":1,"ms":[-0-9.e]+},\{"batch":2,"ms":[-0-9.e]+}\]' latency.json || fails "the table lacks the fixed part"
says "--operations: measures all operations of --space, and takes neither --run nor --genotype" "${operations[@]}" --genotype=PDARTS

# A dry run prints the size, the memory and the time, and writes no files.
published=("$pdarts" train --space=darts --dataset=cifar10 --genotype=PDARTS --set=network.cells=2 --set=network.channels=4
  --set=train.batch_size=8 --set=train.evaluation_batch_size=8)
prints "3 cells, 4 channels, skeleton cifar, 2 epochs" "${train[@]}" --dry_run
also "data: made by synthetic, seed 1, 24 training and 8 test images of 2 classes (class_0, class_1)"
tail -1 <<< "$printed" | grep -Eq '^total: about [1-9]' || fails "the dry run's last line is not a total time"
prints '"train_images":24,"test_images":8' "${train[@]}" --dry_run --json
for key in total_seconds memory_mb params macs; do
  [ -n "$(number $key <<< "$printed")" ] || fails "the dry run's JSON has no $key: $printed"
done
prints "data: not read, because of this: CIFAR-10: there is no folder $PWD/nowhere" \
  "${published[@]}" --data_dir=nowhere --dry_run
prints "24 training and 8 test images" "$pdarts" search --spec=search.textproto --dry_run
[ ! -e runs ] || fails "a dry run wrote something"
prints "and the dataset" "${published[@]}" --dry_run
[ -n "$(number total_seconds <<< "$("${published[@]}" --dry_run --json)")" ] || fails "no time where only the number of images is known"

# A training leaves all its files, and its numbers agree with those of `evaluate`.
prints "(chance 50.00%) (best epoch" "${train[@]}"
grep -q "top-5" error && fails "the console shows the top-5 accuracy of two classes"
run=runs/tiny-seed1
for file in spec.textproto log.jsonl architecture.textproto architecture.json genotype.txt best.safetensors last.safetensors result.json \
  samples.json mistakes.json; do
  [ -s $run/$file ] || fails "$run/$file is missing"
done
[ "$(grep -c '"event":"epoch"' $run/log.jsonl)" = 2 ] || fails "the log has other than two epochs"
says "holds a finished run" "${train[@]}"
grep -q "\"version\":\"$version\"" $run/result.json || fails "no version in result.json"
best=$(number best_test_top1 < $run/result.json)
prints "\"top1\":$(number test_top1 < $run/result.json)," "$pdarts" evaluate --run=$run --json
echo "$printed" > evaluation.json
prints "\"top1\":$best," "$pdarts" evaluate --run=$run --json --epoch=best
# With two classes, the top-5 accuracy is always 100%. The accuracy of random predictions is printed
# beside the top-1 accuracy.
prints "confusion" "$pdarts" evaluate --run=$run
also "(chance 50.00%), loss"
# The flags describe the same network, but only the name of the dataset.
set_data=(--dataset=synthetic --set=dataset.classes=2 --set=dataset.height=32 --set=dataset.width=32
  --set=dataset.train_images=24 --set=dataset.test_images=8)
evaluate=("$pdarts" evaluate --json --space=darts --cells=3 --channels=4 "${set_data[@]}")
prints "\"top1\":$best," "${evaluate[@]}" --model=$run/best.safetensors --genotype=$run/architecture.json
prints "tensors in" "$pdarts" convert --weights=$run/best.safetensors --output=best.pt
prints "\"top1\":$best," "${evaluate[@]}" --model=best.pt --genotype=$run/genotype.txt
prints "tensors in" "$pdarts" convert --weights=best.pt --output=back.safetensors
cmp -s back.safetensors $run/best.safetensors || fails "weights came back otherwise"

# `evaluate` computes in the precision of the training. In another precision, the last digits of the loss
# would differ.
prints "multiply-adds" "${train[@]}" --output_dir=double --set=train.precision=FLOAT64 --set=train.epochs=1
prints "\"loss\":$(number test_loss < double/result.json)," "$pdarts" evaluate --run=double --json
prints "multiply-adds" "${train[@]}" --output_dir=narrow --set=train.precision=BFLOAT16 \
  --set=train.epochs=1
prints "\"loss\":$(number test_loss < narrow/result.json)," "$pdarts" evaluate --run=narrow --json
grep -q '"BF16"' narrow/best.safetensors && fails "a training in bfloat16 wrote weights that are not float32"

# A cutout as large as the images is allowed, with a note.
cut=("${train[@]}" --output_dir=cut --set=train.epochs=1 --set=train.augmentation.cutout=32)
prints "multiply-adds" "${cut[@]}"
grep -q "note: train.augmentation.cutout: 32 is as large as the images of 32x32 pixels" error || fails "no note of the cutout"

# If the loss is not a number, there is no result.
says "the loss on the test images is NaN" "${train[@]}" --output_dir=diverged --set=train.batch_size=24 --set=train.epochs=1 \
  --set=train.weights.learning_rate=100 --set=train.weights.weight_decay=10 --set=train.weights.clip_norm=0
[ -e diverged/result.json ] && fails "a training whose loss is not a number left a result"
cp $run/best.safetensors nan.safetensors
begin=$(grep -ao '"classifier.bias":{[^}]*"data_offsets":\["*[0-9]*' nan.safetensors | grep -o '[0-9]*$')
printf '\x00\x00\xc0\x7f' | dd of=nan.safetensors bs=1 conv=notrunc status=none \
  seek=$((8 + $(od -An -tu8 -N8 nan.safetensors) + begin))
says "the loss on the test images is NaN" "${evaluate[@]}" --model=nan.safetensors --genotype=PDARTS

# Trains the derived architecture of a search.
prints "Genotype(" "$pdarts" search --spec=search.textproto
prints "$(cat runs/found-seed1/genotype.txt)" "$pdarts" train --run=runs/found-seed1 \
  --set=network.cells=3 --set=network.channels=4 --set=train.epochs=1 --set=train.batch_size=8
[ -s runs/train_found-seed1/result.json ] || fails "train --run left no result"
prints "$(cat runs/found-seed1/genotype.txt)" "${train[@]}" --run=runs/found-seed1 --output_dir=both --set=train.epochs=1
# `count` and `benchmark` of a run use the network of the run, for the images of the run.
prints "images of 32x32, 3 channels, 2 classes; 20 cells, 36 channels, skeleton cifar" "$pdarts" count --run=runs/found-seed1
prints "\"macs\":$(number macs < $run/result.json)," "$pdarts" count --run=$run --json
prints "images of 32x32, 3 channels, 2 classes; 3 cells, 4 channels" "$pdarts" benchmark --run=$run --batch=1 --runs=1 --threads=1
# A training can begin with other weights.
prints "test " "${train[@]}" --weights=best.pt --output_dir=warm --set=train.epochs=1

# A training that was stopped and continued with the same command ends like an uninterrupted one.
long=("${train[@]}" --set=train.epochs=15 --checkpoint_minutes=0)
prints "test " "${long[@]}" --output_dir=whole
# On a busy machine, a training may end before it gets the signal. Then another one is started.
for _ in 1 2 3 4 5; do
  rm -rf stopped
  "${long[@]}" --output_dir=stopped 2> console.txt &
  child=$!
  await test -e stopped/checkpoint.previous.bin -o -e stopped/result.json
  kill -TERM $child 2> /dev/null
  wait $child
  status=$?
  [ $status = 0 ] || break
done
[ $status = 143 ] || { fails "SIGTERM: exit status $status"; cat console.txt; }
grep -q "To resume:" console.txt || fails "it does not say how to resume"
prints "test " "${long[@]}" --output_dir=stopped --resume
for file in best.safetensors last.safetensors samples.json mistakes.json; do
  cmp -s whole/$file stopped/$file || fails "$file ended otherwise after a resume"
done
timeless() { sed 's/"\(time\|elapsed_s\|peak_memory_mb\|seconds\|images_per_second\)":[^,}]*,\?//g' "$1"; }
cmp <(timeless whole/log.jsonl) <(timeless stopped/log.jsonl) || fails "the log ended otherwise after a resume"

# A training is a run: it has a report, a row in the table and a genotype, and it can be repeated.
grep -q "Accuracy of every class" $run/report.html || fails "a training left no page with its classes"
grep -Eq '<th scope="row">class_[01]</th><td>4</td>' $run/report.html || fails "the page lacks a class with its 4 test images"
# The report shows training images, and the same confusion matrix as `evaluate`.
grep -q '<img src="data:image/jpeg;base64,' $run/report.html || fails "the page has no pictures"
grep -q 'class_0, predicted class class_' $run/report.html || fails "the page has no confusion matrix"
[ "$(stat -c %s $run/samples.json)" -lt 100000 ] || fails "samples.json is large"
python3 -c 'import json, sys; a, b = [json.load(open(file))["confusion"] for file in sys.argv[1:]]; sys.exit(a != b)' \
  $run/mistakes.json evaluation.json || fails "mistakes.json has another matrix than evaluate"
rm $run/report.html
prints "$run/report.html" "$pdarts" report $run
[ -s $run/report.html ] || fails "report wrote no page of a training"
prints "comparison.html" "$pdarts" report runs
grep -q "Results of the trainings" comparison.html || fails "comparison.html lacks the trainings"
prints "| tiny | synthetic | darts | 1 |" "$pdarts" results runs
prints "[model](<$run/last.safetensors>)" "$pdarts" results $run
prints ",tiny,$run/spec.textproto,$run/last.safetensors," "$pdarts" results --csv $run
prints "$(cat $run/genotype.txt)" "$pdarts" derive --run=$run
also "$run is a training; this is the architecture that it trains"
prints '"text":"Genotype(' "$pdarts" derive --run=$run --json
says "$run is a training, which has no probabilities to derive from" "$pdarts" derive --run=$run --set=space.allow_none=true
prints "$(cat $run/genotype.txt)" "$pdarts" train --run=$run --set=train.epochs=1 --seed=7
[ -s runs/tiny_again-seed7/result.json ] || fails "train --run of a training left no result"
grep -q "channels: 4" runs/tiny_again-seed7/spec.textproto || fails "train --run lost the training's settings"

# A sweep accepts the spec of a training. Its runs differ only in the seed, so `results` prints
# their mean.
sweep=("$pdarts" sweep --spec=train.textproto --seeds=1,2 --set=train.epochs=1 --output_dir=sweep)
prints "mean" "${sweep[@]}"
prints "test_top1" "${sweep[@]}"
grep -q "seed 2: finished before" error || fails "a sweep trained again what was finished"
[ "$(cmp sweep/tiny-seed1/last.safetensors sweep/tiny-seed2/last.safetensors 2>&1)" ] || fails "two seeds trained the same weights"
prints "| tiny | synthetic | darts | 1, 2 |" "$pdarts" results sweep
also "divided by n - 1"
prints '"groups":[{"name":"tiny","dataset":"synthetic","search_space":"darts","seeds":[1,2],"columns":[' "$pdarts" results --json sweep
says 'train.epochs: 0 is not in [1, 100000]' "$pdarts" sweep --spec=train.textproto --seeds=1 --set=train.epochs=0
says "(as the spec of a training)" "$pdarts" sweep --spec=<(sed 's/epochs/epoch/' train.textproto) --seeds=1

# Errors.
says "--run and --genotype both name an architecture" "${train[@]}" --run=runs/found-seed1 --genotype=PDARTS
says 'names that it knows: PDARTS, DARTS_V1, DARTS_V2' "${train[@]}" --genotype=PDART
says "expected '|'" "$pdarts" count --space=nasbench201 --genotype="$(cat $run/genotype.txt)"
says "expected 'Genotype(normal=" "$pdarts" count --space=darts --genotype='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
says "train.batch_size: 25 is larger than the training set of 24 images" "${train[@]}" --set=train.batch_size=25 --output_dir=bad
[ -e bad ] && fails "a training that cannot begin left a folder"
says "missing" "${evaluate[@]}" --model=$run/best.safetensors --genotype=DARTS_V2
says "--classes: 3, but the dataset has 2" "${evaluate[@]}" --model=best.pt --genotype=PDARTS --classes=3
says "holds no trained weights" "$pdarts" evaluate --run=runs/found-seed1
says "is not a run directory" "$pdarts" evaluate --run=nowhere
for file in best.pt $run/best.safetensors; do
  cut=cut.${file##*.}
  head -c 3000 $file > $cut
  says "$cut" "${evaluate[@]}" --model=$cut --genotype=PDARTS
done
echo "no weights" > none.safetensors
says "none.safetensors" "${evaluate[@]}" --model=none.safetensors --genotype=PDARTS
says "expected a name that ends in .safetensors, .pt or .pth" "$pdarts" convert --weights=best.pt --output=best.onnx
says "convert needs" "$pdarts" convert --weights=best.pt
echo "<!DOCTYPE html><html>Not Found</html>" > page.pth
says "page.pth is an HTML page" "$pdarts" convert --weights=page.pth --output=page.safetensors
[ -e page.safetensors ] && fails "an HTML page was converted"

# A checkpoint of a training script in the old format of torch.save. A note tells what was read.
prints "3 tensors in" "$pdarts" convert --weights="$checkpoint" --output=found.safetensors
for note in 'the weights are those of the entry "model"' 'all names begin with "module."'; do
  grep -q "note: $note" error || fails "no note: $note"
done

exit $((failures > 0))
