"""Wrong configurations and command lines: exit code 2, one sentence that names the place, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import pot, write_images

import builders

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A right configuration, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    write_images(Path("images"))
    Path("notes.txt").write_text("images/000.png\nimages/missing.png\n", encoding="utf-8")
    Path("broken").mkdir()
    Path("broken/a.png").write_bytes(b"no image")
    Path("empty").mkdir()
    np.save("wide.npy", np.zeros((5, 3, 9, 9), np.float32))
    return {
        "model": {"model_name": "net", "model": "net.xml", "weights": "net.bin"},
        "engine": {"type": "simplified", "data_source": "images"},
        "compression": {
            "target_device": "CPU",
            "algorithms": [{"name": "DefaultQuantization", "params": {"stat_subset_size": 4}}],
        },
    }


def algorithm(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["compression"]["algorithms"][0]
    return found


def params(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = algorithm(config)["params"]
    return found


def setting(section: str, **values: Any) -> Change:
    return lambda config: config[section].update(values)


def parameter(**values: Any) -> Change:
    return lambda config: params(config).update(values)


def cascade(config: dict[str, Any], *names: str) -> None:
    config["model"] = {"cascade": [{"name": name, "model": "net.xml"} for name in names]}


PLACE = "compression.algorithms[0].params"
CASES: dict[str, tuple[Change, str]] = {
    "unknown section": (lambda c: c.update(compresion={}), "unknown section 'compresion'; did you mean 'compression'?"),
    "no section": (lambda c: c.pop("engine"), "section 'engine' is missing"),
    "a section that is no mapping": (lambda c: c.update(model="net.xml"), "model: found 'net.xml', expected a mapping"),
    "optimizer": (lambda c: c.update(optimizer={"name": "Tpee"}), "optimizer.name: input should be 'Tpe'"),
    "optimizer without trials": (lambda c: c.update(optimizer={"name": "Tpe"}), "params.max_trials: it is mis"),
    "unknown key of the model": (
        setting("model", wieghts="net.bin"),
        "model: unknown parameter 'wieghts'; did you mean 'weights'?",
    ),
    "ill-typed model": (setting("model", model=5), "model.model: expected a path or an openvino.Model, found 5"),
    "no model": (lambda c: c["model"].pop("model"), "model: expected either model, a path, or cascade, a list"),
    "missing model file": (setting("model", model="nett.xml"), "model file 'nett.xml' does not exist"),
    "missing weights file": (setting("model", weights="nett.bin"), "weights file 'nett.bin' does not exist"),
    "model that is no model": (setting("model", model="notes.txt", weights=None), "'notes.txt' can't be read"),
    "empty cascade": (lambda c: c.update(model={"cascade": []}), "model.cascade: list should have at least 1 item"),
    "cascade with a key too many": (
        lambda c: c.update(model={"cascade": [{"name": "a", "model": "net.xml", "weight": "x"}]}),
        "model.cascade[0]: unknown parameter 'weight'",
    ),
    "cascade with one name twice": (
        lambda c: c.update(model={"cascade": [{"name": "a", "model": "net.xml"}] * 2}),
        "cascade names ['a', 'a'] are not unique",
    ),
    "unknown engine": (setting("engine", type="simplifed"), "engine.type: expected one of accuracy_checker"),
    "engine without type": (lambda c: c["engine"].pop("type"), "engine.type: it is missing"),
    "unknown key of the engine": (
        setting("engine", data_sorce="images"),
        "engine: unknown parameter 'data_sorce'; did you mean 'data_source'?",
    ),
    "no data source": (lambda c: c["engine"].pop("data_source"), "engine.data_source: it is missing"),
    "ill-typed data source": (setting("engine", data_source=5), "engine.data_source: expected a path"),
    "missing data folder": (setting("engine", data_source="imagess"), "engine: data_source: 'imagess' does not exist"),
    "empty data folder": (setting("engine", data_source="empty"), "data_source: 'empty' holds no images"),
    "missing file in a list": (setting("engine", data_source="notes.txt"), "line 2 of 'notes.txt'"),
    "file that is no data": (setting("engine", data_source="net.xml"), "file 'net.xml' is no image"),
    "broken image": (setting("engine", data_source="broken"), "image 'broken/a.png' can't be read"),
    "arrays of the wrong shape": (
        setting("engine", data_source="wide.npy"),
        "engine: sample 0: input 'x' expects shape [1,3,8,8], found [3, 9, 9]",
    ),
    "mean of arrays": (setting("engine", data_source="wide.npy", mean_values=1), "fed as they are, but mean_values"),
    "layout of nothing": (setting("engine", layout="NCDHW"), "layout is 'NCDHW', expected the letters N, C, H and W"),
    "layout that does not fit": (setting("engine", layout="NHWC"), "layout NHWC makes 8 channels of input 'x'"),
    "central fraction of two": (setting("engine", central_fraction=2), "engine.central_fraction: input should be"),
    "two means for three channels": (setting("engine", mean_values=[1, 2]), "mean_values: expected 1 or 3 numbers"),
    "scale of zero": (setting("engine", scale_values=[1, 0, 1]), "engine.scale_values: it divides, expected no zero"),
    "unknown color order": (setting("engine", color_order="HSV"), "engine.color_order: input should be 'BGR' or 'RGB'"),
    "input that is not there": (setting("engine", data_source={"y": "images"}), "the model has no input 'y'"),
    "negative requests": (setting("engine", stat_requests_number=-1), "engine.stat_requests_number: input should be"),
    "unknown key of the compression": (
        setting("compression", target_devise="CPU"),
        "compression: unknown parameter 'target_devise'",
    ),
    "unknown device": (setting("compression", target_device="CPUU"), "'CPUU'"),
    "no algorithm": (setting("compression", algorithms=[]), "compression.algorithms: list should have at least 1"),
    "algorithms that are no list": (setting("compression", algorithms={}), "compression.algorithms: input should be"),
    "unknown algorithm": (
        lambda c: algorithm(c).update(name="DefaultQuantisation"),
        "compression.algorithms[0].name: expected one of DefaultQuantization",
    ),
    "unknown key of an algorithm": (
        lambda c: algorithm(c).update(parms={}),
        "compression.algorithms[0]: unknown parameter 'parms'",
    ),
    "unknown parameter": (parameter(presett="mixed"), PLACE + ": unknown parameter 'presett'; did you mean 'preset'?"),
    "unknown parameter below": (parameter(weights={"bit": 8}), PLACE + ".weights: unknown parameter 'bit'"),
    "bad preset": (parameter(preset="fast"), PLACE + ".preset: input should be 'performance', 'mixed' or 'accuracy'"),
    "negative subset": (parameter(stat_subset_size=-5), PLACE + ".stat_subset_size: input should be greater than"),
    "ill-typed subset": (parameter(stat_subset_size="300"), PLACE + ".stat_subset_size: input should be a valid"),
    "typo in the scope": (
        parameter(ignored={"scope": ["conv11"]}),
        "compression.algorithms[0].params: ignored.scope: the model has no node 'conv11'; did you mean 'conv1'?",
    ),
    "second algorithm alone": (
        lambda c: algorithm(c).update(name="FastBiasCorrection"),
        "compression.algorithms: algorithms ['FastBiasCorrection'] place no quantizers",
    ),
    "search beside another": (
        lambda c: c["compression"]["algorithms"].append({"name": "AccuracyAwareQuantization"}),
        "AccuracyAwareQuantization stands alone",
    ),
    "search without a metric": (
        lambda c: algorithm(c).update(name="AccuracyAwareQuantization"),
        "compression.algorithms[0].params: a search needs a metric, which engine simplified does not have",
    ),
    "data_free for what is no folder": (
        setting("engine", type="data_free", data_source="net.xml"),
        "'net.xml' is a file, expected a folder",
    ),
    "data_free beside photographs": (
        setting("engine", type="data_free", generate_data=True),
        "folder 'images' holds ",
    ),
    "an engine type that is no word": (setting("engine", type=["simplified"]), "engine.type: expected one of"),
    "data source of nothing": (setting("engine", data_source=None), "engine.data_source: expected a path"),
    "made images from a pattern": (
        setting("engine", type="data_free", data_source="images/*.jpg"),
        "engine.data_source: expected one folder, found the pattern 'images/*.jpg'",
    ),
    "a scale of nothing": (setting("engine", scale_values={"x": None}), "engine.scale_values: expected a number"),
    "an infinite shape": (setting("engine", shape=[1e30, 3, 8, 8]), "engine.shape: expected a list of sizes"),
    "unknown device of the engine": (setting("engine", device="CPUU"), "engine.device: expected one of AUTO"),
    "negative seed": (parameter(seed=-1, shuffle_data=True), PLACE + ".seed: input should be greater than or equal"),
    "labels of what is no classifier": (
        lambda c: (algorithm(c).update(name="AccuracyAwareQuantization"), params(c).update(annotation_free=True)),
        "a classifier with one output: the model has outputs of shapes [1,5,8,8]",
    ),
    "a cascade's model without data": (
        lambda c: c.update(
            model={"cascade": [{"name": "a", "model": "net.xml"}, {"name": "b", "model": "net.xml"}]},
            engine={"type": "simplified", "data_source": {"a": "images"}},
        ),
        "engine.data_source: nothing for model 'b'",
    ),
    "data of no model of the cascade": (
        lambda c: c.update(
            model={"cascade": [{"name": "one", "model": "net.xml"}, {"name": "two", "model": "net.xml"}]},
            engine={"type": "simplified", "data_source": {"one": "images", "twoo": "images"}},
        ),
        "engine.data_source: the cascade has no model 'twoo'; did you mean 'two'?",
    ),
    "parameters of no model of the cascade": (
        lambda c: (cascade(c, "one", "two"), params(c).update(by_model={"twoo": {}})),
        PLACE + ".by_model: expected one of one, two, found 'twoo'; did you mean 'two'?",
    ),
    "a scope of no model of the cascade": (
        lambda c: (cascade(c, "one", "two"), params(c).update(ignored={"twoo": {}})),
        PLACE + ".ignored: expected one of one, two, found 'twoo'; did you mean 'two'?",
    ),
    "parameters by model of a single one": (
        parameter(by_model={"net": {}}),
        PLACE + ": by_model is for cascades, found the single model 'net'",
    ),
    "accuracy_checker without datasets": (
        lambda c: c.update(engine={"type": "accuracy_checker"}),
        "engine: expected either config, a path, or datasets",
    ),
}  # fmt: skip


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration(
    case: str, config: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, part = CASES[case]
    change(config)
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    before = contents(tmp_path)
    finished = pot(capsys, "-c", "config.json", "--log-level", "ERROR")
    assert finished.code == 2, finished.err
    assert finished.out == ""
    assert len(finished.err.splitlines()) == 1
    assert finished.sentence.startswith("config.json: ")
    assert part in finished.sentence
    assert contents(tmp_path) == before


def test_the_right_configuration_runs(
    config: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    finished = pot(capsys, "-c", "config.json")
    assert finished.code == 0, finished.err
    assert Path("results").is_dir()


FLAGS: dict[str, tuple[list[str], str]] = {
    "nothing": (
        [],
        "expected --config FILE, --quantize, or a command: plan, adopt, diagnose, compare, frontier, probe, "
        "verify, doctor, run-script",
    ),
    "unknown flag": (["-q", "default", "--presset", "mixed"], "unknown argument '--presset'; did you mean '--preset'?"),
    "bad preset": (["-q", "default", "--preset", "fast"], "argument --preset: found 'fast', expected one of"),
    "a choice with a typo": (["-q", "defalt"], "argument -q/--quantize: found 'defalt', expected one of default"),
    "a command behind flags": (["-q", "default", "plan"], "the command 'plan' comes first: pot plan ..."),
    "weights of what is no IR": (
        ["-q", "default", "-m", "net.onnx", "-w", "net.bin", "--data-source", "images"],
        "model: weights go with an .xml, found 'net.bin' with model 'net.onnx'",
    ),
    "two kinds of progress": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--progress-bar", "--stream-output"],
        "--progress-bar and --stream-output exclude each other",
    ),
    "data that the file names": (["-c", "config.json", "--data-source", "more"], "config.json says engine.data_source"),
    "a folder of results that is a file": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--output-dir", "taken", "-d"],
        "output folder 'taken/optimized' can't be written",
    ),
    "a name that is too long": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "-n", "n" * 300],
        "can't be written: File name too long",
    ),
    "unknown command": (["plann", "-m", "net.xml"], "unknown argument 'plann'; did you mean 'plan'?"),
    "unknown flag of a command": (["plan", "-m", "net.xml", "--ignore", "a"], "did you mean '--ignored'?"),
    "both ways": (["-c", "config.json", "-q", "default"], "--quantize does not go with --config"),
    "a model beside a file": (["-c", "config.json", "-m", "net.xml"], "--model does not go with --config"),
    "a subset beside a file": (["-c", "config.json", "--subset-size", "5"], "--subset-size does not go with --config"),
    "data-free with data": (
        ["-q", "data_free", "--engine", "simplified", "-m", "net.xml", "--data-source", "images"],
        "--quantize data_free goes with --engine data_free",
    ),
    "no model": (["-q", "default", "--data-source", "images"], "--quantize needs --model"),
    "no data": (["-q", "default", "-m", "net.xml"], "--quantize needs data"),
    "simplified without data": (["-q", "default", "-m", "net.xml", "--engine", "simplified"], "needs --data-source"),
    "checker without config": (["-q", "default", "-m", "net.xml", "--engine", "accuracy_checker"], "needs --ac-config"),
    "no file": (["-c", "missing.json"], "configuration file 'missing.json' does not exist"),
    "a folder": (["-c", "images"], "configuration file 'images' is a folder"),
    "broken JSON": (["-c", "broken.json"], "configuration file 'broken.json' can't be read: line 2: Unexpected"),
    "broken YAML": (["-c", "broken.yml"], "configuration file 'broken.yml' can't be read: line 2: found duplicate key"),
    "a list": (["-c", "list.json"], "configuration file 'list.json' holds [1], expected a mapping"),
    "a bound that is no size": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--max-memory", "much"],
        "max_memory: expected bytes, such as '4GB', '800MB' or 800000000, found 'much'",
    ),
    "a bound for weights": (
        ["-q", "weights", "-m", "net.xml", "--max-memory", "1GB"],
        "--max-memory is for other kinds of --quantize than weights",
    ),
    "a drop without a metric": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--max-drop", "1"],
        "--max-drop is for --quantize accuracy_aware",
    ),
    "layout for the checker": (
        ["-q", "default", "-m", "net.xml", "--ac-config", "a.yml", "--layout", "NCHW"],
        "--layout is for other engines",
    ),
    "a missing checker config": (
        ["-q", "default", "-m", "net.xml", "--ac-config", "a.yml"],
        "configuration file 'a.yml' does not exist",
    ),
    "a metric that the checker's configuration must not ask for": (
        ["-q", "default", "-m", "net.xml", "--ac-config", "checker.yml"],
        "checker.yml: models[0].datasets[0].metrics[0].type: 'acuracy' is not supported",
    ),
    "output that is a file": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--output-dir", "net.xml/out"],
        "output folder 'net.xml/out/net_DefaultQuantization' can't be written",
    ),
    "output that can't be written": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--output-dir", "/proc/out"],
        "output folder '/proc/out/net_DefaultQuantization' can't be written",
    ),
    "mean that is no number": (
        ["-q", "default", "-m", "net.xml", "--data-source", "images", "--mean-values", "a,b,c"],
        "engine.mean_values: expected a number",
    ),
    "plan without a model": (["plan"], "one of the arguments -m/--model -c/--config is required"),
    "plan of a missing model": (["plan", "-m", "nett.xml"], "model file 'nett.xml' does not exist"),
    "plan for an unknown device": (["plan", "-m", "net.xml", "--target-device", "TPU"], "'TPU'"),
    "no script": (["run-script"], "the following arguments are required: SCRIPT"),
    "a missing script": (["run-script", "missing.py"], "'missing.py'"),
}  # fmt: skip


CHECKER = """\
models:
  - launchers: [{framework: openvino, adapter: classification}]
    datasets: [{annotation_conversion: {converter: imagenet, annotation_file: a.txt}, metrics: [{type: acuracy}]}]
"""


@pytest.mark.parametrize("case", FLAGS)
def test_a_wrong_command_line(
    case: str, config: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    Path("broken.json").write_text('{"model": {},\n "engine" {}}', encoding="utf-8")
    Path("broken.yml").write_text("model: {}\nmodel: {}\n", encoding="utf-8")
    Path("list.json").write_text("[1]", encoding="utf-8")
    Path("taken").mkdir()
    Path("taken/optimized").touch()
    Path("checker.yml").write_text(CHECKER, encoding="utf-8")
    before = contents(tmp_path)
    arguments, part = FLAGS[case]
    level = (
        []
        if case in ("nothing", "no script", "a missing script", "unknown command") or "plan" in arguments
        else ["--log-level", "ERROR"]
    )
    finished = pot(capsys, *arguments, *level)
    assert finished.code == 2, finished.err
    assert finished.out == ""
    assert len(finished.err.splitlines()) == 1
    assert part in finished.sentence
    assert contents(tmp_path) == before
