#!/bin/bash
# Tests help, version, suggestions and completion.
# usage: help_test.sh PDARTS CHECKS EXPERIMENT TRAINING
set -u
pdarts="$PWD/$1"
experiment="$PWD/$3"
training="$PWD/$4"
version=$(cat VERSION)
source "$2"
cd "$TEST_TMPDIR" || exit 1
unset TEST_TMPDIR  # glog uses it as the default of --log_dir, and the help would show it

# quiet COMMAND...: expects that the command succeeds and writes nothing to standard error.
quiet() {
  "$@" > output 2> error || fails "exit status $?: $*"
  [ -s output ] || fails "printed nothing: $*"
  [ ! -s error ] || fails "should write nothing to standard error: $*: $(cat error)"
}
# same_output COMMAND... -- COMMAND...: expects that both commands print the same.
same_output() {
  local first=()
  while [ "$1" != -- ]; do first+=("$1"); shift; done
  shift
  [ "$("${first[@]}")" = "$("$@")" ] || fails "${first[*]} and $* print different text"
}

quiet "$pdarts" help
mv output help
quiet "$pdarts" --help
cmp help output || fails "help and --help print different text"
commands=$(sed -n 's/^  \([a-z]\+\) .*/\1/p' help)
[ "$(wc -w <<< "$commands")" = 21 ] || fails "help lists other commands: $commands"
for command in $commands; do
  quiet "$pdarts" "$command" --help
  cp output "help.$command"
  grep -q "^usage: pdarts $command" output || fails "$command --help: no usage"
  # Each command has two examples, and each flag has a meaning and a default.
  [ "$(sed '1,/^examples:/d' output | grep -c "^  pdarts $command")" = 2 ] || fails "$command --help: other than two examples"
  flags=$(grep -c '^  --[a-z]' output)
  defaults=$(tr '\n' ' ' < output | grep -o '(default: ' | wc -l)
  [ "$flags" = "$defaults" ] || fails "$command --help: $flags flags, $defaults defaults"
  [ "$(awk 'length > 100' output)" = "" ] || fails "$command --help: a line of more than 100 characters"
done
same_output "$pdarts" help search -- cat help.search
same_output "$pdarts" --help search --seed=1 -- cat help.search
same_output "$pdarts" search -h -- cat help.search
prints "  --seed=NUMBER
      seed of the run, from 0 on (default: the spec's)" cat help.search
prints "  --seed=NUMBER
      seed of --random, from 0 on (default: 0)" "$pdarts" help genotype
prints "  --json
      print one JSON object on one line of standard output (default: false)" cat help.list
prints "  --batch=SIZES
      batch sizes, with commas between them (default: 1,32)" cat help.benchmark
# Flags that have another type in `compare` than in other commands.
prints "  --random=NUMBER
      random architectures that the groups are compared with (default: 12)" cat help.compare
prints "  --runs=NUMBER" cat help.benchmark
prints "  --random
      draw an architecture by --seed" cat help.genotype
prints "  --log_dir=TEXT" cat help.search

# The programs of an experiment and of a training have the same help and version.
for program in "$experiment" "$training"; do
  name=${program##*/}
  quiet "$program" --help
  grep -q "^usage: $name" output || fails "$name --help: no usage"
  grep -q "^  --seed=NUMBER" output || fails "$name --help: no --seed"
  [ "$(grep -c "^  $name --" output)" = 2 ] || fails "$name --help: other than two examples"
  quiet "$program" --version
  grep -q "^$name $version$" output || fails "$name --version: another version"
  says "$name takes no --sede (did you mean --seed?); it takes: --" "$program" --sede=3
done
says "takes no --spec" "$experiment" --spec=a.textproto
says "unexpected argument \"search\"; flags begin with --" "$experiment" search

quiet "$pdarts" --version
quiet "$pdarts" search --version
[ "$(head -1 output)" = "pdarts $version" ] || fails "--version prints another version: $(cat output)"
for line in '^commit  *[0-9a-z]' '^LibTorch  *[0-9]\+\.[0-9]' '^instruction set [a-z0-9]\+$'; do
  grep -q "$line" output || fails "--version: no line $line"
done

# Suggestions for misspelled words.
says 'unknown command "serach" (did you mean "search"?); known: benchmark, ' "$pdarts" serach
says 'unknown command "serach" (did you mean "search"?)' "$pdarts" help serach
says 'unknown command "serach" (did you mean "search"?)' "$pdarts" serach --help
says 'unknown command "xyzzy"; known: benchmark, ' "$pdarts" xyzzy
says "list takes no --jsn (did you mean --json?); it takes: --json" "$pdarts" list --jsn
says "list takes no --spec; it takes: --json" "$pdarts" list --spec=tiny.textproto
says "help takes no --json; it takes no flags" "$pdarts" help --json
says 'help: unexpected argument "list"' "$pdarts" help search list
says "no command is given; pdarts help lists the commands" "$pdarts"
says "no command is given" "$pdarts" --seed=3

# Flags with a value after an equals sign or in the next word, switches, and errors.
prints '{"plugins":' "$pdarts" list -json
prints '{"plugins":' "$pdarts" --json list
prints '{"plugins":' "$pdarts" list --json=true
prints 'search space' "$pdarts" list --json --nojson
prints 'search space' "$pdarts" --v 0 list --minloglevel 1
same_output "$pdarts" genotype --space nasbench201 --seed 4 --random -- "$pdarts" genotype --space=nasbench201 --seed=4 --random
says '--json: "maybe" is not true or false' "$pdarts" list --json=maybe
says '--nojson: takes no value; "1" was given' "$pdarts" list --nojson=1
says '--seed: "two" is not a whole number of 64 bits' "$pdarts" genotype --random --seed=two
says '--seed: "99999999999999999999" is not a whole number of 64 bits' "$pdarts" genotype --random --seed=99999999999999999999
says '--top: "1.5" is not a whole number of 32 bits' "$pdarts" query --top=1.5
says "--seed: its value is missing; expected --seed=NUMBER" "$pdarts" genotype --random --seed
says "--seed: its value is empty; expected --seed=NUMBER" "$pdarts" genotype --random --seed=
says "--spec: its value is empty; expected --spec=FILE" "$pdarts" search --spec=
says '--v: "high" is not of the type int32' "$pdarts" list --v=high
says 'list: unexpected argument "--json"' "$pdarts" list -- --json

# Completion: the words that bash offers for a command line whose last word is incomplete.
"$pdarts" completion bash > completion.bash || fails "no completion for bash"
bash -n completion.bash || fails "the completion is not a script of bash"
offers() {
  local expected=$1
  shift
  local offered
  offered=$(bash -c '
    source completion.bash
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _pdarts
    echo "${COMPREPLY[*]}"' bash "$@" 2>&1)
  [[ "$offered" == $expected ]] || fails "completion offers \"$offered\" and not \"$expected\" after: $*"
}
touch mine.textproto
mkdir -p runs/one
offers "benchmark compare completion convert * train" pdarts ""
offers "search" pdarts sea
offers "*nasbench201*" pdarts compare --benchmark = ""
offers "runs" pdarts compare --runs = ru
offers "--help --version" pdarts --
offers "--spec=" pdarts search --sp
offers "--json --help" pdarts list --
offers "--dry_run" pdarts search --spec=mine.textproto --dr
offers "--dry_run" pdarts search --spec = mine.textproto --dr
offers "auto cpu cuda" pdarts search --device = ""
offers "cpu" pdarts search --device = cp
offers "mine.textproto" pdarts search --spec = mi
offers "auto cpu cuda" pdarts search --device =
offers "runs" pdarts derive --run = r
offers "" pdarts derive --run = mi
offers "darts nasbench201" pdarts count --space = ""
offers "*cifar10*" pdarts train --dataset = ""
offers "cifar10 cifar100" pdarts fetch cif
offers "runs" pdarts report ru
offers "search" pdarts help sea
offers "bash zsh" pdarts completion ""
offers "" pdarts list ""
offers "" pdarts search --seed = ""
offers "" pdarts nothing --
[ "$(bash -c 'source completion.bash; complete -p pdarts')" = "complete -F _pdarts pdarts" ] || fails "the completion is not registered"

# Both scripts contain every command and every flag.
"$pdarts" completion zsh > completion.zsh || fails "no completion for zsh"
for flag in set genotypes runs; do
  grep -q -- "'\*--$flag=" completion.zsh || fails "zsh: --$flag may not be repeated"
done
[ "$(head -1 completion.zsh)" = "#compdef pdarts" ] || fails "the completion for zsh does not begin as zsh wants it"
for command in $commands; do
  grep -q "^    '$command:" completion.zsh || fails "zsh: no command $command"
  sed -n "/^    $command)/,/;;/p" completion.zsh > branch
  sed -n '/^flags:/,/^$/s/^  --\([a-z_]*\).*/\1/p' "help.$command" > flags
  while read -r flag; do
    grep -q -- "--$flag[=[]" branch || fails "zsh: $command has no --$flag"
    [[ "$(grep -A1 "^    $command:-)" completion.bash)" == *--$flag[=\ ]* ]] || fails "bash: $command has no --$flag"
  done < flags
done
says "completion needs the shell's name: bash or zsh" "$pdarts" completion fish

exit $((failures > 0))
