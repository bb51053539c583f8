"""Reads run directories of pdarts into plain dictionaries, and into data frames where pandas is installed.

The package computes nothing and writes nothing. A run directory is what `pdarts search` and `pdarts train` leave:
runs/<name>-seed<seed>.
"""

from pdarts_reader._run import (
    log_frame,
    probabilities_frame,
    read_architecture,
    read_log,
    read_probabilities,
    read_result,
    read_run,
    read_spec,
)
from pdarts_reader._text_format import TextFormatError

__all__ = [
    "TextFormatError",
    "log_frame",
    "probabilities_frame",
    "read_architecture",
    "read_log",
    "read_probabilities",
    "read_result",
    "read_run",
    "read_spec",
]
