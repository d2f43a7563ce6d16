"""What folders of other tools are told by, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from exported import (
    OF_MODEL_API,
    classifier,
    encoder,
    of_anomalib,
    of_geti,
    of_optimum,
    of_ultralytics,
    onnx_of_ultralytics,
    save,
)

import builders
from openvino.tools.pot.adoption.families import found_in
from openvino.tools.pot.adoption.texts import read_texts, samples
from openvino.tools.pot.adoption.writing import check_target
from openvino.tools.pot.utils.errors import ConfigError


@pytest.mark.parametrize(
    ("made", "family", "network", "target", "opens"),
    [
        (
            of_ultralytics,
            "Ultralytics",
            "yolo11n.xml",
            "a_int8_openvino_model",
            'ultralytics.YOLO("t", task="detect")',
        ),
        (
            of_geti,
            "Geti",
            "deployment/Classification task/model/model.xml",
            "a_openvino_model_int8",
            'geti_sdk.deployment.Deployment.from_folder("t")',
        ),
        (
            of_anomalib,
            "Anomalib",
            "model.xml",
            "a_openvino_model_int8",
            'anomalib.deploy.OpenVINOInferencer("t/model.xml", metadata="t/metadata.json")',
        ),
        (
            lambda folder: of_anomalib(folder, thresholds=False),
            "Anomalib",
            "model.xml",
            "a_openvino_model_int8",
            'anomalib.deploy.OpenVINOInferencer("t/model.xml")',
        ),
        (
            lambda folder: save(classifier(OF_MODEL_API), folder, "exported_model"),
            "Model API",
            "exported_model.xml",
            "a_openvino_model_int8",
            'model_api.models.Model.create_model("t/exported_model.xml")',
        ),
        (
            of_optimum,
            "Optimum",
            "openvino_model.xml",
            "a_openvino_model_int8",
            'optimum.intel.OVModelForFeatureExtraction.from_pretrained("t")',
        ),
    ],
)
def test_each_family_is_told_by_what_its_own_loader_reads(
    tmp_path: Path, made: Callable[[Path], Path], family: str, network: str, target: str, opens: str
) -> None:
    found = found_in(made(tmp_path / "a_openvino_model"))
    assert (found.family, found.network.as_posix(), found.target) == (family, network, target)
    assert found.line(Path("t")) == opens


def test_an_onnx_file_of_ultralytics_becomes_a_folder_that_says_the_same_of_itself(tmp_path: Path) -> None:
    found = found_in(onnx_of_ultralytics(tmp_path / "yolo.onnx"))
    assert (found.family, found.target, found.alone) == ("Ultralytics", "yolo_int8_openvino_model", True)
    (tmp_path / "metadata.yaml").write_text(found.adds["metadata.yaml"])
    from openvino.tools.pot.configs.files import read_mapping

    read = read_mapping(tmp_path / "metadata.yaml")
    assert read["names"] == {0: "person", 1: "driver's car"}
    assert (read["imgsz"], read["stride"], read["version"]) == ([8, 8], 8, "8.2.1")


@pytest.mark.parametrize(
    ("architecture", "opened"),
    [
        ("BertForSequenceClassification", "OVModelForSequenceClassification"),
        ("ViTForImageClassification", "OVModelForImageClassification"),
        ("LlamaForCausalLM", "OVModelForCausalLM"),
        ("GPT2LMHeadModel", "OVModelForCausalLM"),
    ],
)
def test_the_class_that_opens_a_folder_of_optimum(tmp_path: Path, architecture: str, opened: str) -> None:
    found = found_in(of_optimum(tmp_path, architectures=[architecture]))
    assert found.opens == f'optimum.intel.{opened}.from_pretrained("{{folder}}")'
    assert found.generates == (opened == "OVModelForCausalLM")


def test_folders_that_are_none_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"folder '.*nowhere' does not exist"):
        found_in(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="is no export that is known: expected one of Ultralytics, Geti"):
        found_in(tmp_path)
    save(builders.network(), tmp_path, "plain")
    with pytest.raises(ConfigError, match=r"quantize plain\.xml with pot -q default"):
        found_in(tmp_path)
    with pytest.raises(ConfigError, match=r"quantize plain\.xml with pot -q default"):
        found_in(tmp_path / "plain.xml")


def test_several_networks_where_one_is_expected_are_named(tmp_path: Path) -> None:
    save(builders.network(), of_ultralytics(tmp_path / "two"), "other")
    with pytest.raises(ConfigError, match=r"expected one network in it, found other\.xml, yolo11n\.xml"):
        found_in(tmp_path / "two")
    save(classifier(OF_MODEL_API), of_geti(tmp_path / "chain") / "deployment/Second task/model", "model")
    with pytest.raises(ConfigError, match=r"chain of tasks.*found Classification task, Second task"):
        found_in(tmp_path / "chain")
    folder = of_optimum(tmp_path / "pair")
    for suffix in (".xml", ".bin"):
        (folder / f"openvino_model{suffix}").rename(folder / f"openvino_encoder_model{suffix}")
    save(builders.network(), folder, "openvino_decoder_model")
    with pytest.raises(ConfigError, match=r"found openvino_decoder_model\.xml, openvino_encoder_model\.xml"):
        found_in(folder)


def test_a_target_must_be_new_and_apart_from_the_export(tmp_path: Path) -> None:
    export = found_in(of_ultralytics(tmp_path / "export"))
    (tmp_path / "empty").mkdir()
    check_target(export, tmp_path / "empty")
    check_target(export, tmp_path / "new" / "deep")
    with pytest.raises(ConfigError, match="is there already: expected a new one, or an empty one"):
        check_target(export, tmp_path)
    with pytest.raises(ConfigError, match="overlaps with the export"):
        check_target(export, tmp_path / "export" / "int8")


def test_a_target_in_the_export_is_seen_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the folder would be copied into itself, without an end."""
    folder = of_ultralytics(tmp_path / "export")
    (folder / "inner").mkdir()
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for given, target in (("link", folder / "int8"), ("export", tmp_path / "link" / "int8")):
        with pytest.raises(ConfigError, match="overlaps with the export"):
            check_target(found_in(tmp_path / given), target)
    with pytest.raises(ConfigError, match="is there already"):
        check_target(found_in(folder), tmp_path / "dangling")
    monkeypatch.chdir(folder / "inner")
    export = found_in(Path(".."))
    assert export.around / export.target == tmp_path / "export_int8_openvino_model"
    with pytest.raises(ConfigError, match="overlaps with the export"):
        check_target(export, Path("int8"))


def test_texts_become_tokens_by_the_tokenizer_that_lies_beside(tmp_path: Path) -> None:
    folder = of_optimum(tmp_path / "open")
    (tmp_path / "texts.txt").write_text(
        "a small text\n\nabout numbers\tand nothing else\n" + "a " * 40 + "\n"
    )
    texts = read_texts(tmp_path / "texts.txt", 10)
    assert texts[1] == ("about numbers", "and nothing else")
    first, pair, long = samples(encoder(-1), folder, texts)
    assert first["input_ids"].tolist() == [[2, 4, 5, 6, 3]]
    assert first["input_ids"].dtype == np.int64
    assert pair["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]
    assert long["input_ids"].shape == (1, 24)  # config.json: max_position_embeddings
    (padded, *_) = samples(encoder(12), of_optimum(tmp_path / "fixed", 12), texts)
    assert padded["attention_mask"].tolist() == [[1] * 5 + [0] * 7]


def test_texts_and_inputs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = of_optimum(tmp_path / "open")
    with pytest.raises(ConfigError, match="expected a file with a text on each line"):
        read_texts(tmp_path / "none.txt", 3)
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(ConfigError, match="holds no text"):
        read_texts(tmp_path / "empty.txt", 3)
    with pytest.raises(ConfigError, match="input 'x' is none that a tokenizer gives"):
        list(samples(builders.network(), folder, [("a",)]))
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ConfigError, match=r"tokenizer\.json' can't be read"):
        list(samples(encoder(-1), folder, [("a",)]))
