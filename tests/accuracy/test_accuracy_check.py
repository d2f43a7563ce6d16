"""Accuracy control searches among models that the device computes as they are defined, and its result is checked."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import openvino as ov
import pytest
from test_accuracy_aware import FRAGILE, SIDE, TopOne, answered, fragile_network, pictures, search

import builders
from builders import Items
from faults import planted, scaled
from openvino.tools.pot.algorithms.accuracy.report import AccuracyReport
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils import progress


@cache
def samples() -> Items:
    return answered(fragile_network(), pictures(40))


@pytest.fixture(scope="module")
def usual() -> tuple[CompressedModel, AccuracyReport]:
    """What the search finds that two tests look at."""
    return search(samples(), TopOne(), maximal_drop=0.05)


@pytest.mark.long
def test_what_the_device_computes_wrongly_is_in_float_in_all_candidates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planted(monkeypatch, scaled("head"))
    result, report = search(samples(), TopOne(), maximal_drop=0.05)
    assert report.chosen is not None and report.chosen.met
    names = [node.name.split("/")[0] for node in get_nodes_by_type(result, ["FakeQuantize"])]
    assert names and "head" not in names
    # Searches of these tests are for the GPU, where the values of this network come near the end of half precision.
    (note,) = result.check.notes
    assert note.startswith("in half precision, which 2 tensors may leave, it follows to ")
    assert note.endswith(" dB without (emulated)")
    told = result.submodels[0].model.get_rt_info(["openvino_pot", "check"]).astype(str)
    assert json.loads(told)["int8_layers"] == result.check.int8_layers > 0


@pytest.mark.long
def test_the_result_says_how_it_follows_and_leaves_the_judgement_to_the_metric(
    usual: tuple[CompressedModel, AccuracyReport],
) -> None:
    result, report = usual
    assert report.chosen is not None and report.chosen.floats == (FRAGILE,)
    assert result.check.samples == 8 and result.check.decibels > 15 and not result.check.is_lost
    assert result.check.is_kept is True and "its metrics are kept" in result.check.table()
    html = report._repr_html_()
    assert FRAGILE in html and "the target is met" in html and html.count("<table") == 2


@pytest.mark.long
def test_a_search_is_watched_and_one_that_fails_is_called_worse() -> None:
    with progress.course("search"):
        result, report = search(samples(), TopOne(), maximal_drop=-1.0, max_iter_num=1)
        line = progress._courses[-1].lines["search"]
    assert report.chosen is not None and not report.chosen.met
    assert (result.check.is_kept, result.check.verdict) == (False, "worse")
    assert line.said.startswith(f"step {len(report.steps)}, ") and "best so far" in line.said


@pytest.mark.long
def test_the_check_can_be_switched_off() -> None:
    result, _ = search(samples(), TopOne(), maximal_drop=1.0, self_check=False)
    assert result.check is None


@pytest.mark.long
def test_networks_of_open_sizes_are_searched_as_those_of_fixed_ones(
    usual: tuple[CompressedModel, AccuracyReport], tmp_path: Path
) -> None:
    """What is known of samples counts in every candidate, also in a search that goes on."""
    network = fragile_network()
    network.reshape([-1, 3, SIDE, SIDE])
    ov.save_model(network, tmp_path / "open.xml", compress_to_fp16=False)
    state, found = str(tmp_path / "state"), [usual[0]]
    for _ in range(2):
        result, _ = search(samples(), TopOne(), tmp_path / "open.xml", maximal_drop=0.05, state_dir=state)
        found.append(result)
    fixed, begun, resumed = (
        [node.name for node in get_nodes_by_type(each, ["FakeQuantize"])] for each in found
    )
    assert len(fixed) == len(begun) and begun == resumed
    assert abs(found[0].check.decibels - found[1].check.decibels) < 1
    assert builders.stored(found[1]) == builders.stored(found[2])
