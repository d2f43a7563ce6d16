"""What stands in the table of POT's import paths: where a thing is, or what to use in its place."""

from __future__ import annotations

from typing import NamedTuple


class Same(NamedTuple):
    """Where a thing of ours is.

    Attributes:
        module: below ``openvino.tools.pot``; empty: POT's own path.
        name: in that module; empty: POT's own name.
    """

    module: str = ""
    name: str = ""


Names = dict[str, Same | str]


def here(names: str = "") -> Names:
    """Names that a file at POT's own path has."""
    return dict.fromkeys(names.split(), Same())


def within(module: str, names: str) -> Names:
    """Names that another module has."""
    return dict.fromkeys(names.split(), Same(module))


def gone(sentence: str, names: str) -> Names:
    """Names that have no counterpart, and what to use."""
    return dict.fromkeys(names.split(), sentence)


def operations(names: str) -> Names:
    """Names of POT's lists of operations."""
    return within("graph.special_operations", names)


OPTIMIZED = "DefaultQuantization finds ranges by their error itself, and range_estimator sets them by hand"
PARTS = "DefaultQuantization does that work where it helps, so leave it out of the list of algorithms"
SEARCH = "AccuracyAwareQuantization searches which layers must stay in float"
SPARSE = "weights are quantized, none are made zero; use DefaultQuantization alone"
PLACES = "where quantizers go is asked of `pot plan`, and the parameter ignored leaves nodes in float"
STATISTICS = "statistics are measured by Pipeline.collect_statistics, as the algorithms need them"
COMMAND = "main and optimize of openvino.tools.pot.app.run are the command and a configuration's work"
REGISTRY = "nothing is registered; a script's own algorithm goes to Pipeline.add_algo"
