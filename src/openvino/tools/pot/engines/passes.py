"""Passes of an engine over samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.engines.calling import predicted
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.watching import CascadeLayout
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.measured import Statistics
from openvino.tools.pot.utils.errors import EngineError


def measure(engine: Engine, layouts: Mapping[str, StatisticsLayout], sampler: Any) -> dict[str, Statistics]:
    """What is measured on each network, by its name, in one pass over samples.

    Args:
        engine: that ``set_model`` has told of the networks.
        layouts: network name -> what is measured on it.
        sampler: the samples, as ``predict`` takes them.

    Raises:
        EngineError: the engine gives no statistics, nothing of it runs several networks, or one of them is never run.
        DataError: a sample doesn't fit a network; its index is named.
        OtherSizesError: samples are not of the sizes that a layout was made for.
    """
    if isinstance(engine, IEEngine) and engine.is_cascade:
        found = engine.measure_cascade(CascadeLayout(layouts), sampler)
    else:
        found = {name: _of_one(engine, layout, sampler) for name, layout in layouts.items()}
    for statistics in found.values():
        statistics.samples = len(sampler)
    return found


def fed_shapes(engine: Engine, sampler: Any) -> dict[str, dict[str, ov.PartialShape]]:
    """Network name -> input -> its shape with what samples want to be dynamic, of the networks of a cascade.

    Raises:
        EngineError: nothing of the engine runs several networks.
    """
    if not isinstance(engine, IEEngine):
        raise EngineError(f"a cascade needs an IEEngine, found {type(engine).__name__}")
    return engine.cascade_shapes(sampler)


def _of_one(engine: Engine, layout: StatisticsLayout, sampler: Any) -> Statistics:
    statistics = predicted(engine, stats_layout=layout, sampler=sampler, print_progress=True)[1]
    if not isinstance(statistics, Statistics):
        raise EngineError(
            f"engine {type(engine).__name__}: predict gave {statistics!r}, expected statistics of stats_layout"
        )
    return statistics
