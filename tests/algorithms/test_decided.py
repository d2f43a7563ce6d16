"""Of every quantizer and bias it can be asked who decided, on what evidence, and who changed it afterwards."""

from __future__ import annotations

import dataclasses
import json

import pytest

import builders
import proofs
from openvino.tools.pot import DefaultQuantization, load_model
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.report.plan import described_plan


def quantized(**parameters: object) -> SubModel:
    proof = proofs.large_neighbours(0)
    return builders.quantized(proof.network, builders.labelled(proof.calibration), **parameters).submodels[0]


def test_every_quantizer_of_the_model_has_its_story() -> None:
    sub = quantized()
    names = {n.get_friendly_name() for n in sub.model.get_ops() if n.get_type_name() == "FakeQuantize"}
    assert names <= set(sub.decided)
    assert all(sub.decided[name] for name in names)
    assert {change.what for name in set(sub.decided) - names for change in sub.decided[name]} == {
        "bias_shifts"
    }


def test_who_changed_a_range_afterwards_stands_behind_who_found_it() -> None:
    stages = [
        [change.stage for change in changes if change.what == "weights"]
        for name, changes in quantized(saturation_fix=None).decided.items()
        if "fq_weights" in name
    ]
    assert ["RangeStage", "SaturationStage"] in stages
    stages = [
        [change.stage for change in changes if change.what == "weights"]
        for name, changes in quantized(saturation_fix="no").decided.items()
        if "fq_weights" in name
    ]
    assert stages and all(found == ["RangeStage"] for found in stages)


def test_evidence_tells_how_a_range_was_found() -> None:
    searched = quantized().decided
    said = quantized(range_estimator={"preset": "quantile"}).decided
    activation = next(name for name in searched if "fq_input" in name)
    assert "least error" in searched[activation][-1].evidence
    assert "quantile" in said[activation][-1].evidence and "samples" in said[activation][-1].evidence


def test_nothing_can_be_changed_afterwards() -> None:
    change = next(iter(quantized().decided.values()))[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        change.stage = "another"


def test_a_copy_has_no_story() -> None:
    network = proofs.large_neighbours(0)
    result = builders.quantized(network.network, builders.labelled(network.calibration))
    assert result.submodels[0].decided and not result.clone().submodels[0].decided


def test_the_plan_as_plain_data_reads_it() -> None:
    proof, sub = proofs.large_neighbours(0), quantized()
    job = planned(load_model(proof.network), [DefaultQuantization()])
    described = described_plan(job.result.submodels[0], GraphView(job.network), job.plan, decided=sub.decided)
    first = described["weights"][0]
    assert "RangeStage" in [change["stage"] for change in first["decided"]]
    assert json.loads(json.dumps(described)) == described
    assert (
        "decided"
        not in described_plan(job.result.submodels[0], GraphView(job.network), job.plan)["weights"][0]
    )


def test_what_parameters_meant_is_recorded_in_the_model() -> None:
    sub = quantized(preset="performance")
    recipe = json.loads(str(sub.model.get_rt_info(["openvino_pot", "algorithm_0", "recipe"]).astype(str)))
    assert recipe["device"] == "CPU" and recipe["weight_rounding"] == "least_error"
    assert recipe["activation_ranges"] == "least error" and recipe["divided_channels"] is True
