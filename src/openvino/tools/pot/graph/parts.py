"""What is joined in one tensor: boxes and scores of a detector, say, which are nothing alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.batch import ELEMENTWISE, REGROUPING, axis_behind
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

Along = tuple[int, int] | None
"""From where to where on one axis; None: all of it."""

Region = tuple[Along, ...]
"""Of a tensor, one for each axis."""

Part = tuple[Region, ...]
"""Regions of a tensor that hold one kind of values."""

WHOLE: Part = ((),)
"""All of a tensor."""

_MOST = 16
"""Regions that are told apart; of more the tensor counts as one."""

_STEPS = 40
"""Operations that are followed back; a Concat counts as ten, since ways part there."""

_MOVING = frozenset({*REGROUPING, "Transpose"})


def parts(view: GraphView, tensor: TensorId) -> tuple[Part, ...]:
    """The kinds of values that are joined in a tensor, as far as it can be followed to where that happened.

    What comes out of the same operation is of one kind, wherever it lies: the scores of several scales of a
    detector. Samples of a batch are never told apart.

    Returns:
        One part, ``WHOLE``, where nothing is joined.
    """
    kinds = _kinds(view, tensor)
    if len(kinds) < 2 or sum(map(len, kinds.values())) > _MOST:
        return (WHOLE,)
    return tuple(_merged(regions, view.shape(tensor) or ()) for regions in kinds.values())


def values_in(value: NDArray[Any], part: Part) -> NDArray[Any]:
    """The values of a part: an array of the same axes, or a vector where they lie in several regions."""
    if len(part) == 1:
        return value[_index(part[0])]
    return np.concatenate([value[_index(region)].reshape(-1) for region in part])


def _index(region: Region) -> tuple[slice, ...]:
    return tuple(slice(None) if along is None else slice(*along) for along in region)


def described(part: Part) -> str:
    """A part as Python indexes it, empty for the whole."""
    if part == WHOLE:
        return ""
    return " and ".join(f"[{', '.join(map(_described, region))}]" for region in part)


def _described(along: Along) -> str:
    return ":" if along is None else f"{along[0]}:{along[1]}"


def _kinds(view: GraphView, tensor: TensorId, steps: int = _STEPS) -> dict[str, list[Region]]:
    """What makes the values of a tensor, and where each lies; looks so many steps back."""
    name, shape = tensor.node, view.shape(tensor)
    kind = view.type(name)
    if shape is None or steps <= 0:
        return {kind: [()]}
    inputs = view.inputs(name)
    if kind == "Concat":
        return _joined(view, name, shape, steps - _STEPS // 4)
    changing = [port for port, source in enumerate(inputs) if not view.is_constant(source)]
    own = f"{kind} of {len(changing)}"
    if kind not in ELEMENTWISE | _MOVING or len(changing) != 1:
        return {own: [()]}
    found = _kinds(view, inputs[changing[0]], steps - 1)
    if len(found) < 2:
        return found if kind in _MOVING else {own: [()]}
    moved = {key: [_moved(view, name, changing[0], region) for region in found[key]] for key in found}
    if any(region is None for regions in moved.values() for region in regions):
        return {own: [()]}
    return {key: [region for region in regions if region is not None] for key, regions in moved.items()}


def _joined(view: GraphView, name: str, shape: tuple[int | None, ...], steps: int) -> dict[str, list[Region]]:
    inputs, axis = view.inputs(name), int(view.attributes(name)["axis"]) % len(shape)
    sizes = [(view.shape(source) or (None,) * len(shape))[axis] for source in inputs]
    if axis == 0 or None in sizes:
        return {"Concat": [()]}
    ends = np.cumsum([0, *sizes]).tolist()
    kinds: dict[str, list[Region]] = {}
    for source, start, stop in zip(inputs, ends[:-1], ends[1:], strict=True):
        for kind, regions in _kinds(view, source, steps).items():
            kinds.setdefault(kind, []).extend(
                _within(region, axis, start, stop, len(shape)) for region in regions
            )
    return kinds


def _within(region: Region, axis: int, start: int, stop: int, rank: int) -> Region:
    """Where a region of a joined tensor lies in what it is joined to."""
    found = list(region or (None,) * rank)
    inner = found[axis]
    found[axis] = (start, stop) if inner is None else (start + inner[0], start + inner[1])
    return tuple(found)


def _moved(view: GraphView, name: str, port: int, region: Region) -> Region | None:
    """Where a region of an input lies in the output of a node; None where that can't be told."""
    before, after = view.shape(view.inputs(name)[port]) or (), view.shape(TensorId(name)) or ()
    moved: list[Along] = [None] * len(after)
    for axis, along in enumerate(region):
        if along is None:
            continue
        axes = [axis if number == port else None for number in range(len(view.inputs(name)))]
        found = axis_behind(view, name, axes)
        if found is None or not 0 <= found < len(after) or before[axis] != after[found]:
            return None
        moved[found] = along
    return tuple(moved)


def _merged(regions: list[Region], shape: tuple[int | None, ...]) -> Part:
    """As few regions as these make, where they lie beside each other."""
    for axis, size in enumerate(shape):
        rows: dict[tuple[Region, Region], list[Along]] = {}
        for region in regions:
            rows.setdefault((region[:axis], region[axis + 1 :]), []).append(region[axis])
        regions = [
            (*before, None if along == (0, size) else along, *behind)
            for (before, behind), ranges in rows.items()
            for along in _runs(ranges)
        ]
    return tuple(regions)


def _runs(ranges: list[Along]) -> list[Along]:
    """Ranges in their order, those joined that follow each other."""
    runs = ranges[:1]
    for along in ranges[1:]:
        last = runs[-1]
        if last is not None and along is not None and last[1] == along[0]:
            runs[-1] = (last[0], along[1])
        elif along != last:
            runs.append(along)
    return runs
