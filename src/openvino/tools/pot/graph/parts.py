"""What is joined in one tensor: boxes and scores of a detector, say, which are nothing alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot.graph.batch import axis_behind
from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.operations import traits
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

_MOVES = frozenset({"reorders", "picks", "repeats", "resizes"})
"""How values may move while what lies along an axis can be told."""

Kind = tuple[str, int | None]
"""What makes values, and for some at which place of a Concat."""

Kinds = dict[Kind, list[Region]]


def parts(view: GraphView, tensor: TensorId) -> tuple[Part, ...]:
    """The kinds of values that are joined in a tensor, as far as it can be followed to where that happened.

    What comes out of the same operation is of one kind, wherever it lies: the scores of several scales of a
    detector. Layers that are joined channel by channel are of a kind each. Samples of a batch are never told apart.

    Returns:
        One part, ``WHOLE``, where nothing is joined.
    """
    found, shape = _kinds(view, tensor), view.shape(tensor) or ()
    for kinds in (found, _without_places(found)):
        joined = [_merged(regions, shape) for regions in kinds.values()] if len(kinds) > 1 else []
        if 0 < sum(map(len, joined)) <= _MOST:
            return tuple(joined)
    return (WHOLE,)


def _without_places(kinds: Kinds) -> Kinds:
    found: Kinds = {}
    for (name, _), regions in kinds.items():
        found.setdefault((name, None), []).extend(regions)
    return found


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


def _kinds(view: GraphView, tensor: TensorId, steps: int = _STEPS) -> Kinds:
    """What makes the values of a tensor, and where each lies; looks so many steps back."""
    name, shape = tensor.node, view.shape(tensor)
    kind = view.type(name)
    if shape is None or steps <= 0:
        return {(kind, None): [()]}
    if traits(kind).moves == "joins":
        return _joined(view, name, shape, steps - _STEPS // 4)
    changing = [port for port, source in enumerate(view.inputs(name)) if not view.is_constant(source)]
    own: Kinds = {(f"{kind} of {len(changing)}", None): [()]}
    port = _followed(view, name, changing)
    if port is None:
        return own
    found = _kinds(view, view.inputs(name)[port], steps - 1)
    if len(found) < 2:
        return found if traits(kind).moves in _MOVES else own
    moved = {key: [_moved(view, name, port, region) for region in regions] for key, regions in found.items()}
    if any(region is None for regions in moved.values() for region in regions):
        return own
    return {key: [region for region in regions if region is not None] for key, regions in moved.items()}


def _followed(view: GraphView, name: str, changing: list[int]) -> int | None:
    """The input whose values come out in an order that can be told: the only one, or the only one of full size."""
    own = traits(view.type(name))
    if own.elementwise and len(changing) > 1:
        shape = view.shape(TensorId(name))
        changing = [port for port in changing if view.shape(view.inputs(name)[port]) == shape]
    elif not (own.elementwise or own.moves in _MOVES):
        return None
    return changing[0] if len(changing) == 1 else None


def _joined(view: GraphView, name: str, shape: tuple[int | None, ...], steps: int) -> Kinds:
    inputs, axis = view.inputs(name), int(view.attributes(name)["axis"]) % len(shape)
    sizes = [(view.shape(source) or (None,) * len(shape))[axis] for source in inputs]
    if None in sizes or (axis == 0 and not _takes_single_samples(view)):
        return {("Concat", None): [()]}
    ends = np.cumsum([0, *sizes]).tolist()
    kinds: Kinds = {}
    for place, (source, start, stop) in enumerate(zip(inputs, ends[:-1], ends[1:], strict=True)):
        apart = _joins_channels(view, source, axis, len(shape))
        for (kind, at), regions in _kinds(view, source, steps).items():
            key = (kind, place if apart and at is None and _is_affine(kind.split()[0]) else at)
            kinds.setdefault(key, []).extend(
                _within(region, axis, start, stop, len(shape)) for region in regions
            )
    return kinds


def _is_affine(kind: str) -> bool:
    """Whether it gives boxes or scores before any function: each beside another in a Concat is of its own kind."""
    return traits(kind).affine or traits(kind).linear != ""


def _joins_channels(view: GraphView, source: TensorId, axis: int, rank: int) -> bool:
    """Whether the channels of what made a tensor lie along an axis of it, as far as can be told."""
    channels = _channel_axis(view, source)
    if channels is None:
        return axis in (1, rank - 1) and _is_affine(view.type(source.node))
    return channels == axis


def _channel_axis(view: GraphView, tensor: TensorId, steps: int = 8) -> int | None:
    """Where the output channels of the layer behind a tensor lie in it."""
    name, own = tensor.node, traits(view.type(tensor.node))
    if own.convolves:
        return CHANNEL_AXIS
    if own.linear:
        return len(view.shape(tensor) or ()) - 1
    inputs = view.inputs(name)
    changing = [port for port, source in enumerate(inputs) if not view.is_constant(source)]
    if not steps or len(changing) != 1 or not (own.elementwise or own.moves in _MOVES):
        return None
    found = _channel_axis(view, inputs[changing[0]], steps - 1)
    axes = [found if port == changing[0] else None for port in range(len(inputs))]
    return None if found is None else axis_behind(view, name, axes)


def _takes_single_samples(view: GraphView) -> bool:
    """Whether the first axis of all inputs is one sample, so that what lies along that of others are none."""
    shapes = [view.shape(TensorId(node.get_friendly_name())) for node in view.model.get_parameters()]
    return all(shape and shape[0] == 1 for shape in shapes)


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
