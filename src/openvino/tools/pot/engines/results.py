"""The outputs of a network for samples, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import openvino as ov

from openvino.tools.pot.engines.batches import split
from openvino.tools.pot.engines.compiling import compiled_for
from openvino.tools.pot.engines.filling import Samples, feeds
from openvino.tools.pot.engines.hooks import Found, Hooks
from openvino.tools.pot.engines.items import first_read
from openvino.tools.pot.engines.stream import OutputNames, run_stream
from openvino.tools.pot.graph.batch import takes_samples_apart
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.statistics.layout import StatisticsLayout


def results(engine: Hooks, samples: Samples, strict: bool = True) -> Iterator[Found]:
    """What the outputs are called, what the loader gave at a time, and its outputs, by us or by workers.

    Args:
        engine: that ``set_model`` has told of the network; its samples have no time steps.
        samples: of the pass.
        strict: as of ``batches.split``.

    Raises:
        DataError: a sample doesn't fit the network, or outputs of a fixed batch can't be taken apart.
    """
    model, options = engine._single_model(), engine._options
    if engine._elsewhere is not None and may_travel(model):
        yield from engine._elsewhere.results(engine, samples, strict)
        return
    fed = first_read(feeds(engine, model, samples))
    compiled = compiled_for("evaluated", model, options.device)
    names, found = OutputNames.of(compiled), run_stream(compiled, fed, options.eval_requests)
    for items, outputs in split(found, model, options.batch_axis, strict):
        yield names, items, outputs


def may_travel(model: ov.Model) -> bool:
    """Whether a network computes the same, to the last bit, when it is read from a file.

    OpenVINO (2026.4) compiles sequences of recurrent layers in two ways, by what else it knows of lengths in memory.
    """
    return not any(traits(node.get_type_name()).recurrent for node in model.get_ops())


def is_taken_apart(engine: Hooks, layout: StatisticsLayout) -> bool:
    """Whether the samples of a loader's batches are measured one by one."""
    return layout.is_per_sample and takes_samples_apart(engine._single_model(), engine._options.batch_axis)
