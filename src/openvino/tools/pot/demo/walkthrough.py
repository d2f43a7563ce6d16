"""The demo: quantize the digits network through the public API, measure both models, print a table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.demo import digits
from openvino.tools.pot.report import measure
from openvino.tools.pot.utils.errors import PotError


class Images(DataLoader):
    """Images with their labels, one image an item."""

    def __init__(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        super().__init__()
        self._images = images
        self._labels = labels

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Any:
        return self._images[index], self._labels[index]


class Accuracy(Metric):
    """The share of images whose largest logit is that of their label."""

    @property
    def avg_value(self) -> dict[str, float]:
        """The share over all images so far."""
        return {"accuracy": float(np.mean(self._hits))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Compare the logits of a batch with its labels."""
        self._hits.extend(output[0].argmax(axis=1) == np.array(target))

    def reset(self) -> None:
        """Forget all images."""
        self._hits: list[bool] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """Larger is better."""
        return {"accuracy": {"direction": "higher-better", "type": "accuracy"}}


@dataclass(frozen=True)
class Figures:
    """What is compared: the same for the float model and the quantized one."""

    accuracy: float
    size: int
    latency: float
    layers: int
    int8_layers: int


def run(arguments: list[str] | None = None) -> int:
    """Run the demo with command line arguments; returns the exit code."""
    options = _parse(arguments)
    data = digits.load()
    console = Console()
    console.print(
        f"Quantizing the embedded digits network to INT8 with {options.samples} calibration images ...\n"
    )
    try:
        started = time.perf_counter()
        path = quantize(data, options.samples, options.output)
        seconds = time.perf_counter() - started
        before, after = compare(data, (data.model_path, path))
    except PotError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console.print(_table(before, after, len(data.evaluation_images)))
    _print_ending(console, path, seconds)
    return 0


def quantize(data: digits.Digits, samples: int, folder: Path) -> Path:
    """Quantize the network as a script of POT's does; returns the path of the saved model."""
    model = load_model({"model_name": "digits_int8", "model": data.model_path})
    loader = Images(data.calibration_images, data.calibration_labels)
    engine = IEEngine({"device": "CPU"}, loader)
    params = {"target_device": "CPU", "stat_subset_size": samples}
    pipeline = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine)
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    return Path(save_model(quantized, folder, "digits_int8")[0]["model"])


def compare(data: digits.Digits, paths: Sequence[Path]) -> list[Figures]:
    """The figures of each model."""
    compiled = [measure.compile_single(path) for path in paths]
    seconds = measure.latencies(compiled, [image[np.newaxis] for image in data.evaluation_images])
    layers = [measure.heavy_layers(model) for model in compiled]
    return [
        Figures(
            accuracy=accuracy(data, path),
            size=measure.weights_size(path),
            latency=latency,
            layers=len(own),
            int8_layers=sum(layer.is_int8 for layer in own),
        )
        for path, latency, own in zip(paths, seconds, layers, strict=True)
    ]


def accuracy(data: digits.Digits, path: Path) -> float:
    """The accuracy of a model on the evaluation images, none of which calibration has seen."""
    engine = IEEngine({"device": "CPU"}, Images(data.evaluation_images, data.evaluation_labels), Accuracy())
    value: float = create_pipeline([], engine).evaluate(load_model(path))["accuracy"]
    return value


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m openvino.tools.pot.demo", description=__doc__)
    parser.add_argument(
        "--samples", type=_samples, default=300, help="calibration images, 1 to 300 (default: %(default)s)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("results/demo"),
        metavar="FOLDER",
        help="where the quantized model goes (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _samples(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 300:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 300")
    return int(text)


def _table(before: Figures, after: Figures, images: int) -> Table:
    table = Table()
    table.add_column("")
    for title in ("FP32", "INT8", "change"):
        table.add_column(title, justify="right")
    points = 100 * (after.accuracy - before.accuracy)
    table.add_row(
        f"accuracy, {images} images",
        f"{before.accuracy:.2%}",
        f"{after.accuracy:.2%}",
        f"{points:+.2f} points",
    )
    table.add_row(
        "size of the weights",
        f"{before.size / 1000:.0f} kB",
        f"{after.size / 1000:.0f} kB",
        f"{before.size / after.size:.1f}x smaller",
    )
    table.add_row(
        "one request, median",
        f"{before.latency * 1000:.2f} ms",
        f"{after.latency * 1000:.2f} ms",
        _speed(before.latency / after.latency),
    )
    table.add_row(
        "layers in INT8",
        f"{before.int8_layers} of {before.layers}",
        f"{after.int8_layers} of {after.layers}",
        "",
    )
    return table


def _speed(ratio: float) -> str:
    return f"{ratio:.1f}x faster" if ratio >= 1 else f"{1 / ratio:.1f}x slower"


def _print_ending(console: Console, path: Path, seconds: float) -> None:
    console.print(
        f"\nLoading, quantizing and saving took {seconds:.1f} s. The INT8 model is here:\n"
        f"  {path}\n"
        f"  {path.with_suffix('.bin')}\n\n"
        "Next, in the source tree: README.md on quantizing a model of your own, examples/ for scripts to start from.",
        highlight=False,
        soft_wrap=True,
    )
