"""What can be known to be wrong with a job before it is at work."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.algorithms.accuracy import AccuracyAwareQuantization
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.parameters import device_refusals
from openvino.tools.pot.algorithms.recipe import Recipe
from openvino.tools.pot.cli.feeding import check_feeding
from openvino.tools.pot.cli.output import check_writable
from openvino.tools.pot.configs.sections import (
    NoEngine,
    Sections,
)
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.batch import fixed_batch
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.pipeline.pipeline import Pipeline, steps_of
from openvino.tools.pot.placement.scope import ignored_nodes
from openvino.tools.pot.samplers.batch_sampler import count_samples
from openvino.tools.pot.utils.errors import ConfigError, Place, nearest, placed
from openvino.tools.pot.utils.runtime import core

_COMBINED = frozenset({"AUTO", "MULTI", "HETERO", "BATCH"})


def check_task(sections: Sections, model: CompressedModel, pipeline: Pipeline, engine: IEEngine) -> None:
    """What can be known before the work: the order of algorithms, ignored scopes, metrics, and one sample."""
    where = sections.where.at("compression", "algorithms")
    with placed(where, ConfigError):
        steps_of(pipeline.algo_seq)
    sub = model.submodels[0]
    for position, algorithm in enumerate(pipeline.algo_seq):
        with placed(where.at(position, "params"), ConfigError):
            if algorithm.places:
                ignored_nodes(GraphView(sub.model), algorithm.recipe.parameters.ignored, sub)
                if algorithm.recipe.parameters.rules:
                    planned(model, [algorithm])  # which finds what they match
            if isinstance(algorithm, AccuracyAwareQuantization):
                _check_search(algorithm.config, sub.model, engine, sections.engine.type)
    where = sections.where.at("engine")
    _check_device(engine.device, where.at("device"))
    if isinstance(sections.engine, NoEngine):
        return
    if count_samples(engine.data_loader) == 0:
        raise ConfigError("it has no samples", where)
    with placed(where, ConfigError):
        next(probes.feeds(engine, model, [0]))
        check_feeding(model, engine)


def check_device(model: CompressedModel, recipe: Recipe) -> None:
    """Make sure that the device of a recipe takes a network, as far as its table says.

    Raises:
        ConfigError: it doesn't; what helps is named.
    """
    for refusal in device_refusals(model.submodels[0], recipe):
        raise ConfigError(f"{refusal.sentence}: {refusal.remedy}")


def _check_search(params: Mapping[str, Any], model: ov.Model, engine: IEEngine, kind: str) -> None:
    """What a search needs: a metric that it knows the names of, or none, and a folder for its state."""
    if params.get("agreement"):
        if engine.metric is not None:
            raise ConfigError(
                f"agreement is for samples without labels, the configuration of {kind} brings metrics"
            )
    elif params.get("annotation_free"):
        _check_classifier(model)
    elif engine.metric is None:
        raise ConfigError(
            f"a search needs a metric, which engine {kind} does not have: set agreement to 'auto' to control "
            "agreement with the float model, or use accuracy_checker"
        )
    else:
        known = list(engine.get_metrics_attributes())
        for entry in params.get("metrics") or ():
            if entry["name"] not in known:
                raise ConfigError(
                    f"metrics: expected one of {', '.join(known)}, found {entry['name']!r}"
                    f"{nearest(entry['name'], known)}"
                )
    if params.get("state_dir"):
        check_writable(Path(params["state_dir"]), "state_dir")


def _check_classifier(model: ov.Model) -> None:
    shapes = [port.get_partial_shape() for port in model.outputs]
    sizes = [size.get_length() for size in shapes[0]] if shapes[0].is_static else []
    if sizes and sizes[0] == fixed_batch(model):
        sizes[0] = 1
    if len(shapes) != 1 or (sizes and prod(sizes) != max(sizes)):
        raise ConfigError(
            "without labels, what the float model predicts is taken for right (annotation_free), which takes a "
            f"classifier with one output: the model has outputs of shapes {', '.join(map(str, shapes))}; "
            "agreement: 'auto' takes any model"
        )


def _check_device(device: str, where: Place) -> None:
    known = {name.partition(".")[0] for name in core().available_devices} | _COMBINED
    base = device.partition(":")[0].partition(".")[0]
    if base not in known:
        raise ConfigError(
            f"expected one of {', '.join(sorted(known))}, found {device!r}{nearest(base, known)}", where
        )
