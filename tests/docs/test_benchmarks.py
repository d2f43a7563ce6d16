"""The benchmarks run on the embedded network, and write only between their markers."""

import importlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import openvino as ov
import pytest

from builders import ZOO
from openvino.tools.pot.verification.instruction_sets import sets_at_hand

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"

# Quantizing with all 300 shows no more of the scripts.
FEWER = ("--samples", "60")

# What accuracy.py's peer needs of NNCF, whose model here is the float one.
PEER = """
__version__ = "0.0"
ModelType = str
Dataset = list
def quantize(model, dataset, subset_size):
    assert subset_size == len(dataset) == 60
    assert list(dataset[0]) == ["image"]
    print("a line of progress")
    return model
"""


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A script run in this process, where imports and compiled networks are at hand, as if in one of its own."""

    def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.syspath_prepend(BENCHMARKS)
        monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
        capfd.readouterr()
        ended: object = None
        try:
            runpy.run_path(str(BENCHMARKS / script), run_name="__main__")
        except SystemExit as error:
            ended = error.code
        out, err = capfd.readouterr()
        said = ended if isinstance(ended, str) else ""
        code = ended if isinstance(ended, int) else int(bool(said))
        return subprocess.CompletedProcess(script, code, out, err + said)

    return run


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module(name)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return module("tables", monkeypatch)


@pytest.fixture
def variants(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return module("variants", monkeypatch)


@pytest.mark.long
def test_the_embedded_network_without_a_zoo(run: Run, tmp_path: Path) -> None:
    finished = run("zoo.py", "--zoo", tmp_path, "--repeats", "1", "--limit", "40", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["name"] == "digits"
    assert (record["int8_layers"], record["layers"]) == (10, 11)  # the last product is too small to matter
    assert record["fidelity"] > 20
    assert record["size"] < 0.3


@pytest.mark.process
def test_ours_beside_a_peer_that_runs_in_its_own_python(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nncf.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    peer = ("--peer-python", sys.executable, "--peer-models", tmp_path / "peer")
    finished = run("accuracy.py", "--zoo", tmp_path, "--rounds", "2", "--limit", "40", *FEWER, *peer)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["ours"]["int8_layers"] == 10
    assert record["ours"]["layers"] == record["nncf"]["layers"] == 11
    assert record["nncf"]["int8_layers"] == 0
    assert record["nncf"]["nncf"] == "0.0"
    assert record["ratio"] > 0
    assert [len(times) for times in record["latency_ms"].values()] == [2, 2, 2]
    assert sorted(file.name for file in (tmp_path / "peer").iterdir()) == [
        "digits.bin",
        "digits.json",
        "digits.xml",
    ]
    assert "| 10 of 11 | 0 of 11 |" in finished.stderr


@pytest.mark.long
def test_kept_statistics_and_what_is_run_in_float(run: Run, tmp_path: Path) -> None:
    finished = run("kept_statistics.py", "digits", "--zoo", tmp_path, "--rounds", "1", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    inferences = {key: own["inferences"] for key, own in record.items() if isinstance(own, dict)}
    assert inferences == {
        "without": 73,
        "first": 73,
        "nothing": 0,
        "preset": 0,
        "weights' estimator": 0,
        "ignored layer": 0,
        "activations' estimator": 60,
    }
    assert "0 inferences of float models" in finished.stderr


@pytest.mark.long
def test_ingredients_and_orders_of_samples(run: Run, tmp_path: Path, variants: ModuleType) -> None:
    finished = run(
        "accuracy.py",
        "digits",
        "--zoo",
        tmp_path,
        "--limit",
        "40",
        "--samples",
        "30",
        "--ablation",
        "--orders",
    )
    assert finished.returncode == 0, finished.stderr
    ablation, orders = map(json.loads, finished.stdout.splitlines())
    found = {name: figures["fidelity"] for name, figures in ablation["variants"].items()}
    assert list(found) == list(variants.VARIANTS)
    assert found["nearest rounding"] < found[variants.COMPLETE]
    assert found["POT's formulas"] < found["POT's ranges"] < found[variants.COMPLETE]
    assert orders["fidelity"]["min"] < orders["fidelity"]["mean"] < orders["fidelity"]["max"]
    assert len(orders["int8"]["values"]) == 5


def test_an_ingredient_that_is_not_there_is_an_error(variants: ModuleType) -> None:
    with pytest.raises(ValueError, match="has no int to switch off"):
        variants.without(int)({})
    with pytest.raises(ValueError, match="has no int to change"):
        variants.restaged(int)({})


def test_every_variant_is_described(variants: ModuleType) -> None:
    text = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert [name for name in variants.VARIANTS if f"\n| {name} | " not in text] == []


@pytest.mark.process
def test_the_memory_that_a_model_of_any_size_takes(run: Run) -> None:
    finished = run("huge.py", "--gigabytes", "0.004", "--width", "256", "--modes", "int4_sym")
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["mode"] == "int4_sym" and record["bytes"] == pytest.approx(4e6, rel=0.2)
    assert 0.25 < record["bytes_after"] / record["bytes"] < 0.5
    assert 0 < record["own_mb"] < 200
    assert "| `int4_sym` | 0.00 |" in finished.stderr


@pytest.mark.long
def test_biases_of_the_embedded_network(run: Run, tmp_path: Path) -> None:
    finished = run("bias_correction.py", "digits", "--zoo", tmp_path, "--limit", "40", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert list(record) == ["name", "FastBiasCorrection", "BiasCorrection", "use_fast_bias: false"]
    assert record["FastBiasCorrection"][0] < record["use_fast_bias: false"][0]
    assert "| digits | " in finished.stderr and finished.stderr.count(" s)") == 3


@pytest.mark.long
def test_overflows_of_the_embedded_network(run: Run, tmp_path: Path) -> None:
    finished = run("overflow.py", "--zoo", tmp_path, "--samples", "5", "--fix", "absent", "no")
    assert finished.returncode == 0, finished.stderr
    absent, no = (json.loads(line) for line in finished.stdout.splitlines()[:2])
    assert (absent["fix"], absent["overflows"], no["fix"]) == ("absent", 0, "no")
    assert absent["layers"] == no["layers"] > 5
    assert no["overflows"] > 0
    assert finished.stdout.splitlines()[-1].startswith("| digits | ")


@pytest.mark.long
def test_the_embedded_network_as_users_run_it(run: Run, tmp_path: Path) -> None:
    arguments = ("digits", "--zoo", tmp_path, "--limit", "40", "--seconds", "0.1", "--most", "1", *FEWER)
    finished = run("own_settings.py", *arguments)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["fidelity"][1] >= record["fidelity"][0] > 20
    assert min(record[key] for key in ("float_ms", "int8", "int8_of_float32", "paid")) > 0
    assert (record["left"] > 0) == (record["bytes"] > 1) == (record["fidelity"][1] > record["fidelity"][0])
    assert "| digits | " in finished.stderr


@pytest.mark.skipif(not sets_at_hand(), reason="this system does not say which instruction sets there are")
@pytest.mark.process
def test_instruction_sets_of_the_embedded_network(run: Run, tmp_path: Path) -> None:
    finished = run("instruction_sets.py", "digits", "--zoo", tmp_path, "--limit", "40", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert list(record) == ["name", "metric", "all", *sets_at_hand()]
    for name in sets_at_hand():
        assert abs(record[name]["metric"] - record["all"]) <= 0.003
        assert 0 <= record[name]["farthest"] <= 0.01
    assert "| digits | top-1 |" in finished.stderr and "!" not in finished.stderr.splitlines()[-1]


def test_what_instruction_sets_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = module("instruction_sets", monkeypatch)
    monkeypatch.setattr(sets, "sets_at_hand", lambda: ("A", "B", "C"))
    before = [[np.float32([0, 4]), np.float32([1, 2])], [np.float32([2, 2]), np.float32([1, 2])]]
    after = [[np.float32([0, 4]), np.float32([1, 2])], [np.float32([2, 2]), np.float32([1, 1.5])]]
    assert sets.farthest(before, after) == 0.5  # of the second output, which has a range of 1
    assert sets.farthest(before, [[one, other[:1]] for one, other in after]) == float("inf")
    found = {"A": {"metric": 0.5, "farthest": 0.002}, "B": {"metric": 0.504, "farthest": 0.02}}
    record = {"name": "n", "metric": "m", "all": 0.5, **found, "C": {"failure": "ends by signal 11"}}
    shown = [make(record) for _, make in sets.columns()]
    assert shown == ["n", "m", "0.5000", "0.5000", "0.0020", "0.5040!", "0.0200!", "ends by signal 11", "!"]


def test_tokens_that_a_mask_hides_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    read = module("instruction_sets", monkeypatch).read
    tokens, whole = np.arange(6.0).reshape(1, 3, 2), np.ones((1, 4))
    found = read([tokens, whole], {"input_ids": np.zeros((1, 3)), "attention_mask": np.int64([[1, 1, 0]])})
    assert found[0].tolist() == [[0, 1], [2, 3]] and found[1] is whole
    assert read([tokens], {"x": whole})[0] is tokens


@pytest.mark.long
def test_estimates_beside_measurements(run: Run) -> None:
    finished = run("cost.py", "4096x8x8 behind Softmax", "16x384x384", "--rounds", "1", "--seconds", "0.001")
    assert finished.returncode == 0, finished.stderr
    records = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]
    kept = [record["name"] for record in records if record["kept"]]
    assert kept == ["product 4096x8x8 behind Softmax"]
    assert "| product 4096x8x8 behind Softmax |" in finished.stdout


@pytest.mark.parametrize("script", ["zoo.py", "accuracy.py"])
def test_an_incomplete_run_writes_nothing(run: Run, script: str, tmp_path: Path) -> None:
    assert "needs the zoo" in run(script, "--zoo", tmp_path, "--write").stderr


@pytest.mark.parametrize("script", ["zoo.py", "accuracy.py"])
def test_an_unknown_entry_is_named(run: Run, script: str, tmp_path: Path) -> None:
    assert "no entry 'digit', there are: digits" in run(script, "digit", "--zoo", tmp_path).stderr


def test_changes_are_signed_and_never_minus_zero(tables: ModuleType) -> None:
    record = {
        "name": "n",
        "variants": {"all": {"x": 0.5}, "less": {"x": 0.49999}, "least": {"x": 0.25}},
    }
    assert tables.ablated([record], "x", 2).splitlines()[2:] == [
        "| n | 0.50 | +0.00 | -0.25 |",
        "| mean | 0.50 | +0.00 | -0.25 |",
    ]


def test_tables_go_between_the_markers(tables: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("head\n<!-- m: begin -->\nold\n<!-- m: end -->\ntail\n")
    body = tables.table(
        [{"a": 1}, {"a": 2}], [("name", lambda r: "n"), ("", lambda r: ""), ("x", lambda r: str(r["a"]))]
    )
    tables.write_between(file, "m", body)
    assert file.read_text() == (
        "head\n<!-- m: begin -->\n| name |  | x |\n| --- | --- | ---: |\n| n |  | 1 |\n| n |  | 2 |\n"
        "<!-- m: end -->\ntail\n"
    )
    with pytest.raises(SystemExit):
        tables.write_between(file, "other", "")


@pytest.mark.long
@pytest.mark.parametrize("table", ["sparsity", "supervision", "splitting", "noise", "alignment"])
def test_what_algorithms_make_of_a_network(run: Run, table: str) -> None:
    finished = run("algorithms.py", "digits", "--table", table, "--limit", "20", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record.pop("name") == "digits" and len(record) > 1
    if table == "supervision":
        assert record["as it is, a bit flipped"] < record["as it is"] == record["supervised"]
    elif table == "noise":
        assert 30 < record["full_fq_noise"]["worst"] < record["full_fq_noise"]["median"] < 50
    else:
        assert all(each["fidelity"] > 5 for each in record.values() if "fidelity" in each)


@pytest.mark.long
def test_a_search_beside_what_is_configured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optuna")
    monkeypatch.setattr(module("algorithm_lists", monkeypatch), "TRIALS", 3)
    finished = run("algorithms.py", "digits", "--table", "search", "--limit", "20", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["best"]["fidelity"] > 20 and "best of 3" in finished.stderr


@pytest.mark.long
def test_weights_of_layers_in_float(run: Run) -> None:
    finished = run("float_layers.py", "digits", "--limit", "20")
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["int8_weights"]["bytes"] < 0.3 * record["float"]["bytes"]
    assert record["int8_weights"]["fidelity"] > 20


@pytest.mark.parametrize(
    ("document", "marker"),
    [
        ("README.md", "benchmark"),
        ("docs/weights.md", "huge"),
        *(
            ("docs/algorithms.md", marker)
            for marker in (
                "bias correction",
                "sparsity",
                "supervision",
                "splitting",
                "range optimization",
                "noise",
                "search",
                "alignment",
                "float layers",
                "float layer times",
            )
        ),
        ("docs/reliability.md", "fuzz settings"),
        *(
            ("docs/benchmarks.md", marker)
            for marker in (
                "benchmark",
                "accuracy",
                "ablation",
                "orders",
                "speed",
                "slow loader",
                "growth",
                "accuracy control",
                "weights",
            )
        ),
    ],
)
def test_the_documents_have_the_markers_once(document: str, marker: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert text.count(f"<!-- {marker}: begin -->") == text.count(f"<!-- {marker}: end -->") == 1


@pytest.mark.process
def test_speed_beside_a_peer_and_peak_memory(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nncf.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    arguments = ("--zoo", tmp_path, "--cache", tmp_path / "cache", "--rounds", "1", "--memory")
    peer = ("--peer-python", sys.executable)
    finished = run("speed.py", "digits", *arguments, *FEWER, *peer)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["samples"] == 60
    assert record["allowed_s"] == pytest.approx(1.5 * record["plain_s"] + 1.5, abs=0.002)
    assert {"plan", "compile", "pass", "RangeStage", "transform", "other"} <= set(record["steps"])
    assert sum(record["steps"].values()) == pytest.approx(record["workflow_s"], abs=0.02)
    assert record["workflow_mb"] > record["plain_mb"] > record["weights_mb"]
    assert len(record["nncf"]["plain_s"]) == 2
    assert record["float"] == 0.9933
    assert record["int8"] > 0.9 < record["nncf"]["int8"]
    assert "| digits |" in finished.stderr


# What weights.py's peer needs of NNCF.
WEIGHTS_PEER = """
__version__ = "0.0"
CompressWeightsMode = str
Dataset = list
def compress_weights(model, mode, **more):
    if mode == "int4_sym":
        samples = more.pop("dataset")
        assert samples[1]["input_ids"].shape == (1, 40) and more.pop("subset_size") == len(samples) == 2
        assert more == {"group_size": 64, "awq": True, "gptq": True}
    else:
        assert mode == "int8_asym" and more == {}
    return model
"""


@pytest.mark.process
def test_weights_of_a_language_model_beside_a_peer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nncf.py").write_text(WEIGHTS_PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    language = module("language_model", monkeypatch)
    transformer, models = module("transformer", monkeypatch), module("peer_models", monkeypatch)
    shape = transformer.Shape(layers=1, width=64, hidden=64, heads=2, context=40)
    small = replace(
        language.LanguageEntry(tmp_path / "cache"), shape=shape, training=transformer.Training(2, 2)
    )
    monkeypatch.setattr(language, "LanguageEntry", lambda folder: small)
    peer = ("--peer-python", sys.executable, "--peer-models", tmp_path / "peer")
    quick = ("--rounds", "1", "--limit", "3", "--cases", "int8_asym")
    finished = run("weights.py", "language_model", "--zoo", tmp_path, *quick, *peer)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert (record["name"], record["case"]) == ("language_model", "int8_asym")
    assert 30 < record["ours"]["fidelity"] < 80 < record["nncf"]["fidelity"]
    assert (
        record["ours"]["metric"] == pytest.approx(record["float"], rel=0.01)
        and record["nncf"]["nncf"] == "0.0"
    )
    assert (record["ours"]["packed"], record["nncf"]["packed"], record["ours"]["products"]) == (6, 0, 6)
    assert record["ours"]["bytes"] < 0.3 * record["nncf"]["bytes"] == 0.3 * record["float_bytes"]
    assert all({"float", "ours", "nncf", "float_ms"} == each.keys() for each in record["speed"].values())
    assert "| language_model | int8_asym |" in finished.stderr
    finished = run("weights.py", "language_model", "--zoo", tmp_path, *quick[:-1], "int4_sym-data")
    assert finished.returncode == 0, finished.stderr
    assert 10 < json.loads(finished.stdout)["ours"]["fidelity"] < 40
    made = models.PeerWeights(tmp_path / "peer", Path(sys.executable))
    path = made.find(small, "int4_sym", 64, ("awq", "gptq"), small.calibration[:2])
    assert path.name == "language_model-int4_sym-data-awq-gptq.xml" and made.facts(path)["nncf"] == "0.0"


@pytest.mark.long
def test_a_diagnosis_of_the_embedded_network(run: Run, tmp_path: Path) -> None:
    finished = run("diagnosis.py", "digits", "--zoo", tmp_path, *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["verdict"] in ("good", "no gain", "slower") and record["fidelity"] > 35
    assert record["samples"] == 60 and record["looking_s"] > record["plain_s"]
    assert (
        record["unseen"] is None or record["remedy"]
    )  # nothing is to be won, but time where the machine is busy
    assert "| digits |" in finished.stderr


@pytest.mark.long
def test_accuracy_control_of_the_embedded_network(run: Run, tmp_path: Path) -> None:
    finished = run("accuracy_control.py", "digits", "--zoo", tmp_path, "--limit", "100", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["samples"] == 100
    assert record["evaluations"] == 1 and record["reached"] <= record["allowed"]
    assert record["passes"] > 1 and record["share"] > 0.8
    assert "| digits |" in finished.stderr


@pytest.mark.long
def test_a_slow_loader_beside_samples_in_memory(run: Run, tmp_path: Path) -> None:
    finished = run(
        "slow_loader.py", "digits", "--zoo", tmp_path, "--cache", tmp_path, "--rounds", "1", *FEWER
    )
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["samples"] == 60
    assert record["sleeps_s"] >= record["memory_s"] > 0
    assert record["ratio"] == pytest.approx(record["slow_s"] / record["sleeps_s"], abs=0.02)
    assert "| digits |" in finished.stderr


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "bert_base", "vit_small"])
@pytest.mark.long
def test_large_networks_keep_the_variance_of_their_inputs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    large = module("large", monkeypatch)
    make, sample = large._NETWORKS[name]
    compiled = ov.Core().compile_model(make(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (output,) = compiled(sample(np.random.default_rng(0))).values()
    assert 0.05 < output.std() < 20


@pytest.mark.zoo
@pytest.mark.long
def test_images_that_are_made_are_better_than_noise(run: Run) -> None:
    finished = run("data_free.py", "tiny_resnet8", "--zoo", ZOO, "--limit", "200", *FEWER)
    assert finished.returncode == 0, finished.stderr
    record = json.loads(finished.stdout)
    assert record["real"]["fidelity"] > record["made"]["fidelity"] > record["noise"]["fidelity"] + 5
    assert "| tiny_resnet8 |" in finished.stderr
