"""What INT8 weights of layers in float cost and save: file sizes and fidelity on networks of the zoo, times of layers.

    python benchmarks/float_layers.py --zoo FOLDER --write

Prints a JSON line for each network and each kind of layer. Times are of one thread, in turns, as ratios of medians.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import openvino as ov
from entries import entries
from openvino import opset13 as op
from tables import Column, Record, table
from workflow import Samples, command_line, parsed, printed, published

from algorithms import DOCUMENT, made_by
from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline
from openvino.tools.pot.engines.profiling import seconds_in_turns

SAMPLES, LAYERS = 40, 4
IGNORED: Mapping[str, str] = {
    "tiny_resnet8": "Convolution",
    "face_ultraface_rfb": "Convolution",
    "text_minilm_stsb": "MatMul",
    "ocr_rec_ppocrv4": "MatMul",
}
"""Network -> layers that stay in float."""

PRECISIONS = ("f32", "bf16")


def algorithms(ignored: str, weights: str) -> list[dict[str, Any]]:
    """Full INT8 but for a type of layers, and what becomes of their weights."""
    params = {"target_device": "CPU", "ignored": {"operations": [{"type": ignored}]}, "float_layers": weights}
    return [{"name": "DefaultQuantization", "params": params}]


def sizes(options: argparse.Namespace) -> Iterator[Record]:
    """Bytes and fidelity of networks with such layers."""
    for entry in entries(options.zoo, options.names or list(IGNORED)):
        ignored = IGNORED.get(entry.name, "Convolution")
        ways = {weights: algorithms(ignored, weights) for weights in ("float", "int8_weights")}
        found = {way: made_by(entry, each, SAMPLES, options.limit or 100) for way, each in ways.items()}
        yield {
            "name": entry.name,
            "ignored": ignored,
            "before": entry.model.with_suffix(".bin").stat().st_size,
            **found,
        }


def network(kind: str, size: int, rows: int) -> ov.Model:
    """Layers of the same size, one behind the other."""
    rng, ones, convolves = np.random.default_rng(0), [1, 1], kind == "convolutions"
    shape = (size, size, 3, 3) if convolves else (size, size)
    x = op.parameter([1, size, rows, rows] if convolves else [rows, size], np.float32, name="x")
    value: Any = x
    for _ in range(LAYERS):
        values = rng.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
        weights = op.constant(values.astype(np.float32))
        if convolves:
            value = op.relu(op.convolution(value, weights, ones, ones, ones, ones))
        else:
            value = op.relu(op.matmul(value, weights, False, True))
    return ov.Model([op.result(value)], [x], "layers")


def with_weights(model: ov.Model, weights: str) -> ov.Model:
    """The same with all layers in float, and what becomes of their weights."""
    shape = tuple(model.input(0).get_shape())
    data = [np.random.default_rng(seed).standard_normal(shape).astype(np.float32) for seed in range(SAMPLES)]
    kind = next(node.get_type_name() for node in model.get_ops() if node.get_type_name() in IGNORED.values())
    engine = IEEngine({"device": "CPU"}, Samples([{"x": each} for each in data]))
    made = create_pipeline(algorithms(kind, weights), engine).run(model.clone())
    compress_model_weights(made)
    return made.submodels[0].model


def share(model: ov.Model, precision: str) -> float:
    """The time with INT8 weights as a share of that without."""
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1}
    data = np.random.default_rng(1).standard_normal(tuple(model.input(0).get_shape())).astype(np.float32)
    compiled = [
        ov.Core().compile_model(with_weights(model, weights), "CPU", settings)
        for weights in ("float", "int8_weights")
    ]
    before, after = seconds_in_turns(compiled, [{0: data}])
    return after / before


def speeds() -> Iterator[Record]:
    """Shares of times of several sizes of layers."""
    for kind, cases in (
        ("convolutions", [(32, 28), (64, 28), (128, 28)]),
        ("products", [(width, rows) for width in (256, 768) for rows in (1, 16, 128)]),
    ):
        models = [network(kind, *case) for case in cases]
        for precision in PRECISIONS:
            yield {
                "layers": kind,
                "precision": precision,
                "shares": [share(each, precision) for each in models],
            }


def shown_sizes(records: list[Record]) -> str:
    """Bytes and dB with and without."""
    columns: list[Column] = [
        ("network", lambda row: row["name"]),
        ("ignored", lambda row: row["ignored"]),
        ("bytes in float", lambda row: f"{row['before']:,}".replace(",", " ")),
    ]
    for key, title in (("float", "bytes"), ("int8_weights", "bytes with INT8 weights")):
        columns += [
            (title, lambda row, key=key: f"{row[key]['bytes']:,}".replace(",", " ")),
            ("dB", lambda row, key=key: f"{row[key]['fidelity']:.1f}"),
        ]
    return table(records, columns)


def shown_speeds(records: list[Record]) -> str:
    """The smallest and the largest share."""
    columns: list[Column] = [
        ("layers", lambda row: row["layers"]),
        ("precision", lambda row: f"`{row['precision']}`"),
        (
            "time with INT8 weights, of that without",
            lambda row: f"{min(row['shares']):.2f} to {max(row['shares']):.2f}",
        ),
    ]
    return table(records, columns)


def main() -> None:
    """Measure sizes and times."""
    options = parsed(command_line(__doc__))
    published(shown_sizes(list(printed(sizes(options)))), "float layers", options.write, DOCUMENT)
    if not options.names:
        published(shown_speeds(list(printed(speeds()))), "float layer times", options.write, DOCUMENT)


if __name__ == "__main__":
    main()
