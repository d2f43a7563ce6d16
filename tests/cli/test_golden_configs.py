"""Configurations as POT's users kept them, on real networks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import Finished, pot, zoo_facts, zoo_images
from ruamel import yaml

from builders import ZOO
from openvino.tools.pot.utils.runtime import core

pytestmark = pytest.mark.zoo
NORMALISED = {"mean_values": [123.675, 116.28, 103.53], "scale_values": [58.395, 57.12, 57.375]}
WITH_COMMENTS = """\
/* A configuration as it came with POT:
   comments everywhere, and commas behind last entries */
{
    "model": {
        "model_name": "resnet",  // Model name
        "model": "%(model)s",
        "weights": "%(weights)s"
    },
    "engine": {
        "type": "simplified",
        // "layout": "NHWC",
        "layout": "NCHW",
        "mean_values": [123.675, 116.28, 103.53],
        "scale_values": [58.395, 57.12, 57.375],
        "color_order": "RGB",
        "data_source": "%(images)s",
    },
    "compression": {
        "target_device": "CPU", "model_type": "None", "dump_intermediate_model": false,
        "inplase_statistics": true, // as misspelt in POT's own sample
        "algorithms": [
            {
                "name": "DefaultQuantization",
                "params": {
                    "preset": "mixed", "stat_subset_size": 60, "shuffle_data": false, "seed": 0,
                    "ignored": {"scope": [], "operations": [{"type": "MatMul"}]},
                    "weights": {"bits": 8, "mode": "symmetric", "granularity": "perchannel",
                                "level_low": -127, "level_high": 127},
                    "activations": {"bits": 8, "mode": "asymmetric", "granularity": "pertensor",
                                    "range_estimator": {"max": {"aggregator": "mean", "type": "quantile",
                                                                "outlier_prob": 1e-4}}}
                }
            }
        ]
    }
}
"""
YAML = """\
# the same in YAML
model:
  model_name: tiny
  model: {model}
engine:
  type: simplified
  data_source: {images}/*.jpg
  color_order: RGB
compression:
  algorithms:
    - name: MinMaxQuantization
      params: {{preset: performance, stat_subset_size: 60, range_estimator: {{max: {{outlier_prob: 1e-4}}}}}}
    - name: FastBiasCorrection
      params: {{stat_subset_size: 60}}
"""


def network(name: str) -> Path:
    return ZOO / name / "model.xml"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def layers(path: str | Path) -> tuple[int, int]:
    """Numbers of FakeQuantize nodes, and of constants in int8."""
    nodes = core().read_model(path).get_ops()
    integers = [n for n in nodes if n.get_type_name() == "Constant" and n.get_element_type() == ov.Type.i8]
    return sum(node.get_type_name() == "FakeQuantize" for node in nodes), len(integers)


def written(finished: Finished, pattern: str) -> list[Path]:
    """The models that a command says it wrote, which are those that it wrote."""
    assert finished.code == 0, finished.err
    paths = [Path(line) for line in finished.out.splitlines() if line.endswith(".xml")]
    assert all(path.exists() and path.with_suffix(".bin").exists() for path in paths)
    assert all(re.fullmatch(pattern, path.as_posix()) for path in paths), paths
    return paths


def accuracy_of(path: Path, count: int) -> float:
    """Top-1 of a classifier on the zoo's evaluation images."""
    sys.path.insert(0, str(ZOO))
    import zoo

    entry = zoo.load("tiny_resnet8" if "tiny" in path.name else "cifar_resnet20")
    return float(entry.evaluate(zoo.openvino_infer(str(path)), count))


def test_default_quantization_with_comments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = zoo_images("cifar_resnet20", tmp_path / "images", 60)
    model = network("cifar_resnet20")
    text = WITH_COMMENTS % {"model": model, "weights": model.with_suffix(".bin"), "images": images}
    Path("config.json").write_text(text, encoding="utf-8")
    finished = pot(capsys, "-c", "config.json")
    stamp = r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d"
    (path,) = written(finished, f"results/resnet_DefaultQuantization/{stamp}/optimized/resnet.xml")
    log = (path.parents[1] / "log.txt").read_text(encoding="utf-8")
    assert "pot 0." in log
    assert "Statistics pass: 60 of 60" in log
    assert layers(path) == (19, 19)
    assert accuracy_of(path, 300) >= zoo_facts("cifar_resnet20")["fp32"] - 0.05


def test_a_yaml_configuration_with_two_algorithms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = zoo_images("tiny_resnet8", tmp_path / "images", 60)
    text = YAML.format(model=network("tiny_resnet8"), images=images)
    Path("config.yml").write_text(text, encoding="utf-8")
    finished = pot(capsys, "-c", "config.yml", "--output-dir", "out", "--stream-output")
    (path,) = written(finished, r"out/tiny_MinMaxQuantization_FastBiasCorrection/[^/]+/optimized/tiny\.xml")
    assert accuracy_of(path, 300) >= zoo_facts("tiny_resnet8")["fp32"] - 0.05


def simplified(name: str, images: Path, **engine: Any) -> dict[str, Any]:
    return {
        "model": {"model_name": name, "model": str(network(name))},
        "engine": {"type": "simplified", "data_source": str(images), "color_order": "RGB", **engine},
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": {"stat_subset_size": 40}}]},
    }


def save(config: dict[str, Any], name: str = "config.json") -> str:
    Path(name).write_text(json.dumps(config), encoding="utf-8")
    return name


def test_direct_dump_intermediate_model_and_float_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = simplified("tiny_resnet8", zoo_images("tiny_resnet8", tmp_path / "images", 40))
    config["compression"]["dump_intermediate_model"] = True
    finished = pot(capsys, "-c", save(config), "-d", "--output-dir", "direct", "--keep-uncompressed-weights")
    (path,) = written(finished, r"direct/optimized/tiny_resnet8\.xml")
    quantizers, integers = layers(path)
    assert quantizers > 0
    assert integers == 0
    assert layers("direct/intermediate/tiny_resnet8.xml") == (quantizers, 0)
    assert Path("direct/log.txt").exists()


def test_evaluation_without_labels_gives_the_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = simplified("cifar_resnet20", zoo_images("cifar_resnet20", tmp_path / "images", 40), **NORMALISED)
    finished = pot(capsys, "-c", save(config), "-e", "--log-level", "ERROR")
    written(finished, r"results/.*\.xml")
    assert finished.err == ""
    (figure,) = re.findall(r"^.+, dB over noise *: ([\d.]+)$", finished.out, re.MULTILINE)
    assert float(figure) > 24


def test_accuracy_aware_without_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = simplified("cifar_resnet20", zoo_images("cifar_resnet20", tmp_path / "images", 60), **NORMALISED)
    params = {"maximal_drop": 0.005, "annotation_free": True, "max_iter_num": 20, "ranking_subset_size": 30,
              "drop_type": "absolute", "use_prev_if_drop_increase": False, "base_algorithm": "DefaultQuantization",
              "annotation_conf_threshold": 0.6, "convert_to_mixed_preset": False, "metric_subset_ratio": 0.5,
              "tune_hyperparams": False, "preset": "mixed", "stat_subset_size": 60}  # fmt: skip
    config["compression"]["algorithms"] = [{"name": "AccuracyAwareQuantization", "params": params}]
    finished = pot(capsys, "-c", save(config))
    (path,) = written(finished, r"results/cifar_resnet20_AccuracyAwareQuantization/.*\.xml")
    facts = json.loads(core().read_model(path).get_rt_info(["openvino_pot", "accuracy_aware"]).astype(str))
    assert facts["maximal_drop"] == 0.005
    assert "agreement" in facts["metrics"]


def test_data_free(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = simplified("cifar_resnet20", tmp_path / "made", **NORMALISED)
    config["engine"] |= {"type": "data_free", "generate_data": "True", "data_type": "image", "layout": "NCHW"}
    finished = pot(capsys, "-c", save(config))
    (path,) = written(finished, r"results/.*\.xml")
    assert "accuracy of the quantized model is not assured" in finished.err
    assert len(list((tmp_path / "made").glob("*.png"))) == 40
    assert accuracy_of(path, 300) >= zoo_facts("cifar_resnet20")["fp32"] - 0.06
    first = path.with_suffix(".bin").read_bytes()
    again = pot(capsys, "-c", save(config), "--output-dir", "again")
    (second,) = written(again, r"again/.*\.xml")
    assert second.with_suffix(".bin").read_bytes() == first


def test_a_cascade(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("cifar_resnet20", "tiny_resnet8")
    sources = {name: str(zoo_images(name, tmp_path / name, 40)) for name in names}
    cascade = [
        {"name": name, "model": str(network(name)), "weights": str(network(name).with_suffix(".bin"))}
        for name in names
    ]
    ignored = {"tiny_resnet8": {"operations": [{"type": "MatMul"}]}}
    params = {
        "stat_subset_size": 40,
        "ignored": ignored,
        "by_model": {"cifar_resnet20": {"ignored": {"skip_model": True}}},
    }
    config = {
        "model": {"model_name": "both", "cascade": cascade},
        "engine": {"type": "simplified", "data_source": sources, "color_order": "RGB"},
        "compression": {"algorithms": [{"name": "DefaultQuantization", "params": params}]},
    }
    finished = pot(capsys, "-c", save(config), "-e")
    paths = written(finished, r"results/both_DefaultQuantization/[^/]+/optimized/\w+\.xml")
    assert [path.stem for path in paths] == list(names)
    assert layers(paths[0]) == (0, 0)
    assert layers(paths[1])[0] > 0
    assert "cifar_resnet20: " in finished.out
    assert "tiny_resnet8: " in finished.out


def test_flags_do_what_a_configuration_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = zoo_images("cifar_resnet20", tmp_path / "images", 40)
    config = simplified("cifar_resnet20", images, **NORMALISED)
    config["compression"]["algorithms"][0]["params"]["preset"] = "mixed"
    (path,) = written(pot(capsys, "-c", save(config)), r"results/.*\.xml")
    flags = [
        "-q",
        "default",
        "--engine",
        "simplified",
        "--preset",
        "mixed",
        "-n",
        "named",
        "--subset-size",
        "40",
    ]
    flags += ["-m", str(network("cifar_resnet20")), "-w", str(network("cifar_resnet20").with_suffix(".bin"))]
    flags += ["--mean-values", "123.675,116.28,103.53", "--scale-values", "[58.395, 57.12, 57.375]"]
    finished = pot(
        capsys, *flags, "--data-source", images, "--color-order", "rgb", "-d", "--output-dir", "flags"
    )
    (named,) = written(finished, r"flags/optimized/named\.xml")
    assert named.with_suffix(".bin").read_bytes() == path.with_suffix(".bin").read_bytes()


def test_accuracy_aware_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = zoo_images("tiny_resnet8", tmp_path / "images", 40)
    finished = pot(
        capsys, "-q", "accuracy_aware", "-m", network("tiny_resnet8"), "--data-source", images, "--max-drop", "0.2",
        "--color-order", "RGB", "--engine", "simplified",
    )  # fmt: skip
    written(finished, r"results/model_AccuracyAwareQuantization/[^/]+/optimized/model\.xml")
    assert "allowed 0.2" in finished.err


CHECKER = """\
models:
  - name: resnet
    launchers:
      - framework: dlsdk
        device: CPU
        adapter: classification
    datasets:
      - name: cifar
        data_source: images
        annotation_conversion: {converter: imagenet, annotation_file: labels.txt}
        preprocessing:
          - type: bgr_to_rgb
          - {type: normalization, mean: "123.675, 116.28, 103.53", std: "58.395, 57.12, 57.375"}
        metrics:
          - {name: accuracy@top1, type: accuracy, top_k: 1}
          - {name: accuracy@top5, type: accuracy, top_k: 5}
"""


def checker_config(folder: Path, count: int) -> str:
    """A configuration of Accuracy Checker beside its data, in a folder of its own."""
    images = zoo_images("cifar_resnet20", folder / "images", count, "eval")
    with np.load(ZOO / "cifar_resnet20/data.npz") as data:
        labels = data["eval_y"][:count]
    lines = [f"{path.name} {label}" for path, label in zip(sorted(images.iterdir()), labels, strict=True)]
    (folder / "labels.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "checker.yml").write_text(CHECKER, encoding="utf-8")
    return str(folder / "checker.yml")


def test_accuracy_aware_with_accuracy_checker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = simplified("cifar_resnet20", tmp_path)
    config["engine"] = {"config": checker_config(tmp_path / "checker", 50), "stat_requests_number": 2}
    params = {"maximal_drop": 0.03, "metrics": [{"name": "accuracy@top1"}], "stat_subset_size": 60}
    config["compression"]["algorithms"] = [{"name": "AccuracyAwareQuantization", "params": params}]
    finished = pot(capsys, "-c", save(config), "-e")
    (path,) = written(finished, r"results/.*\.xml")
    figures = dict(re.findall(r"^(.+?) *: ([\d.]+)$", finished.out, re.MULTILINE))
    assert list(figures) == [
        "accuracy@top1",
        "accuracy@top5",
        "accuracy@top1, float model",
        "accuracy@top5, float model",
    ]
    assert float(figures["accuracy@top1"]) == pytest.approx(accuracy_of(path, 50))
    assert float(figures["accuracy@top1"]) >= float(figures["accuracy@top1, float model"]) - 0.03
    flags = ["-q", "accuracy_aware", "--ac-config", str(config["engine"]["config"]), "--max-drop", "0.03"]
    again = pot(capsys, *flags, "-m", network("cifar_resnet20"), "-e", "--log-level", "ERROR")
    assert again.code == 0, again.err
    assert "accuracy@top1" in again.out


def test_accuracy_checker_within_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checker_config(tmp_path, 40)
    config = simplified("cifar_resnet20", tmp_path)
    config["engine"] = {"type": "accuracy_checker", **yaml.YAML(typ="safe").load(CHECKER)["models"][0]}
    finished = pot(capsys, "-c", save(config), "-e")
    written(finished, r"results/.*\.xml")
    assert "accuracy@top5" in finished.out


def test_text_from_arrays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(ZOO / "text_minilm_stsb/data.npz") as data:
        arrays = {name: data[f"calib_{name}"][:12] for name in ("input_ids", "attention_mask")}
    np.savez(tmp_path / "samples.npz", **arrays)
    model = network("text_minilm_stsb")
    finished = pot(capsys, "-q", "default", "-m", model, "--data-source", tmp_path / "samples.npz", "-e")
    (path,) = written(finished, r"results/.*\.xml")
    assert layers(path)[0] > 0
    (figure,) = re.findall(r"dB over noise *: ([\d.]+)$", finished.out, re.MULTILINE)
    assert float(figure) > 6  # every position counts, of padding too
