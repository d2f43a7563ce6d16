"""What the command lines of the samples do with a model, once they know its loader and its metric."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.model_utils import compress_model_weights
from openvino.tools.pot.pipeline.initializer import create_pipeline
from openvino.tools.pot.utils.errors import ModelError, PotError
from openvino.tools.pot.utils.logger import init_logger


def given_model(args: Namespace) -> CompressedModel:
    """The model of the arguments of ``get_common_argparser``, named as its file.

    Raises:
        PotError: it can't be read.
    """
    model = Path(args.model).expanduser()
    weights = Path(args.weights).expanduser() if args.weights else model.with_suffix(".bin")
    return load_model({"model_name": model.stem, "model": model, "weights": weights})


def image_side(model: CompressedModel, default: int) -> int:
    """Pixels of a side of the images, channels first, that a model takes; the default where its shape is open.

    Raises:
        ModelError: it takes the channels last.
    """
    shape = model.submodels[0].model.inputs[0].get_partial_shape()
    if shape.rank.is_static and len(shape) == 4 and shape[3] == 3 and not shape[1] == 3:
        raise ModelError(f"the input of {model.name!r} has shape {shape}, expected channels first, [1,3,?,?]")
    return shape[-1].get_length() if shape.rank.is_static and shape[-1].is_static else default


def optimize(
    model: CompressedModel,
    engine: IEEngine,
    algorithm: str = "DefaultQuantization",
    keep_uncompressed_weights: bool = False,
    **params: Any,
) -> None:
    """Quantize a model, save it in the folder ``optimized``, and print its metrics before and after.

    Args:
        model: stays as it is.
        engine: with loader and metric.
        algorithm: its name.
        keep_uncompressed_weights: whether quantized weights are stored as floats.
        params: of the algorithm, beside 300 samples on any device.
    """
    params = {"target_device": "ANY", "stat_subset_size": 300, **params}
    pipeline = create_pipeline([{"name": algorithm, "params": params}], engine)
    before = pipeline.evaluate(model) or {}
    compressed = pipeline.run(model)
    if not keep_uncompressed_weights:
        compress_model_weights(compressed)
    for saved in compressed.save("optimized"):
        print(f"Saved {saved['model']}")
    after = pipeline.evaluate(compressed) or {}
    for name, value in [*((f"{name} before", value) for name, value in before.items()), *after.items()]:
        print(f"{name: <27s}: {value}")


def run(main: Callable[[], object]) -> None:
    """Run a command line, which ends in one sentence if something is wrong."""
    init_logger(level="INFO")
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
