# Functions for tests of the command line, which source this file.
failures=0
printed=

# fails MESSAGE...: counts a failure.
fails() {
  echo "$*"
  failures=$((failures + 1))
}
# says TEXT COMMAND...: expects that the command fails and that its message contains TEXT.
says() {
  local text=$1
  shift
  if printed=$("$@" 2>&1); then
    fails "should have failed: $*"
  elif [[ "$printed" != *"$text"* ]]; then
    fails "should say \"$text\": $*"
    echo "says: $printed"
  fi
}
# prints TEXT COMMAND...: expects that the command succeeds and that its standard output contains
# TEXT.
prints() {
  local text=$1
  shift
  if ! printed=$("$@" 2>error); then
    fails "failed: $*"
    cat error
  elif [[ "$printed" != *"$text"* ]]; then
    fails "should print \"$text\": $*"
    echo "prints: $printed"
  fi
}
# also TEXT...: expects that $printed, the output of the last command of `says` or `prints`, contains
# each TEXT.
also() {
  local text
  for text; do
    [[ "$printed" == *"$text"* ]] || { fails "should also contain \"$text\""; echo "contains: $printed"; }
  done
}
# holds TEXT FILE: expects that the file contains TEXT.
holds() { grep -qF -- "$1" "$2" || { fails "$2 should hold \"$1\""; tail -n 50 "$2"; }; }
# holds_now TEXT FILE: whether the file exists and contains TEXT.
holds_now() { grep -qF -- "$1" "$2" 2> /dev/null; }
# give_up MESSAGE: ends the test with a failure.
give_up() {
  fails "$1"
  exit 1
}
# await_within SECONDS COMMAND...: repeats the command until it succeeds. If that takes longer, the test
# ends with a failure.
await_within() {
  local tries=$(($1 * 20))
  shift
  for _ in $(seq $tries); do
    "$@" && return
    sleep 0.05
  done
  give_up "nothing came of: $*"
}
# await COMMAND...: repeats the command for at most a minute.
await() { await_within 60 "$@"; }
# number NAME: the number in a field of the JSON on standard input.
number() { grep -o "\"$1\":[0-9.eE+-]*" | head -1 | cut -d: -f2; }
# tiny_spec: prints a spec of a search with a few steps on synthetic images.
tiny_spec() {
  cat <<'SPEC'
name: "tiny"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 32 test_images: 8
  }
}
schedule { [type.googleapis.com/pdarts.schedules.DartsScheduleConfig] { cells: 2 channels: 2 epochs: 1 } }
regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }
search { batch_size: 8 }
SPEC
}
# images FOLDER RED GREEN BLUE [WIDTH HEIGHT]: writes four PNG files with colors near the given one. The
# default size is 8x8 pixels.
images() {
  mkdir -p "$1"
  python3 - "$@" <<'PYTHON'
import random, struct, sys, zlib

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

folder, color = sys.argv[1], [int(value) for value in sys.argv[2:5]]
width, height = [int(value) for value in sys.argv[5:7]] or (8, 8)
noise = random.Random(folder)
for number in range(4):
    rows = b"".join(
        b"\0" + bytes(min(255, max(0, value + noise.randrange(-20, 20))) for _ in range(width) for value in color)
        for _ in range(height))
    with open(f"{folder}/{number}.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
}
# animals [WIDTH HEIGHT]: writes the folder `data`, with four training and four test images of each of three classes.
# The default size is that of `images`.
animals() {
  local split
  for split in train test; do
    images data/$split/ant 200 40 40 "$@"
    images data/$split/cat 40 200 40 "$@"
    images data/$split/fox 40 40 200 "$@"
  done
}
# animals_spec: prints a spec of a training of a small network on the images of `animals`.
animals_spec() {
  cat <<'SPEC'
name: "animals"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset { [type.googleapis.com/pdarts.image_folder.ImageFolderConfig] { classes: 3 image_size: 8 } }
genotype: "PDARTS"
network { cells: 2 channels: 4 }
train {
  epochs: 12 batch_size: 6 auxiliary_weight: 0 drop_path: 0 weights { learning_rate: 0.1 }
  augmentation { crop_padding: 0 flip: false cutout: 0 }
}
SPEC
}
