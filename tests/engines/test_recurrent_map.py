"""`recurrent_out_in_map`: outputs are inputs of the next time step, in evaluation, hooks and accuracy control."""

from __future__ import annotations

from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op
from recurrent_runs import (
    INPUTS,
    ITEMS,
    LENGTHS,
    MAP,
    NETWORK,
    STATES,
    by_hand,
    check_answers,
    engine,
    extremes,
    sample,
    updates,
)

import builders
from openvino.tools.pot import IEEngine, Metric, create_pipeline, load_model
from openvino.tools.pot.engines import probes
from openvino.tools.pot.utils.errors import EngineError


def test_outputs_are_those_of_a_loop_by_hand() -> None:
    seen = updates(engine())
    check_answers(seen, [data for data, _, _ in ITEMS])
    assert np.abs(by_hand(ITEMS[2][0])[-1][0]).max() > 0.5  # states matter


def test_each_update_tells_its_sample_and_its_step() -> None:
    expected = [
        (
            [label],
            [{**metadata, "_batch_id": index, "_cur_time_step": number, "_max_time_step": len(data["x"])}],
        )
        for index, (data, label, metadata) in enumerate(ITEMS)
        for number in range(len(data["x"]))
    ]
    assert [update[1:] for update in updates(engine())] == expected
    assert ITEMS[0][2] == {"file": "0.wav"}  # the user's own is left alone


def test_metadata_keeps_its_kind() -> None:
    class Facts(dict[str, Any]):
        pass

    own = Facts(file="a")
    seen = updates(engine([(sample(0, 2), 0, own)]))
    assert [type(update[2][0]) for update in seen] == [Facts] * 2
    assert [update[2][0]["_cur_time_step"] for update in seen] == [0, 1]
    assert own == {"file": "a"}


def test_the_older_order_of_items() -> None:
    older = [((index, label), data, metadata) for index, (data, label, metadata) in enumerate(ITEMS)]
    check_answers(updates(engine(older)), [data for data, _, _ in ITEMS])


@pytest.mark.parametrize("output", ["next", "y1", "mixed"])
@pytest.mark.parametrize("name", ["h", "state"])
def test_any_name_of_an_output_and_of_an_input(output: str, name: str) -> None:
    items = [({"x": data["x"], name: data["h"]}, 0) for data, _, _ in ITEMS]
    check_answers(updates(engine(items, {output: name})), [data for data, _, _ in ITEMS])


@pytest.mark.long
def test_the_name_of_a_node_finds_the_output_of_the_quantized_model_too() -> None:
    own = engine(out_in={"mixed": "h"})
    compressed = create_pipeline([{"name": "DefaultQuantization", "params": {}}], own).run(
        load_model(NETWORK)
    )
    own.set_model(compressed)
    own.predict()
    expected = [step for data, _, _ in ITEMS for step in by_hand(data)]
    noise = [update[0][1] - after for update, (_, _, after) in zip(own.metric.updates, expected, strict=True)]
    assert 0 < np.abs(noise).max() < 0.2 * np.abs([after for _, _, after in expected]).max()


def test_an_array_in_place_of_none_begins_anew() -> None:
    data = sample(3, 6)
    data["h"][3] = np.full((1, STATES), 2.0)
    check_answers(updates(engine([(data, 0)])), [data])


def test_arrays_of_all_forms() -> None:
    data = sample(4, 3)
    loose = {
        "x": tuple(x[0].astype(np.float64) for x in data["x"]),
        "h": [data["h"][0][0].tolist(), None, None],
    }
    check_answers(updates(engine([(loose, 0)])), [data])


def test_a_loader_may_use_one_buffer_for_all_samples() -> None:
    buffers = [np.empty((1, INPUTS), np.float32) for _ in range(3)]

    class Reuses(builders.Items):
        def __getitem__(self, index: int) -> Any:
            for buffer, x in zip(buffers, sample(index, 3)["x"], strict=True):
                buffer[:] = x
            return {"x": buffers, "h": [np.zeros((1, STATES)), None, None]}, 0

    check_answers(updates(engine(Reuses([None] * 8))), [sample(seed, 3) for seed in range(8)])


class FillsHalf(IEEngine):
    """Halves what is taken in; the state comes from the model, whatever the hook makes of its stand-in."""

    keys: Any = ("x", "h")

    def _fill_input(self, model: Any, image_batch: list[Any]) -> Any:
        (arrays,) = image_batch
        assert arrays["h"].shape == (1, STATES)
        first = arrays["h"] if self.first else np.full_like(arrays["h"], 9)
        self.first = False
        return {self.keys[0]: arrays["x"] / 2, self.keys[1]: first}

    def _process_batch(self, batch: Any) -> Any:
        self.first = True
        return super()._process_batch(batch)


@pytest.mark.parametrize("keys", [("x", "h"), ("x", "state"), (0, 1)])
def test_fill_input_is_called_at_each_step(keys: Any) -> None:
    kind = type("Fills", (FillsHalf,), {"keys": keys})
    halved = [{"x": [x / 2 for x in data["x"]], "h": data["h"]} for data, _, _ in ITEMS]
    check_answers(updates(engine(kind=kind)), halved)
    assert extremes(engine(kind=kind)) == extremes(engine([(data, 0) for data in halved]))


def test_process_batch_sees_the_whole_sample() -> None:
    class Doubles(IEEngine):
        def _process_batch(self, batch: Any) -> Any:
            annotations, (data,), metadata = super()._process_batch(batch)
            return annotations, [{**data, "x": [2 * x for x in data["x"]]}], metadata

    doubled = [{"x": [2 * x for x in data["x"]], "h": data["h"]} for data, _, _ in ITEMS]
    check_answers(updates(engine(kind=Doubles)), doubled)


def test_postprocess_output_may_change_outputs() -> None:
    class Spoils(IEEngine):
        def postprocess_output(self, outputs: dict[str, Any], metadata: Any) -> Any:
            found = [outputs["y"].copy(), outputs["next"].copy()]
            outputs["next"] *= 0
            return found

    check_answers(updates(engine(kind=Spoils)), [data for data, _, _ in ITEMS])


def test_values_per_sample_are_those_of_each_step() -> None:
    own = engine()
    own.set_model(load_model(NETWORK))
    (records, _), _ = own.predict(metric_per_sample=True)
    assert [record["sample_id"] for record in records] == [s for s, n in enumerate(LENGTHS) for _ in range(n)]
    assert [record["result"] for record in records] == own.metric.sums
    assert own.values_so_far == records


def test_a_state_may_grow() -> None:
    x, past = builders.parameter([1, 2], "x"), builders.parameter(ov.PartialShape([-1, 2]), "past")
    longer = op.concat([past, x], 0, name="longer")
    growing = builders.model([op.reduce_sum(longer, op.constant([0, 1]), name="sum"), longer], x, past)
    data = {"x": list(np.ones((5, 1, 2))), "past": [np.zeros((0, 2)), None, None, None, None]}
    own = engine([(data, 0), (data, 0)], {"longer": "past"})
    assert [float(update[0][0]) for update in updates(own, growing)] == [2, 4, 6, 8, 10] * 2


def test_two_inputs_may_get_one_output() -> None:
    x, a, b = (builders.parameter([1, 2], name) for name in "xab")
    total = op.add(op.add(a, b), x, name="total")
    both = builders.model([total], x, a, b)
    zeros = [np.zeros((1, 2)), None, None]
    own = engine([({"x": list(np.ones((3, 1, 2))), "a": zeros, "b": zeros}, 0)], {"y": "a", "total": "b"})
    assert [float(update[0][0][0, 0]) for update in updates(own, both)] == [1, 3, 7]


class Agrees(Metric):
    """The share of steps with the class in the annotation."""

    def __init__(self) -> None:
        self.hits: list[float] = []
        super().__init__()

    avg_value = property(lambda self: {"accuracy": float(np.mean(self.hits))})  # type: ignore[assignment]
    value = property(lambda self: {"accuracy": self.hits[-1:]})  # type: ignore[assignment]

    def update(self, output: Any, target: Any, metadata: Any) -> None:  # type: ignore[override]
        self.hits.append(float(output[0].argmax() == target[0][metadata[0]["_cur_time_step"]]))

    def reset(self) -> None:
        self.hits = []

    def get_attributes(self) -> Any:
        return {"accuracy": {"direction": "higher-better", "type": "accuracy"}}


def told(count: int, length: int) -> list[Any]:
    """Samples with the classes that the network finds at each step."""
    samples = [sample(seed, length + seed % 3) for seed in range(count)]
    return [(data, [int(y.argmax()) for _, y, _ in by_hand(data)]) for data in samples]


def controlled(params: dict[str, Any]) -> tuple[Any, Any]:
    own = IEEngine({"recurrent_out_in_map": MAP}, builders.Items(told(30, 6)), Agrees())
    pipeline = create_pipeline([{"name": "AccuracyAwareQuantization", "params": params}], own)
    return pipeline.run(load_model(NETWORK)), pipeline.algo_seq[0].report


@pytest.mark.long
def test_accuracy_control_ranks_layers_with_the_states_of_the_float_model() -> None:
    """No drop is allowed, so that layers are ranked and put back to float until every step is right."""
    found, report = controlled(
        {"maximal_drop": 0.0, "preset": "performance", "range_estimator": {"preset": "default"}}
    )
    assert report.baseline == {"accuracy": 1.0}
    assert report.steps[0].metrics["accuracy"] < 1.0
    assert {layer.node for layer in report.layers} == {"read", "taken", "tell"}
    assert all(layer.share > 0 for layer in report.layers)
    own = IEEngine({"recurrent_out_in_map": MAP}, builders.Items(told(30, 6)), Agrees())
    own.set_model(found)
    assert own.predict()[0] == report.chosen.metrics


def test_a_feed_of_a_sample_is_that_of_one_of_its_steps() -> None:
    own, model = engine(), load_model(NETWORK)
    found = list(probes.feeds(own, model, [2, 4, 0]))
    for feed, (index, number) in zip(found, [(2, 1), (4, 4), (0, 3)], strict=True):
        data = ITEMS[index][0]
        np.testing.assert_array_equal(feed["x"], data["x"][number])
        np.testing.assert_allclose(feed["h"], by_hand(data)[number][0], rtol=1e-4, atol=1e-5)


def test_annotations_by_predictions_are_refused_before_anything_is_measured() -> None:
    own = engine()
    pipeline = create_pipeline(
        [{"name": "AccuracyAwareQuantization", "params": {"annotation_free": True}}], own
    )
    with pytest.raises(EngineError, match=r"\(annotation_free\) are not supported with recurrent_out_in_map"):
        pipeline.run(load_model(NETWORK))
    assert own.metric.updates == []
