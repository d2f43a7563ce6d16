"""Where a quantized model is held against the float one, and on which inferences."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from openvino.tools.pot.graph.parts import WHOLE
from openvino.tools.pot.graph.tensors import InputId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import WITNESSED, Watched, Witness, watched_inputs


def dense(value: Any, name: str) -> ov.Node:
    node: ov.Node = op.matmul(value, op.constant(np.eye(4, dtype=np.float32)), False, False, name=name)
    return node


def watched(*ends: Any, x: ov.Node) -> tuple[list[tuple[str, int]], list[str]]:
    results = [op.result(end, name=f"result_{number}") for number, end in enumerate(ends)]
    found = watched_inputs(GraphView(ov.Model(results, [x])))
    return [(place.node, place.port) for place in found.ordered], [place.node for place in found.behind]


def test_results_are_watched_but_behind_a_choice_what_it_is_made_of() -> None:
    x = op.parameter([1, 4], np.float32, name="x")
    best = op.topk(dense(x, "scores"), op.constant(np.int64(2)), 1, "max", "value", name="best")
    assert watched(dense(x, "plain"), x=x) == ([("result_0", 0)], [])
    assert watched(best.output(1), x=x) == ([("best", 0)], [])


def test_results_are_watched_in_the_order_of_the_outputs() -> None:
    x = op.parameter([1, 4], np.float32, name="x")
    early, late = dense(x, "early"), dense(op.relu(dense(x, "middle")), "late")
    assert watched(late, early, x=x) == ([("result_0", 0), ("result_1", 0)], [])


def test_sorted_values_are_compared_as_others_are() -> None:
    x = op.parameter([1, 4], np.float32, name="x")
    best = op.topk(x, op.constant(np.int64(4)), 1, "max", "value", name="best")
    assert watched(dense(best.output(0), "layer"), x=x) == ([("result_0", 0)], [])


def test_layers_behind_a_choice_are_watched_apart() -> None:
    x = op.parameter([1, 4], np.float32, name="x")
    best = op.topk(dense(x, "scores"), op.constant(np.int64(4)), 1, "max", "value", name="best")
    rows = op.unsqueeze(op.gather(x, best.output(1), op.constant(np.int64(1))), op.constant(np.array([0])))
    chosen = op.reshape(rows, op.constant(np.array([1, 4])), False)
    assert watched(chosen, x=x) == ([("best", 0)], [])
    assert watched(dense(chosen, "head"), x=x) == ([("best", 0)], ["result_0"])


def noted(samples: list[object]) -> Witness:
    witness = Witness(Watched(ordered=watched_inputs(GraphView(builder())).ordered))
    for number, sample in enumerate(samples):
        witness.note_feed({"x": np.full((1, 4), number)}, sample=sample)
        witness.note_values([np.full((1, 4), number)])
    return witness


def builder() -> ov.Model:
    x = op.parameter([1, 4], np.float32, name="x")
    return ov.Model([op.result(dense(x, "layer"))], [x])


def test_the_first_samples_are_kept() -> None:
    assert len(noted([None] * 20)) == noted([None] * 20).samples == WITNESSED


def test_all_parts_of_the_first_samples_are_kept() -> None:
    parts = [object() for _ in range(10)]
    witness = noted([part for part in parts for _ in range(3)])
    assert (len(witness), witness.samples) == (3 * WITNESSED, WITNESSED)
    assert [int(values[0][0, 0]) for values in witness.values] == list(range(3 * WITNESSED))


def test_of_samples_of_many_parts_the_first_parts_are_kept() -> None:
    whole = object()
    witness = noted([whole] * 100)
    assert (len(witness), witness.samples) == (4 * WITNESSED, 1)


def test_samples_that_take_turns_are_kept_with_their_later_parts() -> None:
    """What comes of an inference belongs to its feed, though others in between are not kept."""
    witness, lanes = Witness(Watched((InputId("result", 0),))), [object() for _ in range(WITNESSED + 2)]
    for turn in range(3):
        for number, lane in enumerate(lanes):
            witness.note_feed({"x": np.array([turn, number])}, sample=lane)
            witness.note_values([np.array([turn, number])])
    assert witness.samples == WITNESSED and len(witness) == 3 * WITNESSED
    for feed, values in zip(witness.feeds, witness.values, strict=True):
        np.testing.assert_array_equal(feed["x"], values[0])
    assert {int(feed["x"][0]) for feed in witness.feeds} == {0, 1, 2}


def test_what_was_kept_before_parts_were_known_is_compared_as_a_whole() -> None:
    assert Watched((InputId("first", 0), InputId("second", 0))).joined == ((WHOLE,), (WHOLE,))
