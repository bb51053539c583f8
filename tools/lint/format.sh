#!/bin/sh
# Formats the C++ files of the workspace in place: ./bazelw run //tools/lint:format
set -eu
clang_format=$PWD/../python_clang_format/site-packages/clang_format/data/bin/clang-format
cd "$BUILD_WORKSPACE_DIRECTORY"
git ls-files -z '*.cc' '*.h' '*.cu' | xargs -0 "$clang_format" -i
