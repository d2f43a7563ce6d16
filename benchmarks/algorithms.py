"""The figures of docs/algorithms.md: what lists of algorithms make of networks of the zoo.

    python benchmarks/algorithms.py --zoo FOLDER --write
    python benchmarks/algorithms.py --zoo FOLDER --table alignment tiny_resnet8

Prints a JSON line for each network, and each table when it is whole. Searches take half of the time.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from algorithm_lists import DEFAULT, LISTS, SEARCHED, SMALL, TRIALS, Algorithms, ways
from entries import Entry, entries, openvino_infer
from numpy.typing import NDArray
from openvino import opset13 as op
from tables import Column, Record, table
from workflow import Samples, calibration, closeness, command_line, float_metric, parsed, printed, published

from openvino.tools.pot import (
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.pipeline.tuning import TpeOptimizer

DOCUMENT = "docs/algorithms.md"
FLIPS = 20
"""Bits that are flipped, one at a time."""

Measure = Callable[[Entry, int, int | None], dict[str, Any]]
"""Figures of a network, with so many samples for calibration and at most so many for evaluation."""


class Answered(Samples):
    """Samples with what the float model gives for them, as one row."""

    def __init__(self, entry: Entry, count: int) -> None:
        super().__init__(calibration(entry, count))
        infer = openvino_infer(entry.model)
        self._answers = [np.concatenate([each.ravel() for each in infer(feed)]) for feed in self._feeds]

    def __getitem__(self, index: int) -> Any:
        return self._feeds[index], self._answers[index]


class Likeness(Metric):
    """One less the share of the power of what varies in the outputs that is error."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._errors: list[float] = []
        self._answers: list[NDArray[Any]] = []

    def update(self, output: Sequence[Any], target: Sequence[Any]) -> None:
        """The next sample."""
        found = np.concatenate([np.asarray(each).ravel() for each in output])
        self._answers.append(target[0])
        self._errors.append(float(np.square(found - target[0]).sum()))

    @property
    def value(self) -> dict[str, list[float]]:
        """Of the last sample, the error alone."""
        return {"likeness": [-self._errors[-1]]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all samples."""
        power = float(np.var(self._answers, axis=0).sum()) * len(self._answers)
        return {"likeness": 1 - sum(self._errors) / power}

    def get_attributes(self) -> dict[str, dict[str, str]]:
        """More is better."""
        return {"likeness": {"direction": "higher-better", "type": "likeness"}}


def figures(entry: Entry, made: CompressedModel, limit: int | None) -> dict[str, Any]:
    """Metric, fidelity and bytes of a model as it is stored."""
    compress_model_weights(made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(save_model(made, folder, entry.name)[0]["model"])
        return {**closeness(entry, path, limit), "bytes": path.with_suffix(".bin").stat().st_size}


def made_by(entry: Entry, algorithms: Algorithms, samples: int, limit: int | None) -> dict[str, Any]:
    """Figures of what a list of algorithms makes, and the seconds of processors that it took."""
    engine = IEEngine({"device": "CPU"}, Samples(calibration(entry, samples)))
    started = time.process_time()
    made = create_pipeline(algorithms, engine).run(load_model(entry.model))
    seconds = round(time.process_time() - started, 1)
    return {**figures(entry, made, limit), "cpu_s": seconds}


def noise(entry: Entry, samples: int, limit: int | None) -> dict[str, dict[str, float]]:
    """Of the layers behind DefaultQuantization, in dB: all of them quantized, and each by itself."""
    found = {}
    for mode in ("full_fq_noise", "layerwise_fq_noise"):
        estimator = {"name": "QuantNoiseEstimator", "params": {"mode": mode, "stat_subset_size": 100}}
        engine = IEEngine({"device": "CPU"}, Samples(calibration(entry, samples)))
        pipeline = create_pipeline([DEFAULT, estimator], engine)
        pipeline.run(load_model(entry.model))
        decibels = 10 * np.log10(list(pipeline.algo_seq[-1].noise.values()))
        found[mode] = {"worst": float(decibels.min()), "median": float(np.median(decibels))}
    return found


def searched(entry: Entry, samples: int, limit: int | None) -> dict[str, Any]:
    """What a search finds on the first hundred samples."""
    engine = IEEngine({"device": "CPU"}, Answered(entry, samples), Likeness())
    started = time.process_time()
    pipeline = create_pipeline(SEARCHED, engine)
    params = {"max_trials": TRIALS, "latency_weight": 0, "eval_subset_size": 100}
    search = TpeOptimizer(params, pipeline, engine)
    made = search.run(load_model(entry.model))
    seconds = round(time.process_time() - started)
    first, best = search.trials[0].values, min(search.trials, key=lambda trial: trial.drop).values
    chosen = {key: value for key, value in best.items() if value != first.get(key)}
    return {**figures(entry, made, limit), "cpu_s": seconds, "chosen": chosen}


def flipped(entry: Entry, samples: int, limit: int | None) -> dict[str, float]:
    """The metric of the float network, and its mean with one bit of one weight flipped, as it is and supervised."""
    images = limit or 300
    engine = IEEngine({"device": "CPU"}, Samples(calibration(entry, samples)))
    plain = load_model(entry.model)
    supervised = create_pipeline([{"name": "RangeSupervision"}], engine).run(load_model(entry.model))
    found = {}
    for name, made in (("as it is", plain), ("supervised", supervised)):
        model, rng = made.submodels[0].model, np.random.default_rng(0)
        damaged = (with_a_flip(model, rng) for _ in range(FLIPS))
        found[name] = entry.evaluate(openvino_infer(model), images)
        found[f"{name}, a bit flipped"] = float(
            np.mean([entry.evaluate(openvino_infer(each), images) for each in damaged])
        )
    return found


def with_a_flip(model: ov.Model, rng: np.random.Generator) -> ov.Model:
    """A copy with the highest bit of the exponent of one weight flipped, of a layer and a place drawn at random."""
    copy = model.clone()
    layers = [node for node in copy.get_ordered_ops() if node.get_type_name() in ("Convolution", "MatMul")]
    layer = layers[rng.integers(len(layers))]
    values = np.array(layer.input_value(1).get_node().data, np.float32)
    values.reshape(-1).view(np.uint32)[rng.integers(values.size)] ^= 1 << 30
    layer.input(1).replace_source_output(op.constant(values).output(0))
    return copy


def column(title: str, key: str, form: str) -> Column:
    """Figures of one key of a record."""
    return title, lambda row: form.format(**row[key])


NAME: Column = ("network", lambda row: row["name"])


def of_lists(form: str) -> Callable[[Sequence[Record]], str]:
    """A column for each list."""

    def shown(records: Sequence[Record]) -> str:
        keys = [key for key in records[0] if key != "name"]
        return table(records, [NAME, *(column(key, key, form) for key in keys)], left=1)

    return shown


def of_ways(records: Sequence[Record]) -> str:
    """A row for each way to make weights zero, of one network."""
    (record,) = records
    rows = [{"way": way, **found} for way, found in record.items() if way != "name"]
    columns: list[Column] = [
        ("zeros by", lambda row: row["way"]),
        ("top-1", lambda row: f"{row['int8']:.3f}"),
        ("fidelity, dB", lambda row: f"{row['fidelity']:.1f}" if "fidelity" in row else ""),
        ("seconds of processors", lambda row: f"{row['cpu_s']:.1f}" if "cpu_s" in row else ""),
    ]
    return table(rows, columns, left=1)


def of_noise(records: Sequence[Record]) -> str:
    """Worst layers and medians."""
    columns = [NAME]
    for mode, where in (("full_fq_noise", ""), ("layerwise_fq_noise", "alone, ")):
        columns += [column(f"{where}{key}", mode, f"{{{key}:.1f}}") for key in ("worst", "median")]
    return table(records, columns, left=1)


def of_searches(records: Sequence[Record]) -> str:
    """Beside what is configured, and DefaultQuantization."""
    columns: list[Column] = [
        NAME,
        column("DefaultQuantization", "default", "{fidelity:.1f}"),
        column("as configured", "configured", "{fidelity:.1f}"),
        column(f"best of {TRIALS}", "best", "{fidelity:.1f}"),
        column("seconds of processors", "best", "{cpu_s}"),
        (
            "found",
            lambda row: (
                ", ".join(f"`{k}`: {v}" for k, v in row["best"]["chosen"].items()) or "nothing better"
            ),
        ),
    ]
    return table(records, columns, left=1)


def of_flips(records: Sequence[Record]) -> str:
    """The metric with and without."""
    keys = [key for key in records[0] if key != "name"]
    return table(records, [NAME, *((key, lambda row, key=key: f"{row[key]:.2f}") for key in keys)], left=1)


def each_of(lists: Mapping[str, Algorithms]) -> Measure:
    """What each of several lists makes."""
    return lambda entry, samples, limit: {
        title: made_by(entry, each, samples, limit) for title, each in lists.items()
    }


def zeroed(entry: Entry, samples: int, limit: int | None) -> dict[str, Any]:
    """What ways to make weights zero leave of a network."""
    lists = {**ways(0.5), "30 % by WeightSparsity": ways(0.3)["WeightSparsity"]}
    return {"nothing": {"int8": float_metric(entry, limit)}, **each_of(lists)(entry, samples, limit)}


def beside_a_search(entry: Entry, samples: int, limit: int | None) -> dict[str, Any]:
    """What a search finds, what it begins with, and DefaultQuantization."""
    lists = {"default": [DEFAULT], "configured": SEARCHED}
    return {**each_of(lists)(entry, samples, limit), "best": searched(entry, samples, limit)}


@dataclass(frozen=True)
class Table:
    """A table of docs/algorithms.md.

    Attributes:
        networks: that it has.
        measure: the figures of one.
        shown: the table of all.
    """

    networks: Sequence[str]
    measure: Measure
    shown: Callable[[Sequence[Record]], str]


DECIBELS, WITH_SECONDS = "{fidelity:.1f}", "{fidelity:.2f} ({cpu_s:.0f} s)"
TABLES = {
    "sparsity": Table(("cifar_resnet32",), zeroed, of_ways),
    "supervision": Table(("cifar_resnet32",), flipped, of_flips),
    "splitting": Table(SMALL, each_of(LISTS["splitting"]), of_lists(DECIBELS)),
    "noise": Table(SMALL, noise, of_noise),
    "alignment": Table((*SMALL, "detect_yolo_fastestv2"), each_of(LISTS["alignment"]), of_lists(DECIBELS)),
    "range optimization": Table(SMALL, each_of(LISTS["range optimization"]), of_lists(WITH_SECONDS)),
    "search": Table(SMALL, beside_a_search, of_searches),
}
"""Marker -> table."""


def main() -> None:
    """Measure what the command line asks for."""
    parser = command_line(__doc__)
    parser.add_argument("--table", choices=TABLES, help="one of them (default: all)")
    options = parsed(parser)
    for name, own in TABLES.items():
        if options.table in (None, name):
            found = entries(options.zoo, options.names or own.networks)
            records = printed(
                {"name": each.name, **own.measure(each, options.samples, options.limit)} for each in found
            )
            published(own.shown(list(records)), name, options.write, DOCUMENT)


if __name__ == "__main__":
    main()
