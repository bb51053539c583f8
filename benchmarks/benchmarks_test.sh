#!/bin/bash
# search_step, roofline and device_steps on tiny networks, loader on few images: what they print, and what they refuse.
# usage: benchmarks_test.sh SEARCH_STEP ROOFLINE LOADER PDARTS CHECKS DEVICE_STEPS
set -u
step=("$PWD/$1" --cells=2 --candidates=2 --channels=2 --batch=2 --steps=1 --rounds=1 --threads=1)
roofline=("$PWD/$2" --channels=4 --side=4 --batch=2 --repeats=1 --threads=1 --megabytes=1)
loader=(env TMPDIR="$TEST_TMPDIR" "$PWD/$3" --files=3 --listed=200 --images=64 --rounds=1)
pdarts="$PWD/$4"
device=("$PWD/$6" --cells=2 --channels=2 --batch=4 --warmup=1 --steps=2 --profiled=1 --slowest=3 --threads=1)
source "$5"
cd "$TEST_TMPDIR" || exit 1

# has NAME...: expects that the last JSON has an object of each name. lacks NAME...: expects that
# each name is null there.
has() { for name; do grep -q "\"$name\": {" json || fails "no object \"$name\""; done; }
lacks() { for name; do grep -q "\"$name\": null" json || fails "\"$name\" is not null"; done; }
# runs COMMAND...: expects that the command succeeds. Its output becomes the file `json`.
runs() { "$@" > json 2>error || { fails "failed: $*"; cat error; }; }

# Measures another build in the same rounds. In this test, the other build is the same program.
runs "${step[@]}" --json --against="${step[0]}"
has reference fused fused_bfloat16 against ratios "fused/reference" "fused_bfloat16/reference" \
  "fused_bfloat16/fused" "fused/against" "fused_bfloat16/against"
grep -q '"speedup": .*"memory_ratio": ' json || fails "no speedup"
! grep -q trainer json || fails "runs a trainer that nobody asked for"
# The reference kernels are measured in float32, whatever the precision of the fused kernels is.
runs "${step[@]}" --json --precision=bfloat16
has reference fused_bfloat16 "fused_bfloat16/reference"
lacks fused
runs "${step[@]}" --json --kernels=fused --precision=float32 --trainer="$pdarts"
has fused trainer_fused "trainer_fused/fused"
lacks reference fused_bfloat16
! grep -q against json || fails "measures another build that nobody named"
prints "images/s" "${step[@]}" --kernels=reference --rounds=2

says "--kernels=quick: expected fused, reference, both" "${step[@]}" --kernels=quick
says "--precision=half: expected float32, bfloat16, both" "${step[@]}" --precision=half
says "--rounds=0: expected at least 1" "${step[@]}" --rounds=0
says "no_such_program" "${step[@]}" --kernels=fused --against=no_such_program
says "--space=nasbench201" "${step[@]}" --trainer="$pdarts" --space=nasbench201
says "--skip_dropout=0" "${step[@]}" --trainer="$pdarts" --skip_dropout=0.5

runs "${roofline[@]}" --json
for precision in float32 bfloat16; do
  # All operations together, and seven operations one by one, with three passes for each.
  [ "$(grep -o "\"precision\": \"$precision\"" json | wc -l)" = 24 ] || fails "rows of $precision"
done
grep -q '"operation": "sep_conv_3x3", "pass": "weights"' json || fails "no row of sep_conv_3x3"
grep -q '"copy_bytes_per_s": [1-9]' json || fails "no bandwidth"
prints "nor_conv_3x3" "${roofline[@]}" --space=nasbench201 --precision=float32
says "--space" "${roofline[@]}" --space=other
says "--precision=half" "${roofline[@]}" --precision=half
says "--batch=0: expected at least 1" "${roofline[@]}" --batch=0

runs "${loader[@]}" --json
for key in loader_images_per_s plain_decode_images_per_s two_workers_images_per_s peak_rss_mb; do
  grep -q "\"$key\": [1-9]" json || fails "no \"$key\""
done
prints "times one worker's" "${loader[@]}"
says "--listed=99: expected at least 100" "${loader[@]}" --listed=99
says "--rounds=0: expected at least 1" "${loader[@]}" --rounds=0
[ -z "$(find . -maxdepth 1 -name 'pdarts_loader_*')" ] || fails "the loader's benchmark leaves files behind"

# A search of one stage and a training by the trainers, and a network for another program.
for work in search training; do
  runs "${device[@]}" --work="$work" --candidates=2
  for key in images_per_s step_s peak_bytes estimated_bytes operators_per_step; do
    grep -qE "\"$key\": [0-9.]*[1-9]" json || { fails "$work has no \"$key\""; cat json; }
  done
  grep -q '"work": "'"$work"'", "backend": "fused/' json || fails "$work does not name its backend"
  grep -q '"launches_per_step": 0.0' json || fails "$work launches kernels on no device"
  [ "$(grep -o '"calls_per_step"' json | wc -l)" = 3 ] || fails "$work does not list three kernels"
done
runs "${device[@]}" --profiled=0 --precision=BFLOAT16
grep -q 'bfloat16", .*"profile": null' json || fails "no measurement without a profile"
runs "${device[@]}" --work=network --candidates=2 --output=network.safetensors
for name in cells.1.preprocess1.op.1.weight alphas_reduce pass.logits pass.alphas_normal; do
  grep -aq "\"$name\"" network.safetensors || fails "the network has no $name"
done
says "--work=sleep: expected search, training, network" "${device[@]}" --work=sleep
says "--batch=0: expected at least 1" "${device[@]}" --batch=0
says "no_such_field" "${device[@]}" --set=search.no_such_field=1
says "--output=: --work=network writes this file" "${device[@]}" --work=network
says "device: \"tpu\" is not auto, cpu, cuda or cuda:N" "${device[@]}" --device=tpu

exit $((failures > 0))
