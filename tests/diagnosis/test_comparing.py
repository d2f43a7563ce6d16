"""Models side by side, and those between float and INT8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from openvino.tools import pot

import builders
from openvino.tools.pot import quantize
from openvino.tools.pot.diagnosis import compare, frontier
from openvino.tools.pot.diagnosis.answers import agreement, aligned
from openvino.tools.pot.diagnosis.comparing import Comparison
from openvino.tools.pot.diagnosis.frontiers import Frontier, chosen_counts, gains_of
from openvino.tools.pot.diagnosis.side_by_side import (
    comparison_as_markdown,
    comparison_as_text,
    frontier_as_markdown,
    frontier_as_text,
)
from openvino.tools.pot.report.columns import aligned as in_columns
from openvino.tools.pot.report.columns import plotted, short
from openvino.tools.pot.utils.errors import ConfigError, DataError, ModelError

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that say nothing, and cost nothing."""
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SLICE", 0.0)
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SECONDS", 0.0)


def classifier(seed: int = 0, name: str = "x") -> ov.Model:
    """A convolution, and scores of four classes."""
    x = builders.parameter([1, 3, 8, 8], name)
    pooled = op.reduce_mean(builders.conv(x, 4, "conv1", seed=seed), np.array([2, 3]), False)
    return builders.model(
        op.matmul(pooled, builders.weights((4, 4), seed + 1), False, False, name="scores"), x
    )


@pytest.fixture(scope="module")
def int8() -> ov.Model:
    return quantize(builders.network(), builders.images(4), self_check=False)


@pytest.fixture
def compared(int8: ov.Model) -> Comparison:
    return compare([builders.network(), int8, builders.network(seed=3)], builders.images(6))


def test_each_is_held_against_the_first(compared: Comparison) -> None:
    first, close, other = compared.models
    assert first.fidelity > close.fidelity > 25 > 10 > other.fidelity
    assert close.agreements[0].of == "values"
    assert close.agreements[0].share > other.agreements[0].share
    assert (first.int8_layers, close.int8_layers, close.layers) == (0, 2, 2)
    assert close.bytes < first.bytes
    assert all(each.seconds > 0 and each.per_second > 0 for each in compared.models)
    assert compared.samples == 6
    assert [output.name for output in close.outputs] == ["y"]


def test_it_is_plain_data_of_a_version(compared: Comparison) -> None:
    again = Comparison.model_validate_json(compared.model_dump_json())
    assert again == compared
    assert again.schema_version == 1


def test_the_same_model_twice_agrees_with_itself() -> None:
    first, second = compare([classifier(), classifier()], builders.images(5)).models
    assert second.fidelity > 40
    assert (second.agreements[0].of, second.agreement) == ("classes", 1.0)
    assert first.name != second.name


def test_models_of_files_are_called_as_these(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        ov.save_model(builders.network(), tmp_path / folder / "m.xml", compress_to_fp16=False)
    paths = [tmp_path / "a/m.xml", tmp_path / "b/m.xml"]
    found = compare(paths, builders.images(2))
    assert [each.name for each in found.models] == [str(path) for path in paths]
    assert [each.file for each in found.models] == [str(path) for path in paths]


def test_nodes_may_have_other_names() -> None:
    """Inputs and outputs are found by the names of their tensors, else outputs by their place."""
    other = builders.network()
    for node in (*other.get_parameters(), *other.get_results(), *other.get_ops()):
        node.set_friendly_name(f"other_{node.get_friendly_name()}")
    other.outputs[0].set_names({"something"})
    _, found = compare([builders.network(), other], builders.images(2)).models
    assert found.fidelity > 40


def test_outputs_are_told_apart_by_name() -> None:
    def two(turned: bool) -> ov.Model:
        x = builders.parameter([1, 3, 8, 8])
        made = builders.model([builders.conv(x, 4, "a"), builders.conv(x, 4, "b", seed=1)], x)
        return ov.Model(made.get_results()[::-1], made.get_parameters(), "turned") if turned else made

    _, found = compare([two(False), two(True)], builders.images(2)).models
    assert found.fidelity > 40


@pytest.mark.parametrize(
    ("shape", "name", "kind", "said"),
    [
        ([1, 3, 8, 8], "z", np.float32, "model 'b' has no input 'x', which 'a' has"),
        (
            [1, 3, 9, 8],
            "x",
            np.float32,
            r"input 'x' of model 'b' has shape \[1,3,9,8\], expected \[1,3,8,8\]",
        ),
        ([1, 3, 8, 8], "x", np.float16, "input 'x' of model 'b' is f16, expected f32 as in 'a'"),
    ],
)
def test_other_inputs_are_named(shape: list[int], name: str, kind: type, said: str) -> None:
    x = builders.parameter(shape, name, kind)
    with pytest.raises(ModelError, match=said):
        aligned(builders.network(), builders.model(op.relu(x), x), "a", "b")


def test_further_inputs_and_outputs_are_named() -> None:
    x, y = builders.parameter([1, 3, 8, 8]), builders.parameter([1], "more")
    with pytest.raises(ModelError, match="model 'b' has an input 'more', which 'a' does not have"):
        aligned(builders.network(), builders.model(op.add(x, y), x, y), "a", "b")
    with pytest.raises(ModelError, match="model 'b' has 2 outputs, expected 1 as 'a' has"):
        aligned(builders.network(), builders.model([op.relu(x), op.abs(x)], x), "a", "b")


def test_one_model_is_none_to_compare() -> None:
    with pytest.raises(ConfigError, match="expected two models at least"):
        compare([builders.network()], builders.images(2))
    with pytest.raises(DataError, match="at least one sample"):
        compare([builders.network(), builders.network()], [])


def test_large_outputs_are_compared_on_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openvino.tools.pot.diagnosis.answers._ROOM", 1.0)
    found = compare([builders.network(), builders.network()], builders.images(6))
    assert found.samples == 4
    assert found.notes[0] == "outputs were compared on 4 of 6 samples: they are large"


def test_what_counts_as_the_same() -> None:
    scores = [np.array([[1.0, 2.0, 3.0]], np.float32)] * 2
    turned = [np.array([[1.0, 2.0, 2.5]], np.float32), np.array([[5.0, 2.0, 2.5]], np.float32)]
    assert agreement(scores, turned) == ("classes", 0.5)
    values = [np.array([[[0.0, 1.0], [2.0, np.inf]]], np.float32)]
    moved = [np.array([[[0.001, 1.5], [2.0, np.inf]]], np.float32)]
    assert agreement(values, moved) == ("values", 0.75)
    whole = [np.array([1, 2, 3, 4])]
    assert agreement(whole, [np.array([1, 2, 3, 5])]) == ("values", 0.75)
    assert agreement(whole, [np.array([1, 2])]) == ("values", 0.0)


def test_tables_of_a_comparison(compared: Comparison) -> None:
    text = comparison_as_text(compared)
    assert max(map(len, text.splitlines())) <= 80
    assert "2 of 2" in text
    assert comparison_as_markdown(compared).splitlines()[2].startswith("| model | dB | same |")


@pytest.mark.parametrize(
    ("shares", "points", "counts"),
    [
        ([], 5, [0]),
        ([1.0], 5, [0]),
        ([0.9, 0.09, 0.009, 0.001], 3, [0, 1, 2]),  # 10 dB each, where two steps of 6 are wanted
        ([0.25] * 4, 5, [0, 1, 2, 3]),
        ([0.5, 0.25, 0.125, 0.0625, 0.0625], 3, [0, 2, 4]),
        ([0.0, 0.0, 0.0], 2, [0, 1]),
    ],
)
def test_points_are_even_in_decibels(shares: list[float], points: int, counts: list[int]) -> None:
    assert chosen_counts(gains_of(shares), points) == counts


def test_what_is_won_without_layers() -> None:
    assert gains_of([0.5, 0.25, 0.25]) == pytest.approx([0, 3.01, 6.02], abs=0.01)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Frontier:
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openvino.tools.pot.diagnosis.pace._SLICE", 0.0)
        patch.setattr("openvino.tools.pot.diagnosis.pace._SECONDS", 0.0)
        return frontier(
            builders.network(),
            builders.images(4),
            points=3,
            output_dir=folder,
            self_check=False,
            preset="mixed",
        )


def test_points_leave_more_and_more_in_float(stored: Frontier) -> None:
    full, partly = stored.points
    assert (full.in_float, full.model.int8_layers) == ((), 2)
    assert (len(partly.in_float), partly.model.int8_layers) == (1, 1)
    assert full.model.fidelity < partly.model.fidelity
    assert full.expected == full.model.fidelity < partly.expected
    assert full.model.bytes < partly.model.bytes < stored.original.bytes
    assert partly.config == {
        "self_check": False,
        "preset": "mixed",
        "ignored": {"scope": list(partly.in_float)},
    }


def test_points_are_files_that_were_measured(stored: Frontier) -> None:
    for point in stored.points:
        found = ov.Core().read_model(point.model.file)
        assert len(found.inputs) == 1
    assert [Path(point.model.file).name for point in stored.points] == [
        "tiny_int8.xml",
        "tiny_1_in_float.xml",
    ]


def test_tables_of_a_frontier(stored: Frontier) -> None:
    text = frontier_as_text(stored)
    long = [line for line in text.splitlines() if len(line) > 80]
    assert all(line.startswith("stored ") for line in long)
    for part in ("all that can be in INT8", f"in float: {stored.points[1].in_float[0]}", "expected"):
        assert part in text
    assert "| F | float |" in frontier_as_markdown(stored)
    assert Frontier.model_validate_json(stored.model_dump_json()) == stored


def test_a_scope_that_is_given_stays() -> None:
    found = frontier(
        builders.network(), builders.images(2), points=4, ignored={"scope": ["conv1"]}, self_check=False
    )
    assert [point.model.int8_layers for point in found.points] == [1]


def test_a_network_of_which_nothing_is_quantized() -> None:
    x = builders.parameter([1, 3, 8, 8])
    found = frontier(builders.model(op.relu(x), x), builders.images(2))
    assert len(found.points) == 1
    assert found.notes == ("no layer of the model is quantized: there is nothing to leave in float",)


@pytest.mark.parametrize("points", [1, 0, 2.5, True, "5"])
def test_what_is_no_number_of_points(points: object) -> None:
    with pytest.raises(ConfigError, match="expected a number of models, 2 at least"):
        frontier(builders.network(), builders.images(2), points)  # type: ignore[arg-type]


def test_columns_and_plots() -> None:
    assert list(in_columns(("a", "b"), [("long", "1"), ("x", "22")])) == ["a      b", "long   1", "x     22"]
    assert (short("a/b/c/d", 6), short("a/b", 6)) == ("...c/d", "a/b")
    lines = list(plotted([(1.0, 10.0, "A"), (2.0, 20.0, "B")], "ms", "dB", 10, 3))
    assert lines == [
        "dB",
        "      20 |         B",
        "         |",
        "      10 |A",
        "         +----------",
        "          1     2 ms",
    ]
    assert len(list(plotted([(1.0, 1.0, "A")], "ms", "dB"))) == 15


def test_what_is_masked_has_no_share() -> None:
    """The error of a layer counts where tokens are valid: here those of one layer are all masked."""
    ids, mask = builders.parameter([1, 4, 8], "ids"), builders.parameter([1, 4], "attention_mask")
    early = np.zeros((1, 4, 1), np.float32)
    early[:, :2] = 1
    first = op.multiply(op.matmul(ids, builders.weights((8, 8)), False, False, name="read"), early)
    second = op.multiply(
        op.matmul(ids, builders.weights((8, 8), 1, 9.0), False, False, name="masked"), 1 - early
    )
    kept = op.multiply(op.reduce_sum(mask, np.array([1]), False), np.float32(0))
    network = builders.model(op.add(op.add(first, second), kept), ids, mask)
    random = np.random.default_rng(0)
    valid = np.array([[1, 1, 0, 0]], np.float32)
    data = [
        {"ids": random.standard_normal((1, 4, 8)).astype(np.float32), "attention_mask": valid}
        for _ in range(4)
    ]
    found = frontier(network, data, points=2, self_check=False)
    assert found.points[1].in_float == ("read",)


def test_what_compares_is_found_where_diagnose_is() -> None:
    assert pot.compare is compare and {"compare", "frontier", "diagnose", "verify"} <= {*pot.__all__}
