#!/bin/sh
# Prints the values that Bazel writes into programs (--workspace_status_command).
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
if [ "$commit" != unknown ] && [ -n "$(git status --porcelain --untracked-files=no 2>/dev/null)" ]; then
  commit="$commit-dirty"
fi
echo "STABLE_PDARTS_COMMIT $commit"
