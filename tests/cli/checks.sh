# Sourced by tests of the command line.
failures=0

# fails MESSAGE...: counts a failure.
fails() {
  echo "$*"
  failures=$((failures + 1))
}
# says TEXT COMMAND...: the command fails and its message holds TEXT.
says() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then
    fails "should have failed: $*"
  elif [[ "$output" != *"$text"* ]]; then
    fails "should say \"$text\": $*"
    echo "says: $output"
  fi
}
# prints TEXT COMMAND...: the command succeeds and its standard output holds TEXT.
prints() {
  local text=$1 output
  shift
  if ! output=$("$@" 2>error); then
    fails "failed: $*"
    cat error
  elif [[ "$output" != *"$text"* ]]; then
    fails "should print \"$text\": $*"
    echo "prints: $output"
  fi
}
# number NAME: the value of a field of the JSON on standard input.
number() { grep -o "\"$1\":[0-9.eE+-]*" | head -1 | cut -d: -f2; }
# tiny_spec: a search of a few steps on made images.
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
