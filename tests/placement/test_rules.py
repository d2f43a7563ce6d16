"""Rules: which layers they match, what they change, and what is said where they come to nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import openvino as ov
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openvino import opset13 as op

import builders
from openvino.tools.pot import MinMaxQuantization, load_model
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.configs.parameters import QuantizerParameters
from openvino.tools.pot.placement.plan import Plan
from openvino.tools.pot.utils.errors import ConfigError

Rules = Sequence[Mapping[str, Any]]
PER_TENSOR = {"granularity": "pertensor"}


def plan_with(network: ov.Model, *rules: Mapping[str, Any], **params: Any) -> Plan:
    return planned(load_model(network), [MinMaxQuantization({"rules": [*rules], **params})]).plan


def said(plan: Plan) -> dict[str, str]:
    """Quantizer -> what rules say of it, of those of which they say something."""
    quantizers = (*plan.activations, *plan.weights)
    return {each.name: each.said.text for each in quantizers if each.said.text}


def refusal(network: ov.Model, *rules: Mapping[str, Any], **params: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        plan_with(network, *rules, **params)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def attention() -> ov.Model:
    """Weights, a Softmax behind them, a product of it with the data, moved, and weights again."""
    x = builders.parameter([4, 16, 64])
    scores = op.matmul(x, op.constant(builders.weights((64, 16))), False, False, name="scores")
    chances = op.softmax(scores, 2, name="chances")
    mixed = op.matmul(chances, x, False, False, name="mixed")
    flat = op.reshape(mixed, op.constant([64, 64]), False, name="flat")
    return builders.model(
        op.matmul(flat, op.constant(builders.weights((64, 64))), False, False, name="last"), x
    )


def residual() -> ov.Model:
    """Three convolutions in a row; the second one's input is added to its output."""
    x = builders.parameter([1, 8, 16, 16])
    first = op.relu(builders.conv(x, 8, "a"), name="relu_a")
    second = op.relu(op.add(builders.conv(first, 8, "b", seed=1), first, name="sum"), name="relu_b")
    third = op.relu(builders.conv(second, 8, "c", seed=2), name="relu_c")
    return builders.model(op.reduce_mean(third, op.constant([2, 3]), name="mean"), x)


def shared() -> ov.Model:
    """Two convolutions that read the same data, and one that reads both of theirs, joined."""
    x = builders.parameter([1, 8, 16, 16])
    left, right = builders.conv(x, 8, "left"), builders.conv(x, 8, "right", seed=1)
    joined = op.concat([op.relu(left, name="l"), op.relu(right, name="r")], 1)
    return builders.model(builders.conv(joined, 4, "behind", seed=2), x)


@pytest.mark.parametrize(
    ("selector", "layers"),
    [
        ({"scope": ["b"]}, ["b"]),
        ({"scope": ["[ab]"]}, ["a", "b"]),
        ({"scope": ["re:a|c"]}, ["a", "c"]),
        ({"scope": ["*"]}, ["a", "b", "c"]),
        ({"operations": [{"type": "Convolution"}]}, ["a", "b", "c"]),
        ({"operations": [{"type": "Convolution", "attributes": {"strides": [1, 1]}}]}, ["a", "b", "c"]),
        ({"places": ["first convolution"]}, ["a"]),
        ({"places": ["last convolution"]}, ["c"]),
        ({"places": ["inputs"]}, ["a"]),
        ({"places": ["outputs"]}, ["c"]),
        ({"places": ["behind Parameter"]}, ["a"]),
        ({"places": ["behind Relu"]}, ["b", "c"]),
        ({"scope": ["a"], "places": ["last convolution"]}, ["a", "c"]),
    ],
    ids=str,
)
def test_layers_by_name_type_and_place(selector: dict[str, Any], layers: list[str]) -> None:
    plan = plan_with(residual(), {**selector, "weights": PER_TENSOR})
    assert said(plan) == {f"{name}/fq_weights_1": "granularity pertensor" for name in layers}
    assert {each.readers[0].node for each in plan.weights if not each.channel_axes} == {*layers}


def test_behind_a_type_means_the_input_that_comes_from_it() -> None:
    rule = {"places": ["behind Softmax"], "activations": {"mode": "asymmetric"}}
    assert said(plan_with(attention(), rule)) == {"mixed/fq_input_0": "mode asymmetric"}
    moved = {"places": ["behind MatMul"], "activations": {"mode": "symmetric"}}
    assert said(plan_with(attention(), moved)) == {"flat/fq_input_0": "mode symmetric"}


def test_later_rules_count_more_key_by_key() -> None:
    first = {"scope": ["*"], "activations": {"mode": "asymmetric", "bits": 8}, "weights": PER_TENSOR}
    second = {"scope": ["b"], "activations": {"mode": "symmetric"}}
    plan = plan_with(residual(), first, second)
    found = said(plan)
    assert found["b/fq_input_0"] == "bits 8, mode symmetric"
    assert found["c/fq_input_0"] == "bits 8, mode asymmetric"
    reasons = {each.name: each.reason for each in plan.activations}
    assert reasons["b/fq_input_0"].endswith("; rules[0]: bits 8, mode asymmetric; rules[1]: mode symmetric")
    assert "rules[1]" not in reasons["c/fq_input_0"]


settings = st.builds(
    QuantizerParameters,
    bits=st.sampled_from([None, 8]),
    mode=st.sampled_from([None, "symmetric", "asymmetric"]),
    granularity=st.sampled_from([None, "perchannel", "pertensor"]),
)


@given(settings, settings, settings)
def test_what_is_said_later_stands_over_what_was_said_before(
    a: QuantizerParameters, b: QuantizerParameters, c: QuantizerParameters
) -> None:
    assert c.over(b).over(a) == c.over(b.over(a))
    assert a.over(QuantizerParameters()) == QuantizerParameters().over(a) == a
    assert a.over(a) == a
    for key, value in b.over(a):
        assert value == (getattr(a, key) if getattr(b, key) is None else getattr(b, key))


def test_what_layers_share_is_as_a_rule_for_one_of_them_says(caplog: pytest.LogCaptureFixture) -> None:
    rule = {"scope": ["left"], "activations": {"mode": "symmetric"}}
    plan = plan_with(shared(), rule)
    assert said(plan) == {"left/fq_input_0": "mode symmetric"}
    assert "rules[0] counts for 'right' too, as they share quantizers with what it matches" in caplog.text
    assert plan.activations[0].readers == plan_with(shared()).activations[0].readers


def test_ranges_that_are_joined_stay_of_one_form() -> None:
    plan = plan_with(shared(), {"scope": ["behind"], "activations": {"mode": "symmetric"}})
    joined = [each for each in plan.activations if each.said.text]
    assert len(joined) == 2
    assert len({each.group for each in joined}) == 1


def test_matches_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    plan_with(residual(), {"scope": ["a", "b"], "weights": PER_TENSOR, "activations": {"bits": 8}})
    assert (
        "rules[0] matches 2 of 3 layers: 2 of 3 activations and 2 of 3 weights are as it says" in caplog.text
    )


def test_a_plan_without_rules_is_as_before() -> None:
    assert said(plan_with(residual())) == {}
    other = plan_with(residual(), {"scope": ["b"], "weights": PER_TENSOR})
    plain = plan_with(residual())
    assert other.layers == plain.layers
    assert other.activations == plain.activations
    assert [each for each in other.weights if not each.said.text] == [
        each for each in plain.weights if each.readers[0].node != "b"
    ]


NOTHING = "rules[0] matches no layer that runs in integers: "


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        ({"scope": ["relu_d"]}, "rules[0].scope: the model has no node 'relu_d'; did you mean 'relu_c'?"),
        ({"scope": ["relu_d*"]}, "rules[0].scope: the model has no node 'relu_d*'; did you mean 'relu_c'?"),
        ({"scope": ["re:x[0-9]"]}, "rules[0].scope: the model has no node 're:x[0-9]'"),
        (
            {"operations": [{"type": "Convolutoin"}]},
            f"{NOTHING}the model has no operation of type 'Convolutoin'; did you mean 'Convolution'?",
        ),
        (
            {"operations": [{"type": "Convolution", "attributes": {"strides": [2, 2]}}]},
            f"{NOTHING}the model has no operation of type 'Convolution' with attributes {{'strides': [2, 2]}}",
        ),
        ({"places": ["behind Rleu"]}, f"{NOTHING}no layer reads what a Rleu made; did you mean 'Relu'?"),
        ({"places": ["behind Softmax"]}, f"{NOTHING}no layer reads what a Softmax made"),
    ],
    ids=str,
)
def test_a_rule_that_matches_nothing_is_refused(selector: dict[str, Any], sentence: str) -> None:
    assert refusal(residual(), {**selector, "weights": PER_TENSOR}) == sentence


@pytest.mark.parametrize(
    "selector", [{"scope": ["c"]}, {"places": ["last convolution"]}, {"places": ["behind Relu"]}], ids=str
)
def test_a_rule_for_what_is_ignored_is_told_of(
    selector: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Searches leave layers in float one after the other, whatever rules there are for them."""
    plan = plan_with(residual(), {**selector, "weights": PER_TENSOR}, ignored={"scope": ["b", "c"]})
    assert said(plan) == {}
    why = (
        "no layer reads what a Relu made"
        if "Relu" in str(selector)
        else "Convolution 'c' stays in float: named in"
    )
    assert f"rules[0]: {why}" in caplog.text


def test_a_rule_for_layers_in_float_says_why_they_are() -> None:
    text = refusal(residual(), {"scope": ["relu_a"], "weights": PER_TENSOR})
    assert text.startswith(f"{NOTHING}Relu 'relu_a' stays in float: ")


def test_parts_of_a_rule_that_come_to_nothing_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    rule = {
        "scope": ["a", "relu_a"],
        "places": ["behind Softmax"],
        "activations": {"granularity": "perchannel"},
    }
    plan_with(residual(), rule)
    assert "rules[0]: Relu 'relu_a' stays in float" in caplog.text
    assert "rules[0]: no layer reads what a Softmax made" in caplog.text
    assert "rules[0]: CPU takes one range for each of 'x'" in caplog.text


def test_a_zero_point_that_the_device_fixes_stays_so(caplog: pytest.LogCaptureFixture) -> None:
    plan = plan_with(attention(), {"scope": ["mixed"], "activations": {"mode": "asymmetric"}})
    assert [each.symmetric for each in plan.activations if each.said.text] == [True, True]
    assert "rules[0]: the zero points of 'x', 'chances' stay fixed" in caplog.text


def test_rules_for_quantizers_that_layers_have_not(caplog: pytest.LogCaptureFixture) -> None:
    only = {"scope": ["mixed"], "weights": PER_TENSOR}
    assert refusal(attention(), only) == "rules[0]: the layers that it matches have no such quantizers: mixed"
    plan_with(attention(), {**only, "activations": {"bits": 8}})
    assert "rules[0].weights: the layers that it matches have no quantizers of these" in caplog.text


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"weights": PER_TENSOR}, "rules[0]: it names no layers, expected scope, operations or places"),
        ({"scope": ["a"]}, "rules[0]: it changes nothing, expected keys in weights or activations"),
        ({"scope": ["a"], "weights": {"bits": 4}}, "rules[0].weights.bits: input should be 8 or 16, found 4"),
        (
            {"scope": ["a"], "weights": {"bits": 16}},
            "rules[0].weights.bits: 16 bits are not supported on CPU, expected 8: it runs 8-bit operations",
        ),
        ({"scop": ["a"], "weights": PER_TENSOR}, "rules[0]: unknown parameter 'scop'; did you mean 'scope'?"),
        (
            {"places": ["last convolutions"], "weights": PER_TENSOR},
            "rules[0].places: expected 'first convolution', 'last convolution', 'inputs', 'outputs' or 'behind' and a "
            "type, found 'last convolutions'; did you mean 'last convolution'?",
        ),
        (
            {"scope": ["re:("], "weights": PER_TENSOR},
            "rules[0].scope: 're:(' is no regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
    ids=str,
)
def test_rules_that_are_wrong_by_themselves(rule: dict[str, Any], sentence: str) -> None:
    assert refusal(residual(), rule).removeprefix("MinMaxQuantization params: ") == sentence
