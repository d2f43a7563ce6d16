"""What models, launchers and datasets of a configuration say; what their lists hold is checked by ``settings``."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.datasets.sources import PathText

IMAGE, CONSTANT = "INPUT", "CONST_INPUT"
"""Types of a model's inputs."""


class ModelEntry(Parameters):
    """What a model says.

    Attributes:
        launchers, datasets: lists, whose entries are checked once it is known which of them counts.
    """

    name: str | None = None
    launchers: Any = None
    datasets: Any = None


class ModelInput(Parameters):
    """What a launcher says of one of the model's inputs.

    Attributes:
        type: ``INPUT`` for the image, ``CONST_INPUT`` for what is the same for all images.
        value: of a constant; of the image it changes nothing, as there is only one.
        layout: of the image, such as ``NCHW``; absent: the model's own, or what its sizes tell.
        precision: changes nothing, as inputs are fed in the model's own.
    """

    name: str
    type: str = IMAGE
    value: Any = None
    layout: str | None = None
    precision: str | None = None


class Launcher(Parameters):
    """What a launcher says; batches and requests change the time, not the figures.

    Attributes:
        model, weights, mo_params, mo_flags, allow_reshape_input: of Accuracy Checker; the model is the one that the
            engine is given, and images that don't fit are errors.
    """

    framework: str
    device: str | None = None
    adapter: Any = None
    model: PathText | None = None
    weights: PathText | None = None
    mo_params: Any = None
    mo_flags: Any = None
    allow_reshape_input: bool = False
    inputs: list[ModelInput] | None = Field(default=None, min_length=1)
    batch: int | None = Field(default=None, ge=1)
    async_mode: bool = False
    num_requests: int | str | None = None
    tags: list[str] | None = None


class Dataset(Parameters):
    """What a dataset says.

    Attributes:
        data_source: folder of the images; absent: the one that the converter names. Without a converter: folder,
            pattern, list (``.txt``) or file of samples.
        annotation: where Accuracy Checker keeps converted annotations; not read.
        dataset_meta: file with names of classes, background and colours, which count before the converter's, if it
            exists.
        segmentation_masks_source, additional_data_source: folder of the masks; absent: the converter's.
        subsample_size: how many samples, or a share such as ``10%``.
        subsample_seed, shuffle: which: drawn by a seed, or the first ones.
    """

    name: str | None = None
    data_source: PathText | None = None
    annotation: PathText | None = None
    dataset_meta: PathText | None = None
    segmentation_masks_source: PathText | None = None
    additional_data_source: PathText | None = None
    subsample_size: int | str | None = None
    subsample_seed: int = Field(default=666, ge=0)
    shuffle: bool = True
    batch: int | None = Field(default=None, ge=1)
    annotation_conversion: Any = None
    reader: Any = None
    preprocessing: Any = None
    postprocessing: Any = None
    metrics: Any = None
