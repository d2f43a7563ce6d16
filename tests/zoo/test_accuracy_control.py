"""AccuracyAwareQuantization on a real network whose accuracy is to be kept."""

from __future__ import annotations

from typing import Any

from zoo_runs import zoo

from openvino.tools.pot import AccuracyAwareQuantization, DataLoader, IEEngine, Metric, load_model
from openvino.tools.pot.graph.model_utils import get_nodes_by_type

SAMPLES, DROP = 145, 0.0135


class Feeds(DataLoader):
    """Evaluation samples, read once and annotated with their indices."""

    def __init__(self, feeds: Any) -> None:
        super().__init__()
        self._feeds = [feeds[index] for index in range(SAMPLES)]

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> Any:
        return self._feeds[index], index


class Score(Metric):
    """What the zoo says of all outputs together."""

    def __init__(self, score: Any) -> None:
        self._score = score
        super().__init__()

    @property
    def avg_value(self) -> dict[str, float]:
        return {"f1": self._score(self._outputs, len(self._outputs))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        assert target == [len(self._outputs)]  # updates come in the order of the samples
        self._outputs.append(output)

    def reset(self) -> None:
        self._outputs: list[Any] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        return {"f1": {"direction": "higher-better", "type": "detection"}}


def test_a_detector_keeps_its_score_with_most_layers_in_int8() -> None:
    network = zoo().load("face_ultraface_rfb")
    engine = IEEngine({"device": "CPU"}, Feeds(network.evaluation), Score(network.score))
    parameters = {"target_device": "CPU", "maximal_drop": DROP}
    algorithm = AccuracyAwareQuantization(parameters, engine)
    result = algorithm.run(load_model(network.model))
    report = algorithm.report
    assert report is not None and report.chosen is not None
    assert report.steps[0].drop > DROP
    assert report.chosen.met
    assert len(report.chosen.floats) < 0.4 * len(report.layers)
    assert len(report.steps) < 30
    assert get_nodes_by_type(result, ["FakeQuantize"])
