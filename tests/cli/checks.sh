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
