"""Writes the wheel of pdarts_reader, with the same bytes each time.

usage: make_wheel.py OUTPUT VERSION_FILE README LICENSE FILE...

FILE... are the files of the package. A path ends in pdarts_reader/NAME. The name of the wheel must contain the version
in VERSION_FILE.
"""

import base64
import hashlib
import os
import sys
import zipfile

METADATA = """Metadata-Version: 2.1
Name: pdarts-reader
Version: {version}
Summary: Reads run directories of pdarts into dictionaries and data frames
License: Apache-2.0
License-File: LICENSE
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Requires-Python: >=3.9
Provides-Extra: pandas
Requires-Dist: pandas ; extra == "pandas"
Description-Content-Type: text/markdown

{readme}"""

WHEEL = """Wheel-Version: 1.0
Generator: pdarts
Root-Is-Purelib: true
Tag: py3-none-any
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    output, version_file, readme, license_file, *files = sys.argv[1:]
    version = read(version_file).decode().strip()
    expected = f"pdarts_reader-{version}-py3-none-any.whl"
    if os.path.basename(output) != expected:
        sys.exit(
            f"the wheel is called {os.path.basename(output)}, expected {expected}: set WHEEL in python/BUILD.bazel"
        )
    info = f"pdarts_reader-{version}.dist-info"
    content = {f"pdarts_reader/{os.path.basename(path)}": read(path) for path in files}
    content = dict(sorted(content.items()))
    content[f"{info}/LICENSE"] = read(license_file)
    content[f"{info}/METADATA"] = METADATA.format(version=version, readme=read(readme).decode()).encode()
    content[f"{info}/WHEEL"] = WHEEL.encode()
    record = ""
    for name, data in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(data)}\n"
    content[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    # The wheel must contain neither times nor the output of a compression library, which differs between versions.
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as wheel:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)


if __name__ == "__main__":
    main()
