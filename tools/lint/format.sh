#!/bin/sh
# Formats the C++ files of the workspace in place: ./bazelw run //tools/lint:format
# The script formats tracked files and new files, but not files that git ignores. It leaves the precompiled header of
# modules as it is, because the order of the includes in this header matters.
set -eu
clang_format=$PWD/../python_clang_format/site-packages/clang_format/data/bin/clang-format
cd "$BUILD_WORKSPACE_DIRECTORY"
git ls-files -z --cached --others --exclude-standard --deduplicate \
    -- '*.cc' '*.h' '*.cu' ':!third_party/torch/pdarts_torch_module.h' |
  xargs -0 -r sh -c 'for file; do if [ -f "$file" ]; then printf "%s\\0" "$file"; fi; done' sh |
  xargs -0 -r "$clang_format" -i
