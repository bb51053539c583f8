"""Reads run directories of pdarts into plain dictionaries, and into data frames if pandas is installed.

The package computes nothing and writes nothing. `pdarts search` and `pdarts train` write run directories:
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
