#!/bin/bash
# Tests the output of `pdarts fetch`. The tests in pdarts/fetch cover servers that misbehave.
# usage: fetch_test.sh PDARTS CHECKS
set -u
pdarts="$PWD/$1"
source "$2"
cd "$TEST_TMPDIR" || exit 1
unset PDARTS_DATA_DIR

says "fetch needs the name of a dataset: cifar10 or cifar100" "$pdarts" fetch --data_dir=data
says "--data_dir=DIR, or PDARTS_DATA_DIR" "$pdarts" fetch cifar10
says 'there is no dataset "cifar" to fetch; there are cifar10, cifar100' "$pdarts" fetch --data_dir=data cifar
says "--url is of one archive" "$pdarts" fetch --data_dir=data --url=http://127.0.0.1:1/x cifar10 cifar100
says "takes no --seed" "$pdarts" fetch --data_dir=data --seed=1 cifar10
[ ! -e data ] || fails "wrong arguments made the data folder"

# A server on this machine that has another file under this name.
mkdir www && head -c 100000 /dev/zero > www/cifar-10-binary.tar.gz
python3 -u -m http.server 0 --bind 127.0.0.1 --directory www > server.txt 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 200); do
  port=$(sed -n 's/.*http:\/\/127.0.0.1:\([0-9]*\)\/.*/\1/p' server.txt)
  [ -n "$port" ] && break
  sleep 0.05
done
url=http://127.0.0.1:$port
says "has 100000 bytes, the published file has 170052171" "$pdarts" fetch --data_dir=data --url="$url/cifar-10-binary.tar.gz" cifar10
says "404" "$pdarts" fetch --data_dir=data --url="$url/nothing" cifar10
output=$("$pdarts" fetch --data_dir=data --url="http://me:secret@127.0.0.1:$port/nothing?key=secret" cifar10 2>&1)
[[ "$output" == *"$url/nothing: "* && "$output" != *secret* ]] || fails "a message shows a password: $output"
head -c 170052171 /dev/zero > www/cifar-10-binary.tar.gz
says "expected c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd" \
  env PDARTS_DATA_DIR=data "$pdarts" fetch --url="$url/cifar-10-binary.tar.gz" cifar10
[ ! -e data/cifar-10-batches-bin ] && [ ! -e data/cifar-10-binary.tar.gz ] || fails "a wrong archive was accepted"

# The data exist already.
mkdir -p data/cifar-100-binary
truncate -s 153700000 data/cifar-100-binary/train.bin
says "test.bin: No such file or directory): move it away" "$pdarts" fetch --data_dir=data cifar100
truncate -s 30740000 data/cifar-100-binary/test.bin
says "train.bin: its SHA-1 is " "$pdarts" fetch --data_dir=data cifar100

exit $((failures > 0))
