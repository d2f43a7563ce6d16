"""``pot -c`` with configurations of Accuracy Checker whose metrics can't be computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openvino as ov
import pytest
from commands import pot, write_images

import builders

CHECKER = """\
models:
  - name: net
    launchers: [{framework: dlsdk, device: CPU, adapter: ADAPTER}]
    datasets: [{name: people, data_source: images, METRICS}]
"""
WHY = (
    "checker.yml: models[0].datasets[0].annotation_conversion: it is missing, and converted annotations (.pickle) "
    "are not read"
)


def prepared(tmp_path: Path, adapter: str = "classification", metrics: str = "", **params: Any) -> Path:
    write_images(tmp_path / "images", 4)
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    text = CHECKER.replace("ADAPTER", adapter).replace("METRICS", metrics)
    (tmp_path / "checker.yml").write_text(text)
    name = "AccuracyAwareQuantization" if params else "DefaultQuantization"
    config = {
        "model": {"model_name": "net", "model": "net.xml", "weights": "net.bin"},
        "engine": {"config": "checker.yml"},
        "compression": {"algorithms": [{"name": name, "params": params}]},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path / "config.json"


@pytest.mark.parametrize("adapter", ["classification", "yolo_v3", "{type: yolo_v3, classes: 80}"])
@pytest.mark.long
def test_images_are_enough(
    adapter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = pot(capsys, "-c", prepared(tmp_path, adapter), "-d", "-e")
    assert found.code == 0, found.err
    assert (tmp_path / "results" / "optimized" / "net.xml").is_file()
    assert "dB over noise" in found.out


def test_metrics_that_are_asked_for_are_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path, metrics="metrics: [{type: accuracy}]")
    found = pot(capsys, "-c", config, "-e")
    assert (found.code, found.sentence) == (2, WHY)
    assert not (tmp_path / "results").exists()
    assert pot(capsys, "-c", config).code == 0


def test_a_search_needs_a_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path, maximal_drop=0.1)
    found = pot(capsys, "-c", config)
    assert (found.code, found.sentence) == (2, WHY)
