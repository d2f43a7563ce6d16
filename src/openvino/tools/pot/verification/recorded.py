"""What is recorded in a model, held against what the model is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Literal

import openvino as ov

from openvino.tools.pot.algorithms.transform import ROOT
from openvino.tools.pot.graph.digest import Digest, digest_of, readers_of_constants
from openvino.tools.pot.graph.writing import check_pair
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.verification.facts import Applied, Identity

_NAMED = 3
"""Changed layers that a sentence names."""


def identity_of(model: ov.Model, file: Path | None, originals: Iterable[ov.Model]) -> Identity:
    """What a model says of itself, and whether it holds.

    Args:
        model: as it is read, without any optimisation.
        file: it was read from.
        originals: the float model that it may have been made from, in the ways in which ``load_model`` gives it; none:
            it was not given.
    """
    version = _read(model, "version")
    if not version:
        return Identity(is_ours=False)
    saved, findings = _changes(model)
    if file is not None and not has_its_weights(file):
        findings = findings or ["its weights file is not, byte by byte, the one that was saved with it"]
        saved = "changed"
    graph, weights = _read(model, "float_model", "graph"), _read(model, "float_model", "weights")
    openvino = _read(model, "openvino")
    known, sentence = _origin(graph, weights, openvino, originals)
    if sentence:
        findings = [*findings, sentence]
    samples = _read(model, "samples")
    return Identity(
        is_ours=True,
        version=version,
        openvino=openvino,
        samples=int(samples) if samples.isdecimal() else None,
        algorithms=tuple(_algorithms(model)),
        statistics=_read(model, "statistics"),
        float_graph=graph,
        float_weights=weights,
        saved=saved,
        float_model=known,
        findings=tuple(findings),
        holds=saved != "changed" and known != "another",
    )


def has_its_weights(file: Path) -> bool:
    """Whether an IR has the weights that were saved with it, if it says which; True for other files."""
    if file.suffix.lower() != ".xml":
        return True
    try:
        check_pair(file, file.with_suffix(".bin"))
    except ModelError:
        return False
    return True


def _read(model: ov.Model, *path: str) -> str:
    whole = [ROOT, *path]
    return str(model.get_rt_info(whole).astype(str)) if model.has_rt_info(whole) else ""


def _algorithms(model: ov.Model) -> list[Applied]:
    found: list[Applied] = []
    for position in count():
        name = _read(model, f"algorithm_{position}", "name")
        if not name:
            return found
        parameters = json.loads(_read(model, f"algorithm_{position}", "parameters") or "{}")
        found.append(Applied(name=name, parameters=parameters))
    raise AssertionError


def _changes(model: ov.Model) -> tuple[Literal["as it was", "changed", "unknown"], list[str]]:
    """Whether a model is as it was saved, and what was changed since."""
    graph, constants = _read(model, "saved", "graph"), tuple(_read(model, "saved", "constants").split())
    if not graph:
        return "unknown", []
    now = digest_of(model)
    if now == Digest(graph, constants):
        return "as it was", []
    if now.graph != graph:
        return "changed", ["it was changed since it was saved: its graph is another"]
    readers = readers_of_constants(model)
    changed = [name for name, own, then in zip(readers, now.constants, constants, strict=True) if own != then]
    return "changed", [
        f"it was changed since it was saved: weights of {_listed(list(dict.fromkeys(changed)))}"
    ]


def _listed(names: Sequence[str]) -> str:
    quoted = ", ".join(repr(name) for name in names[:_NAMED])
    return f"{quoted} and {len(names) - _NAMED} more layers" if len(names) > _NAMED else quoted


def _origin(
    graph: str, weights: str, openvino: str, originals: Iterable[ov.Model]
) -> tuple[Literal["the same", "another", "not given", "unknown"], str]:
    """Whether a float model is the one with these digests; if not, a sentence."""
    graphs = set()
    for original in originals:
        if not graph:
            return "unknown", ""
        found = digest_of(original)
        if (found.graph, found.weights) == (graph, weights):
            return "the same", ""
        graphs.add(found.graph)
    if not graphs:
        return "not given", ""
    what = "its weights are" if graph in graphs else "its graph is"
    if graph not in graphs and openvino != ov.get_version():  # which fuses operations in ways of its own
        return (
            "unknown",
            "whether it was made from the float model can't be told: OpenVINO's version is another",
        )
    return "another", f"it was not made from the float model that was given: {what} another's"
