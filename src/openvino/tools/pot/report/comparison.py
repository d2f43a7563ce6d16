"""A float model beside the quantized one: a metric, the weights, the time of a request, the layers in INT8."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import openvino as ov

from openvino.tools.pot.graph.model import save_model
from openvino.tools.pot.report.measure import compile_single, heavy_layers, latencies, weights_size
from openvino.tools.pot.utils.errors import DataError, reason
from openvino.tools.pot.utils.folders import write_file

Unit = Literal["", "bytes", "seconds", "layers"]
AnyModel = ov.Model | str | Path

_SCALES = {"bytes": ((1e6, "MB"), (1e3, "kB")), "seconds": ((1.0, "s"), (1e-3, "ms"))}


@dataclass(frozen=True)
class Row:
    """One figure of both models.

    Attributes:
        name: what it is.
        before: of the float model.
        after: of the quantized one.
        unit: empty for metrics.
        of: for layers, how many there are in each model.
    """

    name: str
    before: float
    after: float
    unit: Unit = ""
    of: tuple[int, int] | None = None

    def cells(self) -> tuple[str, str]:
        """Both figures in words; with a unit, the larger one has three digits that count."""
        if self.of is not None:
            return f"{self.before} of {self.of[0]}", f"{self.after} of {self.of[1]}"
        largest = max(self.before, self.after)
        scales = _SCALES.get(self.unit)
        if scales is None:
            return f"{self.before:.4f}", f"{self.after:.4f}"
        size, name = next((scale for scale in scales if largest >= scale[0]), scales[-1])
        digits = 2 if largest < 10 * size else 1 if largest < 100 * size else 0
        return f"{self.before / size:.{digits}f} {name}", f"{self.after / size:.{digits}f} {name}"


@dataclass(frozen=True)
class Comparison:
    """What quantization changed.

    Attributes:
        metric: the figure that tells how good the models are.
        others: further figures; those of a cascade's networks have names of their own.
    """

    metric: Row
    others: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All figures, the metric first."""
        return (self.metric, *self.others)

    def total(self, unit: Unit) -> Row:
        """The sum of the figures of a unit: weights or layers of all networks of a cascade."""
        rows = [row for row in self.rows if row.unit == unit]
        before, after = sum(row.before for row in rows), sum(row.after for row in rows)
        counts = [row.of for row in rows if row.of is not None]
        of = (sum(one for one, _ in counts), sum(other for _, other in counts)) if counts else None
        return Row(f"all {unit}", before, after, unit, of)

    def table(self, after: str = "INT8") -> str:
        """A line for each figure, below one of titles.

        Args:
            after: title of the quantized model's column.
        """
        width = max(32, *(len(row.name) + 2 for row in self.rows))
        lines = [("", "float", after), *((row.name, *row.cells()) for row in self.rows)]
        return "\n".join(f"{name:{width}}{before:>12}{after:>12}" for name, before, after in lines)

    def save(self, path: str | Path) -> None:
        """Write all figures as JSON, with the name of the metric's row; the folder is made where absent."""
        content = {"metric": self.metric.name, "rows": [_as_json(row) for row in self.rows]}
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, f"{json.dumps(content, indent=1)}\n".encode())

    @classmethod
    def load(cls, path: str | Path) -> Comparison:
        """What ``save`` wrote.

        Raises:
            DataError: the file can't be read, or is none of those.
        """
        try:
            content = json.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise DataError(f"comparison {str(path)!r} can't be read: {reason(error)}") from error
        try:
            rows = [_from_json(entry) for entry in content["rows"]]
            (metric,) = [row for row in rows if row.name == content["metric"]]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"comparison {str(path)!r}: expected 'rows' and one of their names as 'metric', as save writes them"
            ) from error
        return cls(metric, tuple(row for row in rows if row is not metric))


def metric_row(name: str, values: Sequence[float]) -> Row:
    """A metric of the float model and of the quantized one."""
    before, after = values
    return Row(name, float(before), float(after))


def seconds_row(name: str, values: Sequence[float]) -> Row:
    """A time of the float model and of the quantized one."""
    before, after = values
    return Row(name, float(before), float(after), "seconds")


def model_rows(
    models: Sequence[AnyModel],
    feeds: Sequence[Any],
    prefix: str = "",
    repeats: int = 200,
    warm_up: int = 10,
) -> tuple[Row, Row, Row]:
    """Size of the weights, time of a request and number of INT8 layers.

    Args:
        models: the float one and the quantized one; paths of IRs, or models as they will run.
        feeds: what a request takes; used in turn.
        prefix: of the names, such as that of one of a cascade's networks.
        repeats: requests that count, for each model.
        warm_up: requests before them that don't count.
    """
    sizes = [_weights(model) for model in models]
    compiled = [compile_single(model) for model in models]
    times = latencies(compiled, feeds, repeats, warm_up)
    layers = [heavy_layers(each) for each in compiled]
    int8 = [sum(layer.is_int8 for layer in own) for own in layers]
    return (
        Row(f"{prefix}weights", sizes[0], sizes[1], "bytes"),
        seconds_row(f"{prefix}one request", times),
        Row(f"{prefix}layers in INT8", int8[0], int8[1], "layers", (len(layers[0]), len(layers[1]))),
    )


def _weights(model: AnyModel) -> int:
    """Bytes of the ``.bin`` file, which a model in memory hasn't got yet."""
    if not isinstance(model, ov.Model):
        return weights_size(model)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return weights_size(save_model(model, folder, "model")[0]["model"])


def _as_json(row: Row) -> dict[str, Any]:
    totals = {} if row.of is None else {"of": row.of}
    return {"name": row.name, "float": row.before, "int8": row.after, "unit": row.unit, **totals}


def _from_json(entry: dict[str, Any]) -> Row:
    of = tuple(entry["of"]) if "of" in entry else None
    return Row(entry["name"], entry["float"], entry["int8"], entry["unit"], of)
