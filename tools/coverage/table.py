"""Prints the export of llvm-cov: the covered lines of each package, and the files with the lowest coverage."""

import collections
import json
import os
import sys

LEAST_FILES = 15
SANDBOX = "/proc/self/cwd/"  # what compilers run by Bazel call the workspace's root


def percent(covered, count):
    return f"{100 * covered / count:6.1f}%" if count else "      -"


def main():
    with open(sys.argv[1]) as file:
        files = json.load(file)["data"][0]["files"]
    packages = collections.defaultdict(lambda: [0, 0])
    sources = []
    for file in files:
        name = file["filename"].removeprefix(SANDBOX)
        lines = file["summary"]["lines"]
        if not name.startswith("pdarts/") or name.endswith((".pb.cc", ".pb.h", "_test.cc")):
            continue
        sources.append((name, lines["covered"], lines["count"]))
        for package in (os.path.dirname(name), "all"):
            packages[package][0] += lines["covered"]
            packages[package][1] += lines["count"]
    print(f"{'package':44} {'lines':>7} {'covered':>8}")
    for package, (covered, count) in sorted(packages.items()):
        print(f"{package:44} {count:7} {percent(covered, count)}")
    print(f"\n{'least covered file':60} {'lines not run':>13} {'covered':>8}")
    for name, covered, count in sorted(sources, key=lambda s: s[1] - s[2])[:LEAST_FILES]:
        print(f"{name:60} {count - covered:13} {percent(covered, count)}")


if __name__ == "__main__":
    main()
