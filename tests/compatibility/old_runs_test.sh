#!/bin/bash
# Tests that files of earlier commits can be read.
# usage: old_runs_test.sh PDARTS CHECKS FOLDER
set -u
pdarts="$PWD/$1"
source "$2"
cp -rL "$3" "$TEST_TMPDIR/old" && chmod -R u+w "$TEST_TMPDIR/old"
cd "$TEST_TMPDIR/old" || exit 1
found=$(cat search/genotype.txt)

# The report contains the result of the run: the accuracy of the last epoch.
prints "search/report.html" "$pdarts" report search
grep -q "12.00 %" search/report.html || fails "the report lacks the super-network's accuracy"
[ -s search/cell_normal.svg ] || fails "the report drew no cell"
prints "| quickstart | cifar10_sample | darts | 1 |" "$pdarts" results search

# The same options derive the same architecture. Other options may derive another one.
[ "$("$pdarts" derive --run=search | head -1)" = "$found" ] || fails "derive finds another architecture"
prints "Genotype(normal=" "$pdarts" derive --run=search --set=regularizers[skip_limit].max=0

prints "$found" "$pdarts" train --run=search --output_dir=trained --threads=1 --set=network.cells=3 \
  --set=network.channels=2 --set=train.epochs=1 --set=train.train_images=100 --set=train.batch_size=50
[ -s trained/result.json ] || fails "train --run left no result"

# The weights have the same meaning as before: the accuracy is the one that the old program
# measured.
top1=$(number test_top1 < training/result.json)
prints "\"top1\":$top1," "$pdarts" evaluate --run=training --threads=1 --json
# An old training is a run too, but its log has no classes.
prints "training/report.html" "$pdarts" report training
grep -q "<img" training/report.html search/report.html && fails "pages of old runs show pictures"
grep -q "The log has no accuracy of each class" training/report.html || fails "the page of an old training is another one"
prints "| train_quickstart | cifar10_sample | darts | 1 |" "$pdarts" results training
prints "$(cat training/genotype.txt)" "$pdarts" derive --run=training
# The program recognizes a finished run, and does not overwrite it.
says "holds a finished run" "$pdarts" train --spec=training/spec.textproto --output_dir=training

exit $((failures > 0))
