"""The entries of the zoo, each taken through the documented workflow once for all tests of this folder."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from builders import ZOO
from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.utils.runtime import FLOAT32, core

Infer = Callable[[dict[str, Any]], list[NDArray[Any]]]


@dataclass(frozen=True)
class Bar:
    """How one entry is run and what is asked of it.

    Attributes:
        calibration, evaluation: numbers of samples.
        drop: by how much the metric may be below the float model's on the same samples.
        fidelity: what the outputs must reach against the float model's on FIDELITY_SAMPLES samples, in dB.
        size: the share of the float model's weights file.
        transformer: whether model_type says so.
    """

    calibration: int
    evaluation: int
    drop: float
    fidelity: float
    size: float = 0.36
    transformer: bool = False


FIDELITY_SAMPLES = 40

# With few samples figures swing by a decibel or two from one set to another: bars leave room for that.
BARS = {
    "cifar_resnet20": Bar(40, 300, 0.02, 27),
    "cifar_resnet32": Bar(40, 300, 0.02, 27),
    "tiny_resnet8": Bar(40, 300, 0.02, 26),
    "ocr_cls_mobilenetv3": Bar(100, 100, 0.02, 24),
    "ocr_det_ppocrv4": Bar(30, 12, 0.04, 18),
    "ocr_rec_ppocrv4": Bar(40, 40, 0.05, 13),
    "detect_yolo_fastestv2": Bar(40, 50, 0.11, 15),
    "face_ultraface_rfb": Bar(40, 50, 0.1, 16),
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


class ReadOnce(Sequence[Any]):
    """Samples, each of which is decoded when it is first asked for."""

    def __init__(self, samples: Sequence[Any]) -> None:
        self._samples = samples
        self._read: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: Any) -> Any:
        if index not in self._read:
            self._read[index] = self._samples[index]
        return self._read[index]


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
    _compiled: dict[str, ov.CompiledModel] = field(default_factory=dict)
    _answers: dict[tuple[str, int], tuple[Any, list[NDArray[Any]]]] = field(default_factory=dict)

    def compiled(self, path: str | Path) -> ov.CompiledModel:
        """A model as the zoo runs it, compiled once for all tests of the entry."""
        if str(path) not in self._compiled:
            hints = {**FLOAT32, "PERFORMANCE_HINT": "LATENCY"}
            self._compiled[str(path)] = core().compile_model(str(path), "CPU", hints)
        return self._compiled[str(path)]

    def infer(self, path: str | Path) -> Infer:
        """What a model gives for samples of the entry; tests that ask for the same ones share that."""
        request = self.compiled(path).create_infer_request()

        def answers(feed: dict[str, Any]) -> list[NDArray[Any]]:
            key = str(path), id(feed)
            if key not in self._answers:
                request.infer(feed)
                outputs = [np.array(tensor.data) for tensor in request.output_tensors]
                self._answers[key] = feed, outputs  # as long as the sample is kept no other one has its id
            return self._answers[key][1]

        return answers


@cache
def zoo() -> Any:
    sys.path.insert(0, str(ZOO))
    import zoo as module

    return module


def documented_run(name: str, folder: Path) -> Result:
    """What a user's script does, from loading to saving."""
    entry, bar = zoo().load(name), BARS[name]
    entry = replace(entry, evaluation=ReadOnce(entry.evaluation))
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
    paths = save_model(model=compressed_model, save_path=str(folder), model_name="optimized_model")
    return Result(entry, bar, source, uncompressed, paths[0])


def digests(model: Path) -> list[str]:
    return [hashlib.sha256(model.with_suffix(s).read_bytes()).hexdigest() for s in (".xml", ".bin")]
