#!/bin/bash
# Tests the files that `export` writes, and its error messages. tests/python:export_test checks what these files
# compute.
# usage: export_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

cat > spec.textproto <<'SPEC'
name: "tiny"
space { [type.googleapis.com/pdarts.nasbench201.NasBench201SpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
genotype: "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|"
network { cells: 1 channels: 4 }
train { epochs: 1 batch_size: 8 auxiliary_weight: 0 drop_path: 0 augmentation { crop_padding: 0 cutout: 0 } }
SPEC
prints "test " "$pdarts" train --spec=spec.textproto --threads=1 --output_dir=run

prints "run/model.onnx: " "$pdarts" export --run=run
prints "run/model.py: " "$pdarts" export --run=run --format=pytorch
python3 - run/model.py <<'PYTHON' || fails "model.py is not Python"
import ast, sys
names = {node.name for node in ast.parse(open(sys.argv[1]).read()).body if hasattr(node, "name")}
assert {"Cell", "ResidualBlock", "Network", "Zero", "load_weights", "main"} <= names, names
PYTHON
for text in avg_pool_3x3 class_0 'cell_0/edge_0_3/nor_conv_3x3/Conv' logits; do
  grep -aqF "$text" run/model.onnx || fails "model.onnx does not hold $text"
done

# The files contain the same preparation of images as `evaluate`. Transforms of the spec replace the channel statistics
# and the fit of the dataset.
grep -qF 'ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)' run/model.py || fails "model.py does not cut out the middle"
cp -r run prepared
sed -i 's/^train {$/train {\
  evaluation_transforms { [type.googleapis.com\/pdarts.transforms.ResizeCenterCropConfig] { short_side: 16 } }\
  evaluation_transforms {\
    [type.googleapis.com\/pdarts.transforms.NormalizeConfig] { mean: [0.4, 0.5, 0.6] deviation: [0.3, 0.25, 0.2] }\
  }/' prepared/spec.textproto
prints "prepared/model.py: " "$pdarts" export --run=prepared --format=pytorch
grep -qF 'ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR, 0.25)' prepared/model.py || fails "model.py cuts no border off"
grep -qFx 'MEAN = [0.4, 0.5, 0.6]' prepared/model.py || fails "model.py has another mean than evaluate"
prints "prepared/model.onnx: " "$pdarts" export --run=prepared
grep -aqF '[0.3, 0.25, 0.2]' prepared/model.onnx || fails "model.onnx has another deviation than evaluate"

# An operation that cannot be exported is named, for either format.
sed -e 's/name: "tiny"/name: "noise"/' -e 's/pdarts.nasbench201.NasBench201SpaceConfig/pdarts.darts.DartsSpaceConfig/' \
  -e 's/cells: 1 channels: 4/cells: 3 channels: 2/' spec.textproto > noise.textproto
skips="('skip_connect', 0), ('skip_connect', 1)"
noise="Genotype(normal=[('noise', 0), ('skip_connect', 1), $skips, $skips, $skips], normal_concat=range(2, 6), "
noise="${noise}reduce=[$skips, $skips, $skips, $skips], reduce_concat=range(2, 6))"
prints "test " "$pdarts" train --spec=noise.textproto --genotype="$noise" --threads=1 --output_dir=noise
for format in onnx pytorch; do
  says "cell_0/edge_0_2/noise has no export" "$pdarts" export --run=noise --format=$format
done
[ -e noise/model.onnx ] || [ -e noise/model.py ] && fails "an export that failed left a file"

# Another output path, other options, and weights without their run. An existing file is replaced.
echo old > other.onnx
prints "other.onnx: " "$pdarts" export --run=run --softmax --nonormalize --output=other.onnx
grep -aq probabilities other.onnx || fails "--softmax changes nothing"
grep -aq normalization other.onnx && fails "--nonormalize changes nothing"
prints "alone.onnx: " "$pdarts" export --weights=run/best.safetensors --output=alone.onnx
prints "best.onnx: " "$pdarts" export --run=run --epoch=best --output=best.onnx
cmp -s alone.onnx best.onnx || fails "the weights of a run are exported differently without the run"

says '--format: is "tflite", expected onnx or pytorch' "$pdarts" export --run=run --format=tflite
says "--output is missing" "$pdarts" export --weights=run/best.safetensors
says "--softmax and --nonormalize change an ONNX file" "$pdarts" export --run=run --format=pytorch --softmax
says "export needs --run=DIR" "$pdarts" export
mkdir empty
says "empty" "$pdarts" export --run=empty
mkdir without && cp run/spec.textproto run/*.json without
rm -f without/*.safetensors
says "best.safetensors" "$pdarts" export --run=without --epoch=best
[ -e without/model.onnx ] && fails "an export that failed left a file"
says "is a directory" "$pdarts" export --run=run --output=empty

exit $((failures > 0))
