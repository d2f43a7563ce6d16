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


@pytest.mark.long
def test_a_data_source_beside_it_is_told_of_as_it_was_without_effect_in_pot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path)
    given = ("-m", "net.xml", "-w", "net.bin", "--ac-config", "checker.yml", "--data-source", "absent")
    found = pot(capsys, "-q", "default", *given, "-d")
    assert found.code == 0, found.err
    assert "--data-source: without effect, samples are those of checker.yml" in found.err


def test_metrics_that_are_asked_for_are_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path, metrics="metrics: [{type: accuracy}]")
    found = pot(capsys, "-c", config, "-e")
    assert (found.code, found.sentence) == (2, f"{WHY}; without --evaluate the images alone will do")
    assert not (tmp_path / "results").exists()
    assert pot(capsys, "-c", config).code == 0


def test_a_search_needs_a_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path, maximal_drop=0.1)
    found = pot(capsys, "-c", config)
    without = "set agreement to 'auto' to control agreement with the float model, which needs no labels"
    assert (found.code, found.sentence) == (2, f"{WHY}; {without}")


@pytest.mark.long
def test_a_search_by_agreement_needs_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(
        tmp_path, "yolo_v3", "metrics: [{type: accuracy}]", maximal_drop=0.5, agreement="fidelity"
    )
    found = pot(capsys, "-c", config, "-e")
    assert found.code == 0, found.err
    assert "fidelity, float model      : 1.0" in found.out
    given = (
        "-m",
        "net.xml",
        "--ac-config",
        "checker.yml",
        "--agreement",
        "fidelity",
        "--max-drop",
        "0.5",
        "-e",
    )
    same = pot(capsys, "-q", "accuracy_aware", *given)
    assert same.code == 0, same.err
    figures = [
        [line for line in each.out.splitlines() if line.startswith("fidelity")] for each in (found, same)
    ]
    assert figures[0] == figures[1]


def test_what_images_alone_would_not_mend_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path, metrics="preprocessing: [{type: flip}]", maximal_drop=0.1)
    sentence = pot(capsys, "-c", config).sentence
    assert "preprocessing[0].type: 'flip' is not built here" in sentence
    assert "agreement" not in sentence


@pytest.mark.parametrize("command", [(), ("plan",)])
def test_a_configuration_of_the_other_tool_is_told(
    command: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    config = prepared(tmp_path)
    assert pot(capsys, *command, "-c", "checker.yml").sentence == (
        "checker.yml is a configuration of Accuracy Checker, expected one of POT: "
        "pot -q default -m MODEL --ac-config checker.yml runs without one"
    )
    found = pot(capsys, "-q", "default", "-m", "net.xml", "--ac-config", config)
    assert found.sentence.endswith(
        "config.json: it is a configuration of POT, expected one of Accuracy Checker: pot -c FILE runs POT's"
    )


def test_metrics_that_are_there_count_and_not_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = "annotation_conversion: {converter: imagenet, annotation_file: labels.txt}, metrics: [accuracy]"
    config = prepared(tmp_path, metrics=labels, agreement="auto")
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    (tmp_path / "labels.txt").write_text("".join(f"{name} 0\n" for name in names), encoding="utf-8")
    found = pot(capsys, "-c", config)
    assert found.code == 2
    assert found.sentence.endswith(
        "agreement is for samples without labels, the configuration of accuracy_checker brings metrics"
    )


@pytest.mark.long
def test_labels_that_the_float_model_never_hits_are_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = "annotation_conversion: {converter: imagenet, annotation_file: labels.txt}, metrics: [accuracy]"
    config = prepared(tmp_path, metrics=labels)
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    (tmp_path / "labels.txt").write_text("".join(f"{name} 99\n" for name in names), encoding="utf-8")
    found = pot(capsys, "-c", config, "-e", "-d")
    assert found.code == 0, found.err
    assert "metric 'accuracy' of the float model is 0, and can't be lost" in found.err
