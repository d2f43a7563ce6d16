"""Layers that accuracy control puts back to float, and weights of 8 bits that they keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_accuracy_aware import FRAGILE, TopOne, answered, fragile_network, pictures, search

from builders import Items
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport
from openvino.tools.pot.graph.model import CompressedModel

Found = tuple[CompressedModel, AccuracyReport]


@pytest.fixture(scope="module")
def samples() -> Items:
    return answered(fragile_network(), pictures(60))


def kept(samples: Items, keep: bool | None, device: str = "CPU", **parameters: Any) -> Found:
    """What a search finds in whose layer in float neither levels nor a shift of biases go by the one huge value."""
    given = {} if keep is None else {"keep_int8_weights": keep}
    near = {"weight_rounding": "nearest", "apply_for_all_nodes": False, **parameters}
    return search(samples, TopOne(), target_device=device, maximal_drop=0.05, **near, **given)


def keeps(model: CompressedModel) -> bool:
    """Whether the layer in float has quantized weights, and reads floats."""
    types = {node.get_friendly_name(): node.get_type_name() for node in model.submodels[0].model.get_ops()}
    assert f"{FRAGILE}/fq_input_0" not in types
    return f"{FRAGILE}/fq_weights_1" in types or f"{FRAGILE}/fq_weights_1/quantized" in types


@pytest.mark.long
@pytest.mark.parametrize(
    ("keep", "device", "form"),
    [(None, "CPU", "convolutions"), (True, "GPU", "all"), (False, "CPU", "none"), (None, "GPU", "none")],
    ids=str,
)
def test_a_layer_in_float_keeps_its_weights_where_the_metric_bears_it(
    samples: Items, keep: bool | None, device: str, form: str
) -> None:
    model, report = kept(samples, keep, device)
    assert report.chosen is not None
    assert (report.chosen.floats, report.chosen.stored, report.chosen.met) == ((FRAGILE,), form, True)
    assert keeps(model) == (form != "none")
    assert [step.stored for step in report.steps if step.stored != "none"] == (
        [] if form == "none" else [form]
    )
    facts = json.loads(model.submodels[0].model.get_rt_info(["openvino_pot", "accuracy_aware"]).astype(str))
    assert facts["int8_weights"] == form
    if form != "none":
        assert report.steps[-1].what == "1 in float, weights in INT8"
        assert [layer.bought is not None for layer in report.layers if layer.is_float] == [True]


@pytest.mark.long
def test_weights_that_the_metric_does_not_bear_stay_in_float(samples: Items) -> None:
    """Here levels and bias are chosen for the huge value, which is cut out behind the layer."""
    model, report = kept(samples, True, weight_rounding="least_error", apply_for_all_nodes=True)
    assert report.chosen is not None
    assert (report.chosen.floats, report.chosen.stored, report.chosen.met) == ((FRAGILE,), "none", True)
    assert (report.steps[-1].stored, report.steps[-1].met) == ("all", False)
    assert not keeps(model)


@pytest.mark.long
def test_a_search_that_goes_on_comes_to_the_same_weights(samples: Items, tmp_path: Path) -> None:
    first = kept(samples, True, state_dir=tmp_path / "state")
    again = kept(samples, True, state_dir=tmp_path / "state")
    assert keeps(first[0]) and keeps(again[0])
    assert [step.what for step in first[1].steps] == [step.what for step in again[1].steps]


@pytest.mark.long
def test_nothing_more_is_tried_where_all_layers_in_float_have_such_weights(samples: Items) -> None:
    model, report = kept(samples, True, float_layers="int8_weights")
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)
    assert all(step.stored == "none" for step in report.steps)
    assert keeps(model)
