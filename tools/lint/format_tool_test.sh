#!/bin/sh
# format_tool_test.sh FORMAT: tests which files of a workspace format.sh changes.
set -eu
format=$PWD/$1
workspace=$TEST_TMPDIR/workspace
mkdir -p "$workspace/third_party/torch" "$workspace/ignored"
cd "$workspace"
git init -q .
echo "BasedOnStyle: Google" > .clang-format
echo "/ignored/" > .gitignore
files="tracked.cc new.h third_party/torch/pdarts_torch_module.h third_party/torch/other.h ignored/generated.cc"
for file in $files deleted.cc; do
  printf '#include "b.h"\n#include "a.h"\n' > "$file"
done
git add tracked.cc deleted.cc third_party
rm deleted.cc
(cd "$OLDPWD" && BUILD_WORKSPACE_DIRECTORY=$workspace "$format")

failed=0
for file in $files; do
  case $file in
    third_party/torch/pdarts_torch_module.h | ignored/*) expected='#include "b.h"' ;;
    *) expected='#include "a.h"' ;;
  esac
  first=$(head -n 1 "$file")
  if [ "$first" != "$expected" ]; then
    echo "$file begins with $first, expected $expected" >&2
    failed=1
  fi
done
exit $failed
