"""What is known of images before the work: whether a network takes their sizes, and how they look as they are fed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from openvino.tools.pot.cli.output import check_writable
from openvino.tools.pot.data_loaders.loaders import FileLoader
from openvino.tools.pot.data_loaders.preview import store_preview
from openvino.tools.pot.data_loaders.stating.reading import said_of
from openvino.tools.pot.engines import probes
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.graph.sizes import is_static, with_shapes
from openvino.tools.pot.utils.errors import ConfigError, ModelError, PotError, reason
from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)

_SIZES = 16
"""Different sizes of images that are tried on a network that leaves them open."""


def check_feeding(model: CompressedModel, engine: IEEngine) -> None:
    """Say how images are fed, and see whether a network of open sizes takes those that they have.

    Raises:
        ConfigError: it doesn't; what helps is named.
    """
    loader = engine.data_loader
    if not isinstance(loader, FileLoader) or loader.reader is None:
        return
    if not is_static(model):
        _check_sizes(model, engine, loader)
    if loader.feeding is not None:
        logger.info("images are %s", loader.feeding)


def _check_sizes(model: CompressedModel, engine: IEEngine, loader: FileLoader) -> None:
    assert loader.reader is not None
    network, target = model.submodels[0].model, loader.reader.target
    port = next(port for port in network.inputs if input_name(port) == target.name)
    for index, shape in _shapes(loader):
        try:
            sizes = [None if axis == "N" else size for axis, size in zip(target.layout, shape, strict=True)]
            with_shapes(model, {target.name: sizes})
        except ModelError as error:
            raise _too_open(model, loader, index, shape, reason(error)) from error
        except ConfigError:
            return  # the sample itself doesn't fit, which is said in other words
    if None not in (target.height, target.width) or port.get_partial_shape().is_static:
        return
    try:
        next(probes.outputs(engine, model, [0], strict=False), None)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, PotError):
            return
        raise _too_open(model, loader, 0, loader.image(0).shape, reason(error)) from error


def _shapes(loader: FileLoader) -> Iterator[tuple[int, Sequence[int]]]:
    """Different shapes that images are fed in, a few of them, each with the first sample that has it."""
    assert loader.reader is not None
    most = _SIZES if None in (loader.reader.target.height, loader.reader.target.width) else 1
    seen: set[tuple[int, ...]] = set()
    for index, shape in loader.shapes():
        if shape not in seen:
            seen.add(shape)
            yield index, shape
        if len(seen) == most:
            return


def _too_open(
    model: CompressedModel, loader: FileLoader, index: int, shape: Sequence[int], why: str
) -> ConfigError:
    """What to say of a network that leaves sizes open and does not take those of an image."""
    assert loader.reader is not None
    sub, target = model.submodels[0], loader.reader.target
    port = next(port for port in sub.model.inputs if input_name(port) == target.name)
    said = said_of(sub.model, sub.source)
    size = None if said is None else said.size
    height, width = (size or (None, None))[0] or 640, (size or (None, None))[1] or 640
    sizes = {"N": 1, "C": loader.reader.channels, "H": height, "W": width}
    example = ",".join(str(sizes[axis]) for axis in target.layout)
    by = "" if said is None or size is None else f" (from {said.source})"
    return ConfigError(
        f"input {target.name!r} is {port.get_partial_shape()}: state --shape, such as --shape [{example}]{by}; the "
        f"network does not take sample {index} as {list(shape)}: {why}"
    )


def preview(models: Sequence[tuple[CompressedModel, IEEngine]], folder: str | None) -> None:
    """Store the first images as they are fed, if a folder for them is given.

    Raises:
        ConfigError: samples are none of images, or the folder can't be written.
    """
    if not folder:
        return
    loaders = [engine.data_loader for _, engine in models]
    if len(loaders) != 1 or not isinstance(loaders[0], FileLoader) or loaders[0].reader is None:
        raise ConfigError("--preview shows images of one input of one network, found other samples")
    check_writable(Path(folder), "preview")
    count = store_preview(loaders[0], Path(folder))
    logger.info("preview: %d images as they are fed are in %s", count, folder)
