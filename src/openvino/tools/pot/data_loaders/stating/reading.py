"""The table of readers, and what all of them together say about a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import openvino as ov

from openvino.tools.pot.data_loaders.stating import (
    anomalib,
    conversion,
    hugging_face,
    model_api,
    onnx_images,
    paddle,
    timm,
    ultralytics,
)
from openvino.tools.pot.data_loaders.stating.sources import Source, UnclearError, source_of
from openvino.tools.pot.data_loaders.stating.statement import Statement, together
from openvino.tools.pot.utils.errors import reason
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

# What the graph was made to do comes before what is done outside of it, the file before its neighbours.
READERS: Mapping[str, Callable[[Source], Statement | None]] = {
    "conversion": conversion.read,
    "ultralytics": ultralytics.read,
    "model_api": model_api.read,
    "onnx_images": onnx_images.read,
    "anomalib": anomalib.read,
    "paddle": paddle.read,
    "timm": timm.read,
    "hugging_face": hugging_face.read,
}
"""Name -> reader of one kind of source, in the order in which they are believed."""

_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What values of kinds that no program writes may end in; files beside a model must not end a run."""


def statements(source: Source) -> tuple[dict[str, Statement], tuple[str, ...]]:
    """What each reader finds, by its name, and a sentence for each source that is not understood.

    A source is taken as a whole or not at all, but for how images get their size.
    """
    found, unclear = {}, []
    for name, read in READERS.items():
        try:
            said = read(source)
        except UnclearError as error:
            unclear.append(f"{error}: nothing of it is used")
        except _ODD as error:
            said_by = f"what {name} would say of {source.name}"
            unclear.append(f"{said_by} can't be read ({reason(error)}): nothing of it is used")
        else:
            if said is not None:
                found[name] = replace(said, unclear="")
                unclear += [said.unclear] if said.unclear else []
    return found, tuple(unclear)


def said_of(model: ov.Model, path: Path | None) -> Statement | None:
    """What a model's file and those beside it say about its images, None where they are silent.

    What is not understood is logged as a warning.

    Args:
        model: as it was read.
        path: of its file or folder; None if it was given in memory.
    """
    found, unclear = statements(source_of(model, path))
    for sentence in unclear:
        logger.warning("%s", sentence)
    return together(found.values())
