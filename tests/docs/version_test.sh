#!/bin/bash
# The changelog and the citation file name the version of the program.

set -euo pipefail

version=$(cat VERSION)
status=0

if ! grep -qxF "version: $version" CITATION.cff; then
  echo "CITATION.cff has no line \"version: $version\", the version in the file VERSION"
  status=1
fi

# The first version below the unreleased changes.
first=$(grep -oP '^## \[\K[0-9][^]]*' CHANGELOG.md | head -n 1)
if [[ "$first" != "$version" ]]; then
  echo "the first version in CHANGELOG.md is \"$first\", but the file VERSION says \"$version\""
  status=1
fi
if ! grep -qxF "## [Unreleased]" CHANGELOG.md; then
  echo "CHANGELOG.md has no section \"## [Unreleased]\""
  status=1
fi
exit "$status"
