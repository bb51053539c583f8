#!/bin/bash
# Tests that a finished run can be repeated and compared to the bit.
# usage: repeat_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

tiny_spec > search.textproto
sed '/^schedule/,$d; s/"tiny"/"trained"/' search.textproto > train.textproto
cat >> train.textproto <<'SPEC'
genotype: "PDARTS"
network { cells: 2 channels: 4 }
train { epochs: 2 batch_size: 8 auxiliary_weight: 0 augmentation { cutout: 0 } }
SPEC
prints "run directory" "$pdarts" search --spec=search.textproto --threads=2 --output_dir=search
prints "run directory" "$pdarts" train --spec=train.textproto --threads=2 --output_dir=training

# The repeated run has the number of threads of the run, without a flag.
for run in search training; do
  prints "the same to the bit" "$pdarts" repeat --run=$run --output_dir=again_$run
  [ "$(number threads < again_$run/result.json)" = 2 ] || fails "$run was repeated with other threads"
done
grep -q '"changes"' search/result.json && fails "a run of one machine has changes"
# A run that was repeated before is only compared.
prints "the same to the bit" "$pdarts" repeat --run=search --output_dir=again_search
grep -q "holds a finished run of the same spec already, which is only compared" error || fails "repeat does not say that it ran nothing"
says "holds a run of another spec" "$pdarts" repeat --run=search --output_dir=training
says "is the run itself" "$pdarts" repeat --run=search --output_dir=search
# The default output directory.
prints "the same to the bit" "$pdarts" repeat --run=training
[ -s runs/repeat_trained-seed1/result.json ] || fails "no run where a repeated one is by default"

# The first difference is named.
cp -r training other
sed -i 's/"train_loss":[0-9.]*/"train_loss":0.5/' other/log.jsonl
says "the first difference: log.jsonl, epoch 1: train_loss was 0.5, is " "$pdarts" repeat --run=other --output_dir=again_training
cp -r training other_weights
printf '\x00\x00\x00\x00' | dd of=other_weights/last.safetensors bs=1 conv=notrunc status=none \
  seek=$(($(stat -c %s other_weights/last.safetensors) - 4))
says "last.safetensors: the tensor " "$pdarts" repeat --run=other_weights --output_dir=again_training
cp -r search other_data
sed -i 's/"dataset_checksum":"sha256:./"dataset_checksum":"sha256:x/' other_data/result.json
says "dataset_checksum was sha256:x" "$pdarts" repeat --run=other_data --output_dir=again_search
says "is not a finished run" "$pdarts" repeat --run=nowhere
says "repeat needs --run=DIR" "$pdarts" repeat

exit $((failures > 0))
