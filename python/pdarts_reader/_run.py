"""The files of a run directory."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from pdarts_reader import _text_format

Path = Union[str, "os.PathLike[str]"]
Columns = Dict[str, List[Any]]

_SPEC = "spec.textproto"


def _read(run: Path, name: str) -> Optional[str]:
    """The content of a file of a run; None if the run does not have it (yet)."""
    folder = pathlib.Path(run)
    if not (folder / _SPEC).is_file():
        raise FileNotFoundError(f"{folder} is not a run directory: it has no {_SPEC}")
    try:
        return (folder / name).read_text(encoding="utf-8", errors="backslashreplace")
    except FileNotFoundError:
        return None


def _json_object(text: str, place: str) -> Dict[str, Any]:
    """A JSON object. `place` is the prefix of error messages."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{place}: no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{place}: no JSON object")
    return value


def _events(run: Path) -> Iterator[Dict[str, Any]]:
    """The lines of the log. The last line of a running run may be incomplete, and is then ignored."""
    lines = (_read(run, "log.jsonl") or "").split("\n")
    for number, line in enumerate(lines[:-1], start=1):
        yield _json_object(line, f"{pathlib.Path(run) / 'log.jsonl'}:{number}")


def read_spec(run: Path) -> Dict[str, Any]:
    """The complete spec of the run: the fields of ExperimentSpec (a search) or TrainSpec (a training)."""
    text = _read(run, _SPEC)
    assert text is not None
    origin = str(pathlib.Path(run) / _SPEC)
    spec = _text_format.parse(text, "pdarts.ExperimentSpec", origin)
    # A search has a schedule, but a training does not.
    return spec if "schedule" in spec else _text_format.parse(text, "pdarts.TrainSpec", origin)


def read_architecture(run: Path) -> Optional[Dict[str, Any]]:
    """The architecture that the search derived, or that the training trains: the fields of DerivedArchitecture.
    `architecture` has the cells and their edges, `text` has the genotype, and `trace` has the reason why each edge of a
    search holds its operation. None for a search that is not finished."""
    text = _read(run, "architecture.textproto")
    if text is None:
        return None
    return _text_format.parse(text, "pdarts.DerivedArchitecture", str(pathlib.Path(run) / "architecture.textproto"))


def read_result(run: Path) -> Optional[Dict[str, Any]]:
    """The content of result.json. None for a run that is not finished."""
    text = _read(run, "result.json")
    return None if text is None else _json_object(text, str(pathlib.Path(run) / "result.json"))


def read_log(run: Path) -> Dict[str, Columns]:
    """The log as columns: for each kind of event ("epoch", "run_end", ...) a list for each field, with an entry for
    each line of this kind. A field that a line does not have is None there. A field of a field has a dot in its name:
    "regularizers.skip_dropout". The result does not contain the probabilities, which read_probabilities reads."""
    lines: Dict[str, List[Dict[str, Any]]] = {}
    for event in _events(run):
        flat: Dict[str, Any] = {}
        _flatten("", {key: value for key, value in event.items() if key not in ("event", "probabilities")}, flat)
        lines.setdefault(str(event.get("event", "")), []).append(flat)
    return {kind: _columns(of_kind) for kind, of_kind in lines.items()}


def _flatten(prefix: str, value: Dict[str, Any], to: Dict[str, Any]) -> None:
    for key, item in value.items():
        if isinstance(item, dict):
            _flatten(f"{prefix}{key}.", item, to)
        else:
            to[prefix + key] = item


def _columns(lines: List[Dict[str, Any]]) -> Columns:
    names = {name: None for line in lines for name in line}  # in the order in which they occur
    return {name: [line.get(name) for line in lines] for name in names}


def _edge_names(run: Path) -> Dict[str, List[str]]:
    """The edges of each cell kind in their order, for logs that do not name them."""
    architecture = read_architecture(run)
    names: Dict[str, List[Tuple[int, str]]] = {}
    for edge in (architecture or {}).get("trace", {}).get("edges", []):
        of_kind = names.setdefault(edge["cell_kind"], [])
        of_kind.append((edge["edge"], f"{edge['from']} -> {edge['to']}"))
    return {kind: [name for _, name in sorted(edges)] for kind, edges in names.items()}


def _probability_rows(run: Path) -> Iterator[Tuple[int, int, str, str, str, float]]:
    """Stage, epoch, cell kind, edge, operation, probability."""
    old_names: Optional[Dict[str, List[str]]] = None
    for event in _events(run):
        if event.get("event") != "epoch":
            continue
        for cell in event.get("probabilities", []):
            kind = cell["cell_kind"]
            for number, edge in enumerate(cell["edges"]):
                if "from" in edge:
                    name = f"{edge['from']} -> {edge['to']}"
                else:
                    if old_names is None:
                        old_names = _edge_names(run)
                    known = old_names.get(kind, [])
                    name = known[number] if number < len(known) else f"edge {number}"
                for operation, probability in zip(edge["operations"], edge["probabilities"]):
                    yield event["stage"], event["epoch"], kind, name, operation, probability


def read_probabilities(run: Path) -> Dict[str, Dict[str, Columns]]:
    """The probabilities of a search by cell kind, edge ("1 -> 3") and epoch. Each edge has the columns "stage" and
    "epoch" (within the stage; both count from 1) and a column for each operation, with None after the operation was
    pruned. Empty for a training."""
    lines: Dict[str, Dict[str, Dict[Tuple[int, int], Dict[str, Any]]]] = {}
    for stage, epoch, kind, edge, operation, probability in _probability_rows(run):
        of_edge = lines.setdefault(kind, {}).setdefault(edge, {})
        line = of_edge.setdefault((stage, epoch), {"stage": stage, "epoch": epoch})
        line[operation] = probability
    return {
        kind: {edge: _columns(list(of_edge.values())) for edge, of_edge in edges.items()}
        for kind, edges in lines.items()
    }


def read_run(run: Path) -> Dict[str, Any]:
    """All content of a run: a dictionary with the entries "spec", "log", "probabilities", "architecture" and "result".
    Each entry is the result of the function with its name."""
    return {
        "spec": read_spec(run),
        "log": read_log(run),
        "probabilities": read_probabilities(run),
        "architecture": read_architecture(run),
        "result": read_result(run),
    }


def _frame(columns: Columns) -> Any:
    try:
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError("a data frame needs pandas: python3 -m pip install pandas") from error
    return pandas.DataFrame(columns)


def log_frame(run: Path, event: str = "epoch") -> Any:
    """The lines of one kind of event as a pandas.DataFrame, with the columns of read_log. Needs pandas."""
    return _frame(read_log(run).get(event, {}))


def probabilities_frame(run: Path) -> Any:
    """The probabilities of a search as a pandas.DataFrame with the columns stage, epoch, cell_kind, edge, operation
    and probability: a row for each candidate of an edge, in each epoch. Needs pandas."""
    names = ["stage", "epoch", "cell_kind", "edge", "operation", "probability"]
    columns: Columns = {name: [] for name in names}
    for row in _probability_rows(run):
        for name, value in zip(names, row):
            columns[name].append(value)
    return _frame(columns)
