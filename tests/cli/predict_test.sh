#!/bin/bash
# Tests the predictions of trained networks for image files.
# usage: predict_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

animals
animals_spec > spec.textproto
prints "test " "$pdarts" train --spec=spec.textproto --threads=1 --data_dir=data --output_dir=run
predict=("$pdarts" predict --run=run --threads=1)
# The data of the run are not needed.
mv data moved

# A table, JSON and comma-separated values contain the same predictions.
prints "$(printf '%-20s  probability  class' file)" "${predict[@]}" moved/test/ant/0.png
"${predict[@]}" moved/test/ant/0.png | grep -Eq '^moved/test/ant/0.png +[0-9.]+%  (ant|cat|fox)$' || fails "the table has no row of the file"
[ "$("${predict[@]}" moved/test/ant/0.png | wc -l)" = 4 ] || fails "the table does not have a row for each of the three classes"
"${predict[@]}" --json moved/test > test.json || fails "failed: predict --json"
"${predict[@]}" --csv moved/test > test.csv || fails "failed: predict --csv"
right=$(python3 - <<'PYTHON'
import csv, json

images = json.load(open("test.json"))
assert set(images) == {"images"}, images
images = images["images"]
files = [image["file"] for image in images]
assert files == [f"moved/test/{name}/{number}.png" for name in ("ant", "cat", "fox") for number in range(4)], files
right = 0
rows = []
for image in images:
    assert set(image) == {"file", "classes"}, image
    assert {predicted["name"] for predicted in image["classes"]} == {"ant", "cat", "fox"}, image
    assert all(set(predicted) == {"name", "probability"} for predicted in image["classes"]), image
    probabilities = [predicted["probability"] for predicted in image["classes"]]
    assert probabilities == sorted(probabilities, reverse=True), image
    assert abs(sum(probabilities) - 1) < 1e-9, image
    right += image["classes"][0]["name"] in image["file"]
    rows += [(image["file"], predicted["name"], predicted["probability"]) for predicted in image["classes"]]
table = list(csv.reader(open("test.csv")))
assert table[0] == ["file", "class", "probability"], table[0]
assert [(file, name) for file, name, _ in table[1:]] == [row[:2] for row in rows], table
assert all(abs(float(row[2]) - expected[2]) < 1e-5 for row, expected in zip(table[1:], rows)), table
print(right)
PYTHON
) || fails "predict --json and --csv are otherwise"
# The predictions agree with the evaluation of the training, because images are prepared in the same
# way.
expected=$(number test_top1 < run/result.json)
awk -v right="$right" -v expected="$expected" 'BEGIN { difference = 100 * right / 12 - expected; exit !(difference < 0.01 && difference > -0.01) }' ||
  fails "$right of 12 images are classified correctly, but the training measured $expected%"
names() { grep -o '"\(file\|name\)":"[^"]*"' "$1"; }
"${predict[@]}" --json --set=train.evaluation_batch_size=5 moved/test > batches.json
cmp <(names test.json) <(names batches.json) || fails "the size of the batches changes the order or the classes"
# A file of weights can be used without its run.
cp run/last.safetensors weights.safetensors
"$pdarts" predict --model=weights.safetensors --threads=1 --json moved/test > model.json
cmp test.json model.json || fails "the weights without their run say something else"

# Images of other sizes are resized. If folders and files are given, their images keep the order of
# the arguments.
images photos 40 40 200 61 30
images "more photos/a" 200 40 40 8 8
"${predict[@]}" --json photos/3.png photos "more photos" > order.json
[ "$(grep -o '"file":"[^"]*"' order.json | tr '\n' ' ')" = '"file":"photos/3.png" "file":"photos/0.png" "file":"photos/1.png" "file":"photos/2.png" "file":"photos/3.png" "file":"more photos/a/0.png" "file":"more photos/a/1.png" "file":"more photos/a/2.png" "file":"more photos/a/3.png" ' ] ||
  { fails "the images come in another order"; cat order.json; }

# Fit and orientation are the same as in `evaluate`. The middle of each image shows one class, and its edges show
# another class. One image of each class is stored upright. Another one is stored on its side, with the orientation in
# its EXIF data.
python3 - <<'PYTHON'
import os, random, struct, zlib

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def write(path, rows, exif=b""):
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    pixels = b"".join(b"\0" + b"".join(map(bytes, row)) for row in rows)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + (exif and chunk(b"eXIf", exif)) +
                   chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))

colors = {"ant": (200, 40, 40), "cat": (40, 200, 40), "fox": (40, 40, 200)}
noise = random.Random(1)
for name, edge in [("ant", "cat"), ("cat", "fox"), ("fox", "ant")]:
    rows = [[[value + noise.randrange(-20, 20) for value in colors[name if 8 <= x < 16 else edge]] for x in range(24)]
            for y in range(8)]
    for folder in (f"wide/test/{name}", f"turned/test/{name}"):
        os.makedirs(folder)
    write(f"wide/test/{name}/0.png", rows)
    # Orientation 6: to be turned clockwise by a right angle.
    turned = [[rows[y][23 - x] for y in range(8)] for x in range(24)]
    write(f"turned/test/{name}/0.png", turned, b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
PYTHON
for fit in CROP STRETCH; do
  for folder in wide turned; do
    "${predict[@]}" --set=dataset.fit=$fit --json $folder/test | sed "s/$folder/images/g" > $folder.json
    prints "3 test images" "$pdarts" evaluate --run=run --threads=1 --set=dataset.fit=$fit --data_dir=$folder --csv=$folder.csv
  done
  cmp wide.json turned.json || fails "with the fit $fit, predict does not turn an image upright"
  cmp wide.csv turned.csv || fails "with the fit $fit, evaluate does not turn an image upright"
  python3 - <<'PYTHON' || fails "with the fit $fit, predict and evaluate say something else"
import csv, json

table = {row["class"]: row for row in csv.DictReader(open("wide.csv"))}
images = json.load(open("wide.json"))["images"]
assert len(images) == len(table) == 3, images
for image in images:
    row = table[image["file"].split("/")[2]]
    assert row[image["classes"][0]["name"]] == "1", (image, row)
PYTHON
  cp wide.json $fit.json
done
cmp -s CROP.json STRETCH.json && fails "the fit makes no difference"

# Datasets with a fixed image size, also in the other space. At most five classes are shown.
images large 90 120 150 100 70
for space in darts nasbench201; do
  genotype=PDARTS
  [ $space = darts ] || genotype='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
  prints "test " "$pdarts" train --space=$space --dataset=cifar10_sample "--genotype=$genotype" --output_dir=$space --threads=1 \
    --set=network.cells=1 --set=network.channels=4 --set=train.epochs=1 --set=train.train_images=50 \
    --set=train.batch_size=50 --set=train.auxiliary_weight=0
  "$pdarts" predict --run=$space --threads=1 --json large/0.png > fitted.json
  grep -Eq '^\{"images":\[\{"file":"large/0.png","classes":\[(\{"name":"[a-z]+","probability":[0-9.e-]+\},?){5}\]\}\]\}$' fitted.json ||
    { fails "predict of $space is otherwise"; cat fitted.json; }
done

# Errors.
says "predict needs images: files, or folders that hold some" "${predict[@]}"
says "nowhere.png: there is no such file or folder" "${predict[@]}" nowhere.png
mkdir -p empty/below
touch empty/below/notes.txt
says "empty: the folder holds no image" "${predict[@]}" empty
says "nowhere is not a run directory" "$pdarts" predict --run=nowhere large
says "predict needs --run=DIR of a training" "$pdarts" predict large
says "--csv and --json exclude each other" "${predict[@]}" --csv --json large
mkdir unfinished
cp run/spec.textproto unfinished
says "unfinished holds no trained weights" "$pdarts" predict --run=unfinished large
says "large/0.png" "$pdarts" predict --run=run --model=large/0.png large
# An image that cannot be read is named. The other images are still classified, and the JSON is
# complete.
head -c 60 large/0.png > large/broken.png
says "1 of 1 images could not be read: large/broken.png" "${predict[@]}" large/broken.png
says "1 of 5 images could not be read: large/broken.png" "${predict[@]}" large
"${predict[@]}" --json large > broken.json 2> error && fails "a broken image causes no error"
python3 -c 'import json; assert len(json.load(open("broken.json"))["images"]) == 4' || fails "the images beside a broken one are not there"
"${predict[@]}" --json --set=train.evaluation_batch_size=1 large > single.json 2> error && fails "a broken image causes no error in a batch of its own"
cmp <(names broken.json) <(names single.json) || fails "a batch that cannot be read changes the others"

exit $((failures > 0))
