"""What models answer to the same samples, though each may call its inputs and outputs in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.diagnosis.samples import Samples
from openvino.tools.pot.diagnosis.witnessing import fill, name_results, watched_in
from openvino.tools.pot.graph.names import by_any_name, input_name
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import ModelError, nearest, reason

Arrays = Sequence[NDArray[np.generic]]

_ROOM = 64e6
"""Bytes of outputs that are kept of the first model, and the fewest samples for which there is room in any case."""
_FEWEST = 4

_CLOSE = 0.01
"""Share of an output's variation within which a value counts as the same."""


def aligned(first: ov.Model, other: ov.Model, name: str, other_name: str) -> ov.Model:
    """A model whose inputs and outputs are called as those of the first.

    Args:
        first, other: the models, which stay as they are.
        name, other_name: for errors.

    Raises:
        ModelError: they have other inputs, or not as many outputs.
    """
    clone = other.clone()
    ports, left = by_any_name(clone.inputs), [input_name(port) for port in clone.inputs]
    for port in first.inputs:
        wanted = input_name(port)
        found = next((ports[known] for known in (wanted, *sorted(port.get_names())) if known in ports), None)
        if found is None:
            raise ModelError(
                f"model {other_name!r} has no input {wanted!r}, which {name!r} has{nearest(wanted, left)}"
            )
        left.remove(input_name(found))
        _check_port(port, found, f"input {wanted!r} of model {other_name!r}", name)
        if input_name(found) != wanted:
            found.get_node().set_friendly_name(wanted)
            found.add_names({wanted})
    if left:
        raise ModelError(f"model {other_name!r} has an input {left[0]!r}, which {name!r} does not have")
    _call_outputs(first, clone, name, other_name)
    return clone


def _check_port(port: ov.Output, found: ov.Output, what: str, name: str) -> None:
    kinds = [each.get_element_type().get_type_name() for each in (port, found)]
    shapes = [each.get_partial_shape() for each in (port, found)]
    if kinds[0] != kinds[1]:
        raise ModelError(f"{what} is {kinds[1]}, expected {kinds[0]} as in {name!r}")
    if not shapes[0].compatible(shapes[1]):
        raise ModelError(f"{what} has shape {shapes[1]}, expected {shapes[0]} as in {name!r}")


def _call_outputs(first: ov.Model, clone: ov.Model, name: str, other_name: str) -> None:
    """Name results as those of the first model that give the same: by a name of the tensor, else by place."""
    counts = len(first.outputs), len(clone.outputs)
    if counts[0] != counts[1]:
        raise ModelError(
            f"model {other_name!r} has {counts[1]} outputs, expected {counts[0]} as {name!r} has"
        )
    name_results(first, clone)


def first_answers(models: Sequence[ov.Model], samples: Samples, device: str) -> Witness:
    """What the first model gives for samples, as many as there is room for.

    Args:
        models: aligned.
        samples: of the first.
        device: where it runs.

    Raises:
        ModelError: it can't be run.
    """
    witness = Witness(watched_in(models))
    (feed,) = samples.spread(1)
    _keep(witness, models[0], [feed], device)
    size = sum(value.nbytes for value in witness.values[0]) + sum(value.nbytes for value in feed.values())
    count = int(np.clip(_ROOM / max(size, 1), _FEWEST, len(samples)))
    witness = Witness(witness.watched, samples=min(count, len(samples)))
    _keep(witness, models[0], samples.spread(count), device)
    return witness


def _keep(
    witness: Witness, model: ov.Model, feeds: Sequence[dict[str, NDArray[np.generic]]], device: str
) -> None:
    try:
        fill(witness, model, feeds, device)
    except RuntimeError as error:
        raise ModelError(f"the first model can't be run on {device}: {reason(error)}") from error


def agreement(before: Arrays, after: Arrays) -> tuple[Literal["classes", "values"], float]:
    """How often an output says the same, and what is counted: classes, or values.

    Args:
        before: of the first model, one array for each inference.
        after: of another model.
    """
    pairs = list(zip(before, after, strict=True))
    if any(one.shape != other.shape for one, other in pairs):
        return "values", 0.0
    if all(are_classes(one) for one in before):
        hits = [_largest(one) == _largest(other) for one, other in pairs]
        return "classes", float(np.mean(np.concatenate(hits)))
    one, other = (np.concatenate([array.reshape(-1) for array in arrays]) for arrays in (before, after))
    if not one.size:
        return "values", 1.0
    if one.dtype.kind != "f":
        return "values", float(np.mean(one == other))
    known = np.isfinite(one)
    room = _CLOSE * (float(one[known].std(dtype=np.float64)) or float(np.abs(one[known]).max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        same = np.where(
            known, np.abs(one - other) <= room, (one == other) | (np.isnan(one) & np.isnan(other))
        )
    return "values", float(np.mean(same))


def are_classes(value: NDArray[np.generic]) -> bool:
    """Whether it looks like scores of classes: a vector for each sample."""
    sizes = value.shape[1:] if value.ndim > 1 else value.shape
    return value.dtype.kind == "f" and value.size > 0 and max(sizes, default=1) == prod(sizes) > 1


def _largest(value: NDArray[np.generic]) -> NDArray[np.intp]:
    rows = value.shape[0] if value.ndim > 1 else 1
    return np.asarray(value.reshape(rows, -1).argmax(axis=1))
