"""Real networks with real data, through the documented workflow: accuracy, size, and what the CPU runs in INT8."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView

ZOO = Path(__file__).resolve().parents[3] / "shared" / "zoo"
pytestmark = pytest.mark.skipif(not ZOO.is_dir(), reason=f"the zoo of real models is not at {ZOO}")


@dataclass(frozen=True)
class Bar:
    """How one entry is run and what is asked of it.

    Attributes:
        calibration, evaluation: numbers of samples.
        drop: by how much the metric may be below the float model's on the same samples.
        fidelity: what the outputs must reach against the float model's on 20 samples, in dB.
        size: the share of the float model's weights file.
        transformer: whether model_type says so.
    """

    calibration: int
    evaluation: int
    drop: float
    fidelity: float
    size: float = 0.36
    transformer: bool = False


# Measured: 0, 0.005, 0.006, 0.005, 0.02, 0, 0.069, 0.056, 0.002 and 31, 30, 29, 26, 21, 14, 18, 19, 24 dB.
BARS = {
    "cifar_resnet20": Bar(100, 500, 0.02, 27),
    "cifar_resnet32": Bar(100, 400, 0.02, 27),
    "tiny_resnet8": Bar(100, 500, 0.02, 26),
    "ocr_cls_mobilenetv3": Bar(100, 200, 0.02, 24),
    "ocr_det_ppocrv4": Bar(30, 12, 0.04, 18),
    "ocr_rec_ppocrv4": Bar(40, 50, 0.05, 12),
    "detect_yolo_fastestv2": Bar(60, 50, 0.11, 15),
    "face_ultraface_rfb": Bar(60, 50, 0.1, 16),
    "text_minilm_stsb": Bar(30, 80, 0.02, 20, 0.52, True),  # the float model is stored in half precision
}


class Calibration(DataLoader):
    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.samples = [config["entry"].calibration[i] for i in range(config["count"])]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Any:
        return self.samples[index], None


@dataclass(frozen=True)
class Result:
    """What came of an entry.

    Attributes:
        source: digests of the float model's files from before the run.
        uncompressed: the model before its weights were compressed.
        paths: the saved files.
    """

    entry: Any
    bar: Bar
    source: list[str]
    uncompressed: ov.Model
    paths: dict[str, str]

    def infer(self, model: Any) -> Any:
        return zoo().openvino_infer(model)


@cache
def zoo() -> Any:
    sys.path.insert(0, str(ZOO))
    import zoo as module

    return module


@pytest.fixture(scope="module", params=BARS)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    name = request.param
    entry, bar = zoo().load(name), BARS[name]
    source = digests(entry.model)
    path_to_xml, path_to_bin = str(entry.model), str(entry.model.with_suffix(".bin"))
    model_config = {"model_name": name, "model": path_to_xml, "weights": path_to_bin}
    params = {"target_device": "ANY", "stat_subset_size": 300}
    if bar.transformer:
        params["model_type"] = "transformer"
    algorithms = [{"name": "DefaultQuantization", "params": params}]

    data_loader = Calibration({"entry": entry, "count": bar.calibration})
    model = load_model(model_config=model_config)
    engine = IEEngine(config={"device": "CPU"}, data_loader=data_loader, metric=None)
    pipeline = create_pipeline(algorithms, engine)
    compressed_model = pipeline.run(model=model)
    uncompressed = compressed_model.submodels[0].model.clone()
    compress_model_weights(compressed_model)
    folder = tmp_path_factory.mktemp(name)
    paths = save_model(model=compressed_model, save_path=str(folder), model_name="optimized_model")
    return Result(entry, bar, source, uncompressed, paths[0])


def test_every_entry_has_its_bar() -> None:
    assert sorted(BARS) == sorted(zoo().names())


def test_metric(result: Result) -> None:
    count = result.bar.evaluation
    before = result.entry.evaluate(result.infer(result.entry.model), count)
    after = result.entry.evaluate(result.infer(result.paths["model"]), count)
    assert after >= before - result.bar.drop


def test_fidelity(result: Result) -> None:
    infer = result.infer(result.paths["model"])
    assert result.entry.fidelity(infer, 20) >= result.bar.fidelity


def test_size(result: Result) -> None:
    before = result.entry.model.with_suffix(".bin").stat().st_size
    assert Path(result.paths["weights"]).stat().st_size <= result.bar.size * before


def test_layers_run_in_int8(result: Result) -> None:
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = ov.Core().compile_model(result.paths["model"], "CPU", hints)
    kinds, others = ("Convolution", "Deconvolution", "FullyConnected"), {}
    found = 0
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()
        if info["layerType"].astype(str) in kinds:
            found += 1
            if info["runtimePrecision"].astype(str) not in ("u8", "i8"):
                others[node.get_friendly_name()] = info["runtimePrecision"].astype(str)
    assert found > 5
    assert others == {}


def test_compression_changes_nothing_beyond_rounding(result: Result) -> None:
    before = GraphView(result.uncompressed)
    after = GraphView(ov.Core().read_model(result.paths["model"]))
    for name in before.nodes:
        tensor = TensorId(name)
        if before.type(name) == "FakeQuantize" and before.is_constant(tensor):
            largest = np.abs(before.value(tensor)).max()
            np.testing.assert_allclose(
                after.value(tensor), before.value(tensor), 0, 1e-6 * largest, err_msg=name
            )
    first, second = result.infer(result.uncompressed), result.infer(result.paths["model"])
    feeds = [result.entry.evaluation[i] for i in range(2)]
    for one, other in ((a, b) for feed in feeds for a, b in zip(first(feed), second(feed), strict=True)):
        noise, signal = float(((one - other) ** 2).sum()), float(((one - one.mean()) ** 2).sum())
        assert noise <= 0.01 * signal, "less than 20 dB"


def test_the_source_is_as_it_was(result: Result) -> None:
    assert digests(result.entry.model) == result.source


def digests(model: Path) -> list[str]:
    return [hashlib.sha256(model.with_suffix(s).read_bytes()).hexdigest() for s in (".xml", ".bin")]
