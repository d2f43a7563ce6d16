"""Whether a model is fed as it was trained, as far as the float network and a few samples show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.algorithms.checking.running import by_number, outputs_of
from openvino.tools.pot.arithmetic.stimulus import (
    LAST,
    PIXELS,
    Response,
    hardly_varies,
    is_at_odds,
    is_loud,
    is_quiet,
    is_still,
    moments,
    response,
    stillness,
)
from openvino.tools.pot.engines.compiling import compiled_as_defined
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.sizes import have_sizes
from openvino.tools.pot.graph.stem import Stem, depends, responding, stems
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.logger import get_logger
from openvino.tools.pot.utils.runtime import FLOAT32

logger = get_logger(__name__)

Feed = Mapping[str, NDArray[Any]]
Place = tuple[TensorId, int]

_RAW = 16.0
"""Magnitude between numbers that were normalized, and those of pixels as files hold them."""

_FEW = 4
"""Samples that layers are looked at with."""

_ALIKE = 3
"""Samples from which on it tells something that they are alike."""

_UNIT = 2.0
"""Magnitude up to which pixels may be of 0 to 1."""


_SHIFTED = "perhaps means and scales for pixels of 0 to 255 were applied to pixels of 0 to 1"
_DIVIDED = "it was trained on numbers of about 0 to 1 or -1 to 1 (pixels divided by 255: --scale-values 255)"
_MULTIPLIED = "perhaps means and scales for pixels of 0 to 1 were applied to pixels of 0 to 255"


@dataclass(frozen=True)
class Fed:
    """What an input that takes images was fed.

    Attributes:
        name: of the input.
        axis: of channels.
        values: of each inference.
    """

    name: str
    axis: int
    values: Sequence[NDArray[Any]]

    @cached_property
    def low(self) -> float:
        """The least value."""
        return min(float(own.min()) for own in self.values)

    @cached_property
    def high(self) -> float:
        """The largest value."""
        return max(float(own.max()) for own in self.values)

    @cached_property
    def sizes(self) -> list[float]:
        """The largest magnitude of each inference."""
        return [max(-float(own.min()), float(own.max())) for own in self.values]

    @property
    def is_told(self) -> bool:
        """Whether all of it is numbers."""
        return self.values[0].dtype.kind != "b" and bool(np.isfinite(self.sizes).all())

    @property
    def is_raw(self) -> bool:
        """Whether the numbers are as large as those of pixels that nobody normalized."""
        return max(self.sizes) > _RAW

    def __str__(self) -> str:
        return f"input {self.name!r} is fed {self.low:.4g} to {self.high:.4g}"


def odd_feeding(model: ov.Model, witness: Witness, light: bool = False) -> tuple[str, ...]:
    """What is odd about how a float model was fed, in sentences; nothing where it can't be told.

    Args:
        model: in float.
        witness: what it was fed, and gave.
        light: whether the whole network must not be compiled for that.
    """
    try:
        return tuple(_found(GraphView(_fitting(model, witness)), witness, light))
    except (RuntimeError, ValueError) as error:  # parts of a network may not run by themselves
        logger.info("%s: how it is fed was not looked at: %s", model.get_friendly_name(), reason(error))
        return ()


def _found(view: GraphView, witness: Witness, light: bool) -> list[str]:
    said = [*_alike(witness)]
    for stem in stems(view):
        name = input_name(view.node(stem.input).output(0))
        fed = Fed(name, stem.channels, [feed[name] for feed in witness.feeds])
        if fed.is_told:
            said += [*_uneven(fed)] or [*_of_scale(view, stem, fed, witness.feeds, light)]
    return said or [*_constant(view, witness)]


def _fitting(model: ov.Model, witness: Witness) -> ov.Model:
    """The model itself, or one that takes the shapes that were witnessed: the pass may have joined samples."""
    if all(have_sizes(model, feed) for feed in witness.feeds):
        return model
    other = model.clone()
    other.reshape({name: ov.PartialShape([-1] * value.ndim) for name, value in witness.feeds[0].items()})
    return other


def _alike(witness: Witness) -> Iterator[str]:
    """Whether all samples are one and the same."""
    first, *others = witness.feeds
    if witness.samples >= _ALIKE and all(
        np.array_equal(own[name], value, equal_nan=own[name].dtype.kind == "f")
        for own in others
        for name, value in first.items()
    ):
        yield f"all of the first {witness.samples} samples are the same: ranges are those of a single one"


def _uneven(fed: Fed) -> Iterator[str]:
    """Samples without a picture, and those of different scales."""
    blank = sum(bool(np.ptp(own) == 0) for own in fed.values)
    if 2 * blank > len(fed.values):
        value = "zero" if fed.low == fed.high == 0 else "one value"
        times = f"{blank} of {len(fed.values)} inferences"
        yield f"input {fed.name!r} is fed {value} all over in {times}: no picture is there"
        return
    sizes = [size for size, own in zip(fed.sizes, fed.values, strict=True) if np.ptp(own) > 0]
    unit = sum(size <= _UNIT for size in sizes)
    if unit and max(sizes) > PIXELS / 2:
        yield (
            f"input {fed.name!r} is fed numbers up to {max(sizes):.4g}, in {unit} of {len(sizes)} inferences none "
            f"above {max(size for size in sizes if size <= _UNIT):.4g}: samples are of different scales"
        )


def _of_scale(view: GraphView, stem: Stem, fed: Fed, feeds: Sequence[Feed], light: bool) -> Iterator[str]:
    """Data far too large or too small for the first layer."""
    if not fed.is_raw and is_still(power := stillness(fed.values, fed.axis)):
        yield f"{fed}, of which {10**power:.0f} times as much is the same all over as differs: {_SHIFTED}"
        return
    alike = [feed for feed in feeds if all(feed[name].shape == feeds[0][name].shape for name in feed)]
    chosen = alike[:: -(-len(alike) // _FEW)]
    (first,) = responses(view, [(stem.tensor, stem.axis)], chosen, fed.name)
    if first.is_too_little and not fed.is_raw:
        yield (
            f"{fed}, which hardly reaches its first layer {stem.layer!r}: what is the same all over is "
            f"{10**first.stillness:.0f} times as large there; it was trained on larger numbers, such as pixels of 0 to "
            "255"
        )
    elif first.is_too_much and fed.is_raw and not light and _is_too_large(view, fed, chosen):
        whole = fed.low > -1 and fed.high < PIXELS + 1
        yield (
            f"{fed}, {10**first.size:.0f} times as much as the offsets of its first layer {stem.layer!r}: "
            f"{_DIVIDED if whole else _MULTIPLIED}"
        )


def _is_too_large(view: GraphView, fed: Fed, feeds: Sequence[Feed]) -> bool:
    """Whether the layers behind bear out that the first one is fed far too much.

    Networks without batch normalization, trained on pixels of 0 to 255, have small offsets everywhere.
    """
    layers = [name for name in view.nodes if traits(view.type(name)).linear and len(view.varying(name)) == 1]
    if len(layers) <= LAST:
        return False
    places = [responding(view, name) for name in layers]
    sinks = view.model.get_sinks()
    found = responses(view, places, feeds, fed.name, sinks)
    if is_loud(found) or (_is_bounded(view, layers) and is_at_odds(found)):
        return True
    if fed.values[0].dtype.kind != "f":
        return False
    smaller = [{**feed, fed.name: feed[fed.name] / feed[fed.name].dtype.type(PIXELS)} for feed in feeds]
    return not is_quiet(responses(view, places, smaller, fed.name, sinks))


def _is_bounded(view: GraphView, layers: Sequence[str]) -> bool:
    """Whether data meets borders on the way, which hold it back, and nothing that normalizes it whatever its scale."""
    kinds = {view.type(name) for name in view.nodes if view.order[name] < view.order[layers[-1]]}
    return "LRN" not in kinds and any(traits(kind).bounded or kind in ("HSwish", "Swish") for kind in kinds)


def responses(
    view: GraphView, places: Sequence[Place], feeds: Sequence[Feed], name: str, sinks: Sequence[ov.Node] = ()
) -> list[Response]:
    """What places of a float network make of samples, and of zeros at one of the inputs.

    Args:
        view: the network.
        places: tensors, each with the axis of its channels.
        feeds: the samples, of the same sizes.
        name: of the input that is fed zeros.
        sinks: of its states, where places lie behind them.

    Raises:
        RuntimeError: OpenVINO can't run it.
    """
    outputs = [op.result(view.output(tensor)).output(0) for tensor, _ in places]
    part = ov.Model(outputs, list(sinks), view.model.get_parameters(), "part")
    network = compiled_as_defined(part, "CPU", dict(FLOAT32))
    request = network.create_infer_request()

    def given(feed: Feed) -> list[NDArray[Any]]:
        request.reset_state()
        request.infer(by_number(network.inputs, feed))
        return outputs_of(request)

    axes = [axis for _, axis in places]
    zeros = given({**feeds[0], name: np.zeros_like(feeds[0][name])})
    found = [
        [moments(*each) for each in zip(map(np.subtract, given(feed), zeros), axes, strict=True)]
        for feed in feeds
    ]
    return [response(*each) for each in zip(zip(*found, strict=True), zeros, axes, strict=True)]


def _constant(view: GraphView, witness: Witness) -> Iterator[str]:
    """Outputs that depend on what is fed, and are the same whatever that is."""
    if witness.samples < _ALIKE:
        return
    for place, values in zip(witness.watched.all, zip(*witness.values, strict=True), strict=True):
        tensor = view.source(place)
        alike = len({own.shape for own in values}) == 1 and values[0].size > 0
        if alike and view.is_float(tensor) and depends(view, tensor) and hardly_varies(values):
            yield (
                f"output {_called(view, tensor)!r} is the same for all of the first {witness.samples} samples, but for "
                "rounding: what is fed may not be what the network was trained on"
            )


def _called(view: GraphView, tensor: TensorId) -> str:
    """What people call a tensor."""
    names = sorted(view.output(tensor).get_names())
    return names[0] if names else tensor.node
