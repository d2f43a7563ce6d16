"""Configurations without labels, with metrics that are not built, and with definitions from elsewhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ac_data import classification, picture, write_images

import builders
from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.accuracy_checker.engine import ACEngine
from openvino.tools.pot.graph.model_utils import get_nodes_by_type
from openvino.tools.pot.utils.errors import ConfigError

Change = Callable[[dict[str, Any]], Any]


def launcher(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["models"][0]["launchers"][0]
    return found


def dataset(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["models"][0]["datasets"][0]
    return found


def without_labels(config: dict[str, Any]) -> None:
    for key in ("annotation_conversion", "metrics"):
        dataset(config).pop(key)


WITHOUT_LABELS: dict[str, Change] = {
    "no annotation": without_labels,
    "no adapter either": lambda config: (without_labels(config), launcher(config).pop("adapter")),
    "no annotation, an adapter that does not fit": lambda config: (
        without_labels(config),
        launcher(config).update(adapter="yolo_v3"),
    ),
    "converted annotations": lambda config: (without_labels(config), dataset(config).update(annotation="a.pickle")),
    "a converter that is not built": lambda config: dataset(config).update(
        annotation_conversion={"converter": "wider", "annotation_file": "a.txt"}
    ),
    "a metric that is not built": lambda config: dataset(config).update(metrics=[{"type": "wer"}]),
    "an adapter that is not built": lambda config: launcher(config).update(adapter={"type": "yolo_v3", "classes": 1}),
    "a postprocessing that is not built": lambda config: dataset(config).update(
        postprocessing=[{"type": "filter", "apply_to": "all"}]
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("case", WITHOUT_LABELS)
def test_images_alone_quantize_as_labelled_ones_do(case: str, tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1, 2, 0])
    algorithm = {"name": "DefaultQuantization", "params": {"preset": "mixed"}}
    expected = create_pipeline([algorithm], ACEngine(config, tmp_path)).run(load_model(builders.network()))
    WITHOUT_LABELS[case](config)
    engine = ACEngine(config, tmp_path)
    assert engine.metric is None
    found = create_pipeline([algorithm], engine).run(load_model(builders.network()))
    assert builders.stored(found)[1] == builders.stored(expected)[1]
    assert get_nodes_by_type(found, ["FakeQuantize"])


@pytest.mark.parametrize("source", ["images", "images/*.png", "list.txt"])
def test_images_may_be_named_in_all_ways(source: str, tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1, 2])
    (tmp_path / "list.txt").write_text("images/0.png\nimages/1.png\nimages/2.png\n", encoding="utf-8")
    without_labels(config)
    dataset(config).update(data_source=source, reader="pillow_imread")
    loader = ACEngine(config, tmp_path).data_loader
    assert [loader[index][2].name for index in range(len(loader))] == [
        str(tmp_path / "images" / f"{index}.png") for index in range(3)
    ]


def test_what_labels_need_is_refused_by_name_where_they_are_asked_for(tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1])
    dataset(config).update(metrics=["wer"])
    with pytest.raises(ConfigError, match="'wer' is not built here"):
        ACEngine(config, tmp_path, labelled=True)
    without_labels(config)
    with pytest.raises(ConfigError, match="annotation_conversion: it is missing"):
        ACEngine(config, tmp_path, labelled=True)


def test_slips_are_no_reason_to_go_without_labels(tmp_path: Path) -> None:
    config = classification(tmp_path, [0, 1])
    dataset(config).update(metrics=["acuracy"])
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        ACEngine(config, tmp_path)
    dataset(config).update(metrics=["accuracy"], preprocessing=["flip"])
    with pytest.raises(ConfigError, match="'flip' is not built here"):
        ACEngine(config, tmp_path)  # it shapes what the model is fed


def test_going_without_labels_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = classification(tmp_path, [0, 1])
    dataset(config).update(metrics=["wer"])
    with caplog.at_level(logging.WARNING):
        ACEngine(config, tmp_path)
    (record,) = caplog.records
    assert "'wer' is not built here" in record.message
    assert record.message.endswith(": no metric is computed")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A file of definitions with a dataset, whose images and annotations lie in ``data``."""
    write_images(tmp_path / "data/pictures", {f"{n}.png": picture(n) for n in range(3)})
    (tmp_path / "data/val.txt").write_text("0.png 0\n1.png 1\n2.png 2\n", encoding="utf-8")
    defined = {
        "name": "numbers",
        "data_source": "pictures",
        "annotation_conversion": {"converter": "imagenet", "annotation_file": "val.txt"},
        "metrics": ["accuracy"],
        "preprocessing": [{"type": "resize", "size": 4}],
    }
    (tmp_path / "definitions.yml").write_text(json.dumps({"datasets": [defined]}), encoding="utf-8")
    return tmp_path


def defined_elsewhere() -> dict[str, Any]:
    config = {"framework": "openvino", "device": "CPU", "adapter": "classification"}
    own = {"name": "numbers", "preprocessing": [{"type": "resize", "size": 8}]}
    return {"models": [{"name": "tiny", "launchers": [config], "datasets": [own]}]}


def test_definitions_and_folders_in_the_environment(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFINITIONS_FILE", str(elsewhere / "definitions.yml"))
    monkeypatch.setenv("DATA_DIR", str(elsewhere / "data"))
    engine = ACEngine(defined_elsewhere(), elsewhere / "nowhere")
    assert [engine.data_loader[index][1] for index in range(3)] == [0, 1, 2]
    assert np.shape(engine.data_loader[0][0]) == (8, 8, 3)  # what the configuration says itself counts
    assert list(engine.get_metrics_attributes()) == ["accuracy"]


def test_definitions_that_the_configuration_names(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(elsewhere / "data"))
    config = {**defined_elsewhere(), "global_definitions": "definitions.yml"}
    assert len(ACEngine(config, elsewhere).data_loader) == 3
    (elsewhere / "definitions.yml").write_text("datasets: 3", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"definitions '.*definitions.yml': datasets: expected a list"):
        ACEngine(config, elsewhere)


def test_meta_files_in_the_folder_of_annotations(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "meta").mkdir()
    (elsewhere / "meta/m.json").write_text(json.dumps({"label_map": 3}), encoding="utf-8")
    monkeypatch.setenv("DATA_DIR", str(elsewhere / "data"))
    monkeypatch.setenv("ANNOTATIONS_DIR", str(elsewhere / "meta"))
    config = {**defined_elsewhere(), "global_definitions": "definitions.yml"}
    dataset(config)["dataset_meta"] = "m.json"
    with pytest.raises(ConfigError, match=r"m\.json"):  # it is read, and holds nothing of use
        ACEngine(config, elsewhere)
