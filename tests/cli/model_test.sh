#!/bin/bash
# Tests that a trained network stores what it needs: classes, channel statistics, and the weights
# that it began with.
# usage: model_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

animals
animals_spec > spec.textproto
train=("$pdarts" train --spec=spec.textproto --threads=1)
prints "test " "${train[@]}" --data_dir=data --output_dir=run
last=$(number test_top1 < run/result.json)
loss=$(number test_loss < run/result.json)
evaluate=("$pdarts" evaluate --run=run --threads=1 --json)
measures() { prints "\"top1\":$last,\"top5\":100,\"loss\":$loss," "$@"; }

# The run and the weights contain their description.
grep -q '"class_names":\["ant","cat","fox"\]' run/model.json || fails "model.json lacks the classes"
for file in best last; do
  grep -aq 'pdarts_model' run/$file.safetensors || fails "$file.safetensors does not say what it is of"
done
measures "${evaluate[@]}" --data_dir=data
also '"epoch":"last"'
prints "\"top1\":$(number best_test_top1 < run/result.json)," "${evaluate[@]}" --data_dir=data --epoch=best
measures "${evaluate[@]}" --data_dir=data --csv=classes.csv
[ "$(head -1 classes.csv)" = "class,images,accuracy,ant,cat,fox" ] || { fails "classes.csv has another header"; cat classes.csv; }
[ "$(grep -Ec '^(ant|cat|fox),4,[0-9.]+,[0-4],[0-4],[0-4]$' classes.csv)" = 3 ] || { fails "classes.csv has other rows"; cat classes.csv; }
# The diagonal of the confusion matrix holds the numbers of correct images.
awk -F, -v top1="$last" 'NR > 1 { right += $(NR + 2) } END { exit !(100 * right / 12 - top1 < 0.01 && top1 - 100 * right / 12 < 0.01) }' classes.csv ||
  { fails "classes.csv does not agree with the accuracy $last"; cat classes.csv; }
says "$PWD/nowhere/classes.csv" "${evaluate[@]}" --data_dir=data --csv=nowhere/classes.csv
prints "weights of the last epoch" "$pdarts" evaluate --run=run --threads=1 --data_dir=data
says '--epoch: is "first", expected last or best' "${evaluate[@]}" --data_dir=data --epoch=first

# Other data folders have only test images, other training images, or an additional first class.
mkdir -p alone other
cp -r data/test alone/test
measures "${evaluate[@]}" --data_dir=alone
also "\"dataset_source\":\"$PWD/alone\""
cp -r data/test other/test
for class in ant cat fox; do images other/train/$class 250 250 250; done
measures "${evaluate[@]}" --data_dir=other
# A file of weights can be used without its run and without a genotype.
cp run/last.safetensors weights.safetensors
measures "$pdarts" evaluate --model=weights.safetensors --threads=1 --json --data_dir=alone

measures "$pdarts" evaluate --model=weights.safetensors --dataset=image_folder --threads=1 --json --data_dir=alone
# An evaluation uses the given images, even if the training set a share of its own images apart.
measures "${evaluate[@]}" --data_dir=alone --set=dataset.test_share=0.5
prints "$PWD/alone" "${evaluate[@]}" --data_dir=other --set=dataset.folder="$PWD/alone"
grep -q "note: --data_dir=other is not used" error || fails "evaluate does not say that --data_dir is not used"

# A renamed class, an additional class and a missing class.
cp -r data renamed
for split in train test; do mv renamed/$split/fox renamed/$split/arctic_fox; done
says 'does not know "arctic_fox"; the data does not have "fox"' "${evaluate[@]}" --data_dir=renamed
cp -r alone less
rm -r less/test/cat
prints '{"name":"cat","images":0}' "${evaluate[@]}" --data_dir=less
prints "cat    no images" "$pdarts" evaluate --run=run --threads=1 --data_dir=less

# The data of the run are found without a flag, unless they have changed.
unset PDARTS_DATA_DIR
measures "${evaluate[@]}"
mv data/test data/kept
cp -r data/kept data/test
images data/test/ant 100 100 100
says "$PWD/data holds other data" "${evaluate[@]}"
rm -r data/test
mv data/kept data/test
mv data moved
says "nor are they in $PWD/data, where the run read them" "${evaluate[@]}"
mv moved data

# Fine-tuning: the spec contains the SHA-256 of the weights, and other classes need another
# classifier.
more=("${train[@]}" --data_dir=data --set=train.epochs=1)
prints "test " "${more[@]}" --weights=run/last.safetensors --output_dir=tuned
sum=$(sha256sum run/last.safetensors | cut -d' ' -f1)
grep -q "sha256: \"$sum\"" tuned/spec.textproto || fails "the spec lacks the weights' checksum"
grep -q "last.safetensors" tuned/model.json || fails "model.json lacks the weights' file"
says "is ${sum}x, but" "${more[@]}" --weights=run/last.safetensors --set=initial_weights.sha256="$sum"x --output_dir=wrong
[ -e wrong ] && fails "weights that do not fit left a run behind"
prints "test " "$pdarts" train --run=run --more_epochs=1 --threads=1 --data_dir=data
grep -q "sha256: \"$sum\"" runs/animals_more-seed1/spec.textproto || fails "more epochs began with other weights"
says "needs --run=DIR of a finished training" "$pdarts" train --more_epochs=1
two=("$pdarts" train --spec=spec.textproto --threads=1 --data_dir=two --set=dataset.classes=2 --set=train.epochs=1
  --set=train.batch_size=4)
for split in train test; do for class in dog owl; do images two/$split/$class 90 120 150; done; done
says "--weights_except=classifier trains a new classifier for other classes" "${two[@]}" --weights=run/last.safetensors --output_dir=two_classes
says 'does not know "dog", "owl"' "${two[@]}" --weights=run/last.safetensors --output_dir=two_classes
prints "test " "${two[@]}" --weights=run/last.safetensors --weights_except=classifier --output_dir=two_classes
grep -q '"class_names":\["dog","owl"\]' two_classes/model.json || fails "the fine-tuned network has other classes"
says '"clasifier" is not a layer of the network; the layers are ' "${two[@]}" --weights=run/last.safetensors \
  --weights_except=classifier,clasifier --output_dir=mistyped
says "--weights names none" "${two[@]}" --weights_except=classifier --output_dir=nothing

# A resumed run does not need the weights with which it began.
long=("${train[@]}" --data_dir=data --set=train.epochs=400 --checkpoint_minutes=0 --weights=begin.safetensors)
cp run/last.safetensors begin.safetensors
"${long[@]}" --output_dir=stopped 2> console.txt &
child=$!
await test -e stopped/checkpoint.previous.bin
kill -TERM $child
wait $child
rm begin.safetensors
resumed=("${long[@]}" --output_dir=stopped --resume --checkpoint_minutes=10 --threads=2)
"${resumed[@]}" 2> console.txt &
child=$!
await grep -q "^epoch" console.txt
kill -TERM $child
wait $child
grep -q "To resume:" console.txt || { fails "a run does not resume without its first weights"; cat console.txt; }
grep -q 'note: threads was 1, is 2: the run may end differently' console.txt || fails "other threads are not told"
grep -q '"event":"resume".*threads was 1, is 2' stopped/log.jsonl || fails "the log lacks the change of threads"
says "initial_weights.file" "${long[@]}" --output_dir=begins
# The classes of a resumed run are compared as well.
for split in train test; do mv data/$split/fox data/$split/Fox; done
says 'does not know "Fox"; the data does not have "fox"' "${resumed[@]}"
says 'does not know "Fox"; the data does not have "fox"' "${resumed[@]}" --set=train.loading.workers=1

# Class folders without splits: a training needs test images, and test_share sets some images apart.
cp -r data/train flat
flat=("${train[@]}" --data_dir=flat --set=train.epochs=1 --output_dir=flat_run)
says "$PWD/flat holds no test images, so networks cannot be measured" "${flat[@]}"
prints "test " "${flat[@]}" --set=dataset.test_share=0.25
prints "\"top1\":$(number test_top1 < flat_run/result.json)," "$pdarts" evaluate --run=flat_run --threads=1 --json
says "there is no folder $PWD/nowhere. " "${train[@]}" --data_dir=nowhere --output_dir=nowhere_run

exit $((failures > 0))
