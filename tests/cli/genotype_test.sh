#!/bin/bash
# Tests the texts that can be given as a genotype, and derivations from alphas of another program.
# usage: genotype_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1

edges="('sep_conv_3x3', 0), ('dil_conv_5x5', 1), ('skip_connect', 0), ('sep_conv_3x3', 2), ('max_pool_3x3', 1), ('sep_conv_5x5', 3), ('none', 0), ('skip_connect', 4)"
text="Genotype(normal=[$edges], normal_concat=range(2, 6), reduce=[$edges], reduce_concat=range(2, 6))"
genotype=("$pdarts" genotype)

# Every file that contains the cell gives the same cell.
echo "06/21 10:11:12 PM genotype = $text" > log.txt
printf 'A = %s\nB = %s\nC = B\n' "$text" "${text/none/avg_pool_3x3}" > genotypes.py
"${genotype[@]}" --json "$text" > architecture.json
mkdir run
cat > run/architecture.textproto <<TEXTPROTO
architecture { space: "nasbench201" }
text: "|none~0|"
TEXTPROTO
for given in "$text" "\"$text\"" log.txt "$PWD/log.txt" genotypes.py:A log.txt:genotype architecture.json; do
  prints "$text" "${genotype[@]}" "$given"
done
prints "${text/none/avg_pool_3x3}" "${genotype[@]}" genotypes.py:C
says "genotypes.py: the text defines several architectures; name one of them, as in FILE:B: A, B" "${genotype[@]}" genotypes.py
says "genotypes.py: nothing is called \"D\" in it" "${genotype[@]}" genotypes.py:D
prints "$text" "${genotype[@]}" /dev/stdin < log.txt

# A note tells that another reading is possible.
"${genotype[@]}" "${text/normal_concat=range(2, 6)/normal_concat=[5, 4, 3, 2]}" 2>error | grep -qF "$text" || fails "nodes in another order are not read"
grep -qF "note: normal_concat lists the nodes as [5, 4, 3, 2]" error || fails "nodes in another order get no note"

# If a path leads nowhere, or to something else, the error says so.
for command in "count --genotype=cell.txt" "benchmark --genotype=cell.txt" "genotype cell.txt" \
  "train --dataset=synthetic --genotype=cell.txt" "query --space=nasbench201 cell.txt"; do
  # shellcheck disable=SC2086
  says "there is no file or run $PWD/cell.txt" "$pdarts" $command
done
says "there is no file or run $PWD/cell.py" "${genotype[@]}" cell.py:A
says "names that it knows: PDARTS, DARTS_V1, DARTS_V2, PC_DARTS_CIFAR10; there is no file or run of that name" "${genotype[@]}" PDART
says "run/architecture.textproto" "${genotype[@]}" run
says 'is of the space "nasbench201", expected "darts"' "${genotype[@]}" run/architecture.textproto
mkdir empty
says "$PWD/empty holds no architecture yet" "${genotype[@]}" empty
head -c 100 /dev/zero > zeros.txt
says "zeros.txt: it is not text" "${genotype[@]}" zeros.txt
truncate -s 17M large.txt
says "large.txt: it has 17825792 bytes" "${genotype[@]}" large.txt

# The spec of a training may name a file. The spec of the run contains the architecture itself.
cat > train.textproto <<'SPEC'
name: "trained"
space { [type.googleapis.com/pdarts.darts.DartsSpaceConfig] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 8 test_images: 4
  }
}
genotype: "log.txt"
network { cells: 2 channels: 2 }
train { epochs: 1 batch_size: 4 auxiliary_weight: 0 augmentation { crop_padding: 0 cutout: 0 } }
SPEC
train=("$pdarts" train --spec=train.textproto --threads=1)
prints "$text" "${train[@]}"
grep -qF "genotype: \"$(sed "s/'/\\\\'/g" <<< "$text")\"" runs/trained-seed1/spec.textproto || fails "the run's spec lacks the architecture"
says "genotype: there is no file or run $PWD/cell.txt" "${train[@]}" --set=genotype=cell.txt
says "there is no file or run $PWD/cell.txt" "$pdarts" evaluate --model=runs/trained-seed1/last.safetensors \
  --genotype=cell.txt --dataset=synthetic
for given in runs/trained-seed1 runs/trained-seed1/architecture.textproto runs/trained-seed1/architecture.json \
  runs/trained-seed1/genotype.txt runs/trained-seed1/spec.textproto train.textproto; do
  [ $given = train.textproto ] && sed -i "s|log.txt|PDARTS|" $given && text="$("${genotype[@]}" PDARTS)"
  prints "$text" "${genotype[@]}" $given
done

# A file may hold a name, and comments.
printf '# the published cell\n\n PDARTS\n' > named.txt
prints "$("${genotype[@]}" PDARTS)" "${genotype[@]}" named.txt

# NAS-Bench-201.
cell='|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|'
echo "genotype: Structure(4 nodes with $cell)" > cell201.txt
prints "$cell" "${genotype[@]}" --space=nasbench201 cell201.txt
prints "$cell" "$pdarts" query --space=nasbench201 cell201.txt
says "these numbers are ambiguous" "${genotype[@]}" --space=nasbench201 "(4, 0, 3, 1, 4, 3)"

# Alphas: sep_conv_5x5 is the most probable operation on every edge, with a larger probability on
# later edges.
rows() {
  for ((e = 0; e < $1; ++e)); do echo "0 0 0 0 0 1.$((10 + e)) 0 0"; done
}
rows 28 > alphas.txt
derived="normal=[('sep_conv_5x5', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_5x5', 2)"
derive=("$pdarts" derive --alphas=alphas.txt)
prints "$derived" "${derive[@]}"
also "note: the alphas became probabilities by the softmax of each row"
prints '"text":"Genotype(' "${derive[@]}" --json
# int8, [2,14,8]
{
  header="{'descr': '|i1', 'fortran_order': False, 'shape': (2, 14, 8), }"
  printf '\x93NUMPY\x01\x00\x'"$(printf %02x ${#header})"'\x00%s' "$header"
  for ((e = 0; e < 28; ++e)); do printf '\x00\x00\x00\x00\x00\x'"$(printf %02x $((e + 1)))"'\x00\x00'; done
} > alphas.npy
prints "$derived" "$pdarts" derive --alphas=alphas.npy
rows 27 > short.txt
says "short.txt: found 27 rows of alphas, expected a row for each edge: 14 (normal) and 14 (reduce)" "$pdarts" derive --alphas=short.txt
says "row 1 has 8 numbers, expected 5: one for each of none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3" \
  "$pdarts" derive --space=nasbench201 --alphas=<(rows 6)
says "--alphas: cannot read $PWD/none.npy: No such file" "$pdarts" derive --alphas=none.npy
says "derive needs --run=DIR or --alphas=FILE" "$pdarts" derive
printf '0.9 0.1 0 0 0\n%.0s' 1 2 3 4 5 6 > probabilities.txt
prints "|none~0|" "$pdarts" derive --space=nasbench201 --alphas=probabilities.txt
also "read as probabilities"
prints "|skip_connect~0|" "$pdarts" derive --space=nasbench201 --alphas=probabilities.txt --set=space.allow_none=false

exit $((failures > 0))
