"""Scopes: what names, patterns and places mean, and what is said of those that mean nothing."""

from __future__ import annotations

import logging

import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot import DefaultQuantization, load_model, quantize
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.graph.model import SubModel
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.placement.scope import unmatched_names
from openvino.tools.pot.placement.selecting import Selected, Selector
from openvino.tools.pot.utils.errors import ConfigError


def detector() -> ov.Model:
    """A body of two convolutions, two heads of one each, and what joins them."""
    x = builders.parameter([1, 3, 8, 8])
    stem = op.relu(builders.conv(x, 8, "/body.0/conv"), name="/body.0/act")
    body = op.relu(builders.conv(stem, 8, "/body.1/conv", seed=1), name="/body.1/act")
    boxes = op.sigmoid(builders.conv(body, 4, "/head.0/conv", seed=2), name="/head.0/act")
    scores = op.sigmoid(builders.conv(body, 4, "/head.1/conv", seed=3), name="/head.1/act")
    joined = op.concat([boxes, scores], 1, name="joined")
    return builders.model(op.multiply(joined, op.constant([2.0], ov.Type.f32), name="scaled"), x)


def select(said: str, network: ov.Model | None = None) -> Selected:
    network = detector() if network is None else network
    return Selector(GraphView(network), SubModel("tiny", network)).select(said)


HEADS = {"/head.0/conv", "/head.0/act", "/head.1/conv", "/head.1/act"}
BEHIND = {"/head.0/act", "/head.1/act", "joined", "scaled"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("/head.0/conv", {"/head.0/conv"}),
        ("/head.*", HEADS),
        ("/head.?/conv", {"/head.0/conv", "/head.1/conv"}),
        ("/head.[1-9]/*", {"/head.1/conv", "/head.1/act"}),
        (r"re:/head\.\d/.*", HEADS),
        ("re:.*conv", {"/body.0/conv", "/body.1/conv", "/head.0/conv", "/head.1/conv"}),
        ("re:conv", set()),  # the whole name must fit
        ("after:last-convolution", BEHIND),
        ("after:last convolution", BEHIND),
        ("before:first-Concat", {"/body.0/conv", "/body.0/act", "/body.1/conv", "/body.1/act", *HEADS}),
        ("before:/body.1/conv", {"/body.0/conv", "/body.0/act"}),
        ("after:/head.1/conv", {"/head.1/act", "joined", "scaled"}),
        ("between:/body.1/conv../head.0/act", {"/body.1/conv", "/body.1/act", "/head.0/conv", "/head.0/act"}),
        ("between:first-Sigmoid..last-multiply", BEHIND),
        ("between:joined../body.0/conv", set()),  # no way leads there
        ("after:nowhere", set()),
        ("after:scaled", set()),
    ],
)
def test_what_an_entry_means(said: str, expected: set[str]) -> None:
    assert set(select(said).nodes) == expected


def test_patterns_mean_no_constants_and_no_ends_but_names_do() -> None:
    assert not any("weights" in name for name in select("*").nodes)
    assert "x" not in select("*").nodes
    assert select("/head.0/conv/weights").nodes == ("/head.0/conv/weights",)


def test_a_name_with_letters_of_patterns_is_that_node() -> None:
    x = builders.parameter([1, 3, 8, 8])
    names = ["conv[1]*", "re:conv", "after:conv1", "between:a..b", "conv1"]
    last = x
    for number, name in enumerate(names):
        last = builders.conv(last, 3, name, seed=number)
    network = builders.model(last, x)
    for name in names:
        found = select(name, network)
        assert found.by_name, name
        assert found.nodes == (name,)
    # ends may hold the two points that stand between ends
    assert select("between:between:a..b..conv1", network).nodes == ("between:a..b", "conv1")


def test_what_matches_is_counted() -> None:
    assert select("/head.*").line == "'/head.*' matches 4 nodes, 2 of them layers"
    assert select("joined").line == "'joined' matches 1 node, 0 of them layers"


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ("/haed.*", "/head.1/act"),
        (r"re:/haed\.0/.*", "/head.0/act"),
        ("after:last-convolutoin", "after:last-convolution"),
        ("before:/head.0/cnv", "before:/head.0/conv"),
        ("between:/body.1/conv..jioned", "between:/body.1/conv..joined"),
        ("after:first-Sigmiod", "after:first-Sigmoid"),
        ("qqqqqqqq*", ""),
    ],
)
def test_what_matches_nothing_comes_with_the_nearest(said: str, nearest: str) -> None:
    network = detector()
    assert unmatched_names(GraphView(network), [said], SubModel("tiny", network)) == {said: nearest}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("/haed.*", r"ignored\.scope: the model has no node '/haed\.\*'; did you mean '/head\.1/act'\?"),
        ("re:(", r"ignored\.scope: 're:\(' is no regular expression"),
        (
            "between:joined",
            r"ignored\.scope: 'between:joined' has no two ends, expected between:FIRST\.\.LAST",
        ),
    ],
)
def test_what_matches_nothing_is_refused(said: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        planned(load_model(detector()), [DefaultQuantization({"ignored": {"scope": [said]}})])


@pytest.mark.parametrize(
    "said", ["after:scaled", "before:/body.0/conv", "between:joined../body.0/conv", "after:last-Multiply"]
)
def test_where_nothing_stands_at_a_place_it_is_not_the_nearest_to_itself(said: str) -> None:
    network = detector()
    assert unmatched_names(GraphView(network), [said], SubModel("tiny", network)) == {said: ""}
    with pytest.raises(
        ConfigError, match=f"ignored.scope: nothing that computes stands at the place '{said}'$"
    ):
        planned(load_model(network), [DefaultQuantization({"ignored": {"scope": [said]}})])


def test_a_plan_leaves_in_float_what_a_pattern_means() -> None:
    plan = planned(load_model(detector()), [DefaultQuantization({"ignored": {"scope": ["re:/head.*"]}})]).plan
    assert {layer.node for layer in plan.layers} == {"/body.0/conv", "/body.1/conv"}
    reasons = {layer.node: layer.reason for layer in plan.floats}
    assert reasons["/head.0/conv"] == "matched in the ignored scope as 're:/head.*'"


@pytest.mark.long
def test_quantize_takes_patterns_and_says_what_they_match(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "openvino.tools.pot"):
        found = quantize(detector(), builders.images(4), ignored="/head.*", compress=False, self_check=False)
    quantizers = {
        node.get_friendly_name().split("/fq")[0]
        for node in found.get_ops()
        if node.get_type_name() == "FakeQuantize"
    }
    assert quantizers == {"/body.0/conv", "/body.1/conv"}
    assert "ignored.scope: '/head.*' matches 4 nodes, 2 of them layers" in caplog.text
