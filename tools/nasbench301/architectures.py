"""DARTS architectures: their text, their features, and how they are drawn.

The features are those of pdarts/benchmarks/nasbench301/features.cc, in the same order.
"""

import math
import re

CELL_KINDS = ("normal", "reduce")
OPERATIONS = ("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
              "dil_conv_3x3", "dil_conv_5x5")
CONVOLUTIONS = OPERATIONS[3:]
SKIP = "skip_connect"
GROUPS = {"pool": OPERATIONS[:2], "skip": (SKIP,), "sep": OPERATIONS[3:5], "dil": OPERATIONS[5:]}
SOURCES = ("input_0", "input_1", "node")  # the node at which an edge begins
INPUT_NODES = 2
NODES = 6
CELL_EDGES = 8

_EDGE = re.compile(r"\('(\w+)', (\d)\)")


def parse(text):
    """An architecture: for each cell kind its eight edges as (operation, from, to).

    Reads the form that P-DARTS publishes: Genotype(normal=[('skip_connect', 0), ...], ...).
    Raises ValueError if the text is something else.
    """
    architecture = {}
    for kind in CELL_KINDS:
        cell = re.search(kind + r"=\[(.*?)\]", text)
        edges = _EDGE.findall(cell.group(1)) if cell else []
        if len(edges) != CELL_EDGES:
            raise ValueError(f"the {kind} cell has {len(edges)} edges, expected {CELL_EDGES}")
        architecture[kind] = []
        for i, (operation, source) in enumerate(edges):
            edge = (operation, int(source), INPUT_NODES + i // 2)
            if operation not in OPERATIONS:
                raise ValueError(f"the operation {operation} is none of {', '.join(OPERATIONS)}")
            if edge[1] >= edge[2] or (i % 2 and edge[1] == architecture[kind][-1][1]):
                raise ValueError(f"the {kind} cell: node {edge[2]} takes two of the nodes before it,"
                                 f" found {edge[1]}")
            architecture[kind].append(edge)
    return architecture


def percentage(text):
    """An accuracy in percent, from the column validation_accuracy. Raises ValueError if it is something else."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= 100:
        raise ValueError(f"validation_accuracy: {text!r} is not a number of percent in [0, 100]")
    return value


def format_text(architecture):
    """The text that parse reads."""
    fields = []
    for kind in CELL_KINDS:
        edges = ", ".join(f"('{operation}', {source})" for operation, source, _ in architecture[kind])
        fields.append(f"{kind}=[{edges}], {kind}_concat=range({INPUT_NODES}, {NODES})")
    return f"Genotype({', '.join(fields)})"


def draw(rng):
    """An architecture drawn uniformly: each node takes two of the nodes before it, each edge an operation.

    rng: a random.Random, whose random() gives the same numbers in all versions of Python.
    """
    def choose(n):
        return int(rng.random() * n)

    architecture = {}
    for kind in CELL_KINDS:
        architecture[kind] = []
        for node in range(INPUT_NODES, NODES):
            pairs = [(a, b) for b in range(node) for a in range(b)]
            for source in pairs[choose(len(pairs))]:
                architecture[kind].append((OPERATIONS[choose(len(OPERATIONS))], source, node))
    return architecture


def counts(architecture):
    """The number of edges that hold each operation, one cell kind after the other."""
    return [sum(edge[0] == operation for edge in architecture[kind])
            for kind in CELL_KINDS for operation in OPERATIONS]


def _paths(edges):
    """The operations along each path from an input of the cell to an intermediate node."""
    paths = [[()] if node < INPUT_NODES else [] for node in range(NODES)]
    for operation, source, node in edges:
        paths[node] += [path + (operation,) for path in paths[source]]
    return [path for of_node in paths[INPUT_NODES:] for path in of_node]


def _cell_features(edges):
    features = []
    for operation in OPERATIONS:
        by_source = [0] * len(SOURCES)
        for name, source, _ in edges:
            if name == operation:
                by_source[min(source, INPUT_NODES)] += 1
        features += by_source
    paths = _paths(edges)
    features += [len(paths)]
    features += [max(sum(operation in CONVOLUTIONS for operation in path) for path in paths)]
    features += [sum(path.count(operation) for path in paths) / len(paths)
                 for operation in OPERATIONS]
    features += [sum(path[0] == SKIP for path in paths) / len(paths)]
    features += [sum(set(path) == {SKIP} for path in paths) / len(paths)]
    return features


def _cell_feature_names():
    names = [f"{operation}.{source}" for operation in OPERATIONS for source in SOURCES]
    names += ["paths", "convolutions"]
    return names + [f"{operation}.a_path" for operation in OPERATIONS] + ["skip_first", "skip_only"]


def _groups(architecture):
    """The number of edges that hold an operation of each group, one cell kind after the other."""
    return [sum(operation in group for operation, _, _ in architecture[kind])
            for kind in CELL_KINDS for group in GROUPS.values()]


def feature_names():
    names = [f"{kind}.{name}" for kind in CELL_KINDS for name in _cell_feature_names()]
    groups = [f"{kind}.{group}" for kind in CELL_KINDS for group in GROUPS]
    return names + [f"{a}*{b}" for i, a in enumerate(groups) for b in groups[i:]]


def features(architecture):
    groups = _groups(architecture)
    return ([value for kind in CELL_KINDS for value in _cell_features(architecture[kind])] +
            [a * b for i, a in enumerate(groups) for b in groups[i:]])
