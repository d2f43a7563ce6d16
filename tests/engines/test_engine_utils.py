"""The helpers of POT's engines that overrides import, as docs/compatibility.md lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import builders
from openvino.tools.pot.engines import utils
from openvino.tools.pot.utils.errors import EngineError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/compatibility.md"


def test_the_document_lists_all_of_them() -> None:
    rows = [
        line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "`engines/utils.py`" in line
    ]
    found = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert found == {
        name
        for name, value in vars(utils).items()
        if callable(value) and value.__module__ == utils.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize("given", [None, {}, {"conv1": [1.0]}])
def test_accumulated_statistics_come_back_as_they_are(given: object) -> None:
    assert utils.process_accumulated_stats(given, {"y": "conv1"}) is given
    assert utils.process_accumulated_stats(stat_names_aliases=None, accumulated_stats=given) is given


def test_outputs_of_a_model_have_names_and_get_further_ones() -> None:
    network = builders.network()
    assert utils.collect_model_outputs(network) == ["y"]
    utils.add_tensor_names(network.outputs, ["score"])
    assert {"y", "score"} <= network.outputs[0].get_names()
    assert network.output("score") == network.outputs[0]


def test_names_lose_what_model_optimizer_put_behind_them() -> None:
    assert utils.get_clean_name("prob/sink_port_0") == "prob"
    assert utils.get_clean_name("prob") == "prob"


@pytest.mark.parametrize("name", ["restore_original_node_names", "align_stat_names_with_results"])
def test_helpers_that_have_nothing_to_do_say_why(name: str) -> None:
    with pytest.raises(EngineError, match=rf"^{name} has nothing to do here: statistics are measured beside"):
        getattr(utils, name)(["y"], ["conv1"], stats_layout={})
