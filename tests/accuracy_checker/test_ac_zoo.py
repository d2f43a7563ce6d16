"""A real network, evaluated and quantized through a configuration over files."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ac_data import configuration
from PIL import Image

from builders import ZOO
from openvino.tools.pot import AccuracyAwareQuantization, create_pipeline, load_model
from openvino.tools.pot.engines.ac_engine import ACEngine
from openvino.tools.pot.graph.model_utils import get_nodes_by_type

SAMPLES = 200
pytestmark = pytest.mark.zoo


@pytest.fixture(scope="module")
def entry() -> Any:
    sys.path.insert(0, str(ZOO))
    import zoo  # type: ignore[import-not-found]

    return zoo.load("cifar_resnet20", ZOO)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first evaluation images as files, and a list of them with their labels."""
    found = tmp_path_factory.mktemp("cifar")
    with np.load(ZOO / "cifar_resnet20/data.npz") as data:
        stream, lengths, labels = data["eval_jpeg"].tobytes(), data["eval_len"], data["eval_y"]
    ends = np.cumsum(lengths)
    for number in range(SAMPLES):
        jpeg = stream[ends[number] - lengths[number] : ends[number]]
        Image.open(io.BytesIO(jpeg)).convert("RGB").save(found / f"{number:03d}.png")
    lines = [f"{number:03d}.png {labels[number]}\n" for number in range(SAMPLES)]
    (found / "val.txt").write_text("".join(lines), encoding="utf-8")
    return found


def config() -> dict[str, Any]:
    return configuration(
        "classification",
        {
            "name": "cifar",
            "data_source": ".",
            "annotation_conversion": {"converter": "imagenet", "annotation_file": "val.txt"},
            "preprocessing": [
                {"type": "bgr_to_rgb"},
                {"type": "normalization", "mean": "123.675, 116.28, 103.53", "std": [58.395, 57.12, 57.375]},
            ],
            "metrics": [{"name": "accuracy@top1", "type": "accuracy", "top_k": 1, "reference": 0.81}],
        },
    )


def test_the_figure_is_that_of_the_zoo(entry: Any, folder: Path) -> None:
    sys.path.insert(0, str(ZOO))
    import zoo

    found = create_pipeline([], ACEngine(config(), folder)).evaluate(load_model(str(entry.model)))
    assert found == {"accuracy@top1": entry.evaluate(zoo.openvino_infer(entry.model), SAMPLES)}


def test_accuracy_control_of_a_real_network(entry: Any, folder: Path) -> None:
    algorithm = AccuracyAwareQuantization(
        {"target_device": "CPU", "maximal_drop": 0.01}, ACEngine(config(), folder)
    )
    result = algorithm.run(load_model(str(entry.model)))
    assert algorithm.report is not None and algorithm.report.chosen is not None
    assert algorithm.report.chosen.met
    assert get_nodes_by_type(result, ["FakeQuantize"])
