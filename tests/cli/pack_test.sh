#!/bin/bash
# Tests `pdarts pack`, a training on the shards, and an evaluation.
# usage: pack_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1
unset PDARTS_DATA_DIR

animals 24 16

prints "shards: 12 training and 12 test images in 2 shards" "$pdarts" pack --from=data --to=shards --side=12
[ "$(ls -A shards | tr '\n' ' ')" = "index.binpb pack.textproto test-00000.tar train-00000.tar " ] ||
  fails "shards/ holds $(ls -A shards)"
tar -tf shards/train-00000.tar > names || fails "tar does not read a shard"
[ "$(wc -l < names)" = 24 ] && [ "$(head -2 names | tr '\n' ' ')" = "0000000.jpg 0000000.cls " ] ||
  fails "a shard holds $(cat names)"
sums=$(sha256sum shards/*)
prints "in 2 shards, 2 of them kept" "$pdarts" pack --from=data --to=shards --side=12
[ "$(sha256sum shards/*)" = "$sums" ] || fails "packing again changes the shards"

says "--from=DIR --to=DIR" "$pdarts" pack --from=data
says "--side is 0, expected 1 to 16384" "$pdarts" pack --from=data --to=other --side=0
says "there is no folder nothing" "$pdarts" pack --from=nothing --to=other
says "another --side" "$pdarts" pack --from=data --to=shards --side=8
says 'unexpected argument "data"' "$pdarts" pack data
[ ! -e other ] || fails "wrong arguments made a folder"

cat > spec.textproto <<'SPEC'
name: "animals"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.image_shards.ImageShardsConfig] {
    classes: 3 image_size: 8 memory_megabytes: 0
  }
}
genotype: "PDARTS"
network { cells: 2 channels: 4 }
train {
  epochs: 4 batch_size: 6 auxiliary_weight: 0 drop_path: 0 weights { learning_rate: 0.1 }
  transforms { [type.googleapis.com/pdarts.transforms.RandomResizedCropConfig] { min_area: 0.5 } }
  transforms { [type.googleapis.com/pdarts.transforms.FlipConfig] {} }
  transforms { [type.googleapis.com/pdarts.transforms.NormalizeConfig] {} }
}
SPEC
prints "test " "$pdarts" train --spec=spec.textproto --threads=1 --data_dir=shards --output_dir=run
prints "\"top1\":$(number test_top1 < run/result.json)," "$pdarts" evaluate --run=run --threads=1 --data_dir=shards --json
grep -q '"class_names":\["ant","cat","fox"\]' run/model.json || fails "model.json lacks the classes"

# A list of transforms that cannot be used in an evaluation is refused before the training begins.
sed 's/^train {/& evaluation_transforms { [type.googleapis.com\/pdarts.transforms.ResizeCenterCropConfig] {} }/' \
  spec.textproto > wrong.textproto
says "train.evaluation_transforms: no transform of the list normalizes images" \
  "$pdarts" train --spec=wrong.textproto --threads=1 --data_dir=shards --output_dir=wrong
[ ! -e wrong ] || fails "a spec that cannot be run made a folder"

# Images that cannot be read end a training, or are left out and counted.
sed -e 's/image_shards.ImageShardsConfig/image_folder.ImageFolderConfig/' \
  -e 's/memory_megabytes: 0/& mean: [0.5, 0.5, 0.5] deviation: [0.25, 0.25, 0.25]/' spec.textproto > folder.textproto
cp -r data damaged
for split in train test; do head -c 100 data/$split/ant/0.png > damaged/$split/ant/0.png; done
train=("$pdarts" train --spec=folder.textproto --threads=1 --data_dir=damaged)
says "damaged/train/ant/0.png: PNG: it ends too early" "${train[@]}" --output_dir=ended
prints "test " "${train[@]}" --output_dir=skipping --set=train.loading.skip_unreadable=true
grep -q "note: 2 images of the epoch could not be read and were left out" error || fails "no note of the images left out: $(cat error)"
[ "$(grep -c '"skipped_images":2[,}]' skipping/log.jsonl)" = 4 ] || fails "the log does not count the images left out"
evaluate=("$pdarts" evaluate --run=skipping --threads=1 --data_dir=damaged)
prints '"skipped_images":1' "${evaluate[@]}" --json
prints "1 more could not be read and were left out" "${evaluate[@]}"

# A shard that is cut off.
head -c 5000 shards/train-00000.tar > cut.tar && mv cut.tar shards/train-00000.tar
says "train-00000.tar: is cut off in sample " "$pdarts" train --spec=spec.textproto --threads=1 --data_dir=shards --output_dir=wrong

exit $((failures > 0))
