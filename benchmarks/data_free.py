"""Calibration without data: images that are made up, and uniform noise, beside real samples.

For the networks of a zoo that take images, whose ``entry.json`` says how pixels are normalised. Prints a JSON line for
each network, and a Markdown table at the end.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from entries import Entry, Feed, entries
from numpy.typing import NDArray
from tables import NETWORK, Column, table
from workflow import (
    calibration,
    closeness,
    command_line,
    float_metric,
    parsed,
    printed,
    published,
    quantize,
)

from openvino.tools.pot.data_loaders.layout import image_input
from openvino.tools.pot.data_loaders.synthetic import made_image

Pixels = NDArray[Any]


def noise(seed: int, height: int, width: int) -> Pixels:
    """Pixels that know nothing of each other."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def feeds(
    entry: Entry, facts: Mapping[str, Any], make: Callable[[int, int, int], Pixels], count: int
) -> list[Feed]:
    """As many made images as there would be samples, normalised as the network wants it."""
    target = image_input(ov.Core().read_model(entry.model).get_parameters()[0])
    assert target.height is not None
    assert target.width is not None
    mean, std = (np.asarray(facts[key], np.float32) for key in ("mean", "std"))
    images = (make(seed, target.height, target.width) for seed in range(count))
    return [{target.name: target.arranged((image - mean) / std)} for image in images]


def record(entry: Entry, facts: Mapping[str, Any], limit: int | None, count: int) -> dict[str, Any]:
    """The figures of one network, quantized with each kind of samples."""
    kinds: dict[str, Sequence[Feed]] = {
        "real": calibration(entry, count),
        "made": feeds(entry, facts, made_image, count),
        "noise": feeds(entry, facts, noise, count),
    }
    found = {}
    for kind, samples in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            found[kind] = closeness(entry, quantize(entry, samples, Path(folder)), limit)
    return {"name": entry.name, "metric": entry.metric, "float": float_metric(entry, limit), **found}


def _figure(kind: str, key: str, digits: int) -> Column:
    title = {"int8": kind, "fidelity": f"{kind}, dB"}[key]
    return title, lambda r: f"{r[kind][key]:.{digits}f}"


COLUMNS: tuple[Column, ...] = (
    *NETWORK,
    ("float", lambda r: f"{r['float']:.4f}"),
    *(_figure(kind, "int8", 4) for kind in ("real", "made", "noise")),
    *(_figure(kind, "fidelity", 1) for kind in ("real", "made", "noise")),
)


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options = parsed(command_line(__doc__))
    facts = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in options.zoo.glob("*/entry.json")
    }
    pictured = {name for name, each in facts.items() if each.get("feed") == "image"}
    wanted = (entry for entry in entries(options.zoo, options.names) if entry.name in pictured)
    found = (record(entry, facts[entry.name], options.limit, options.samples) for entry in wanted)
    published(table(list(printed(found)), COLUMNS), "data free", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
