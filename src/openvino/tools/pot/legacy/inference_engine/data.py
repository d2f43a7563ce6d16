"""What a network says about its inputs and outputs, and what may be set there."""

from __future__ import annotations

from typing import NoReturn

import openvino as ov

from openvino.tools.pot.legacy.inference_engine.constants import ColorFormat, MeanVariant, ResizeAlgorithm
from openvino.tools.pot.legacy.inference_engine.tensors import (
    TensorDesc,
    checked_layout,
    checked_precision,
    default_layout,
)
from openvino.tools.pot.utils.errors import ConfigError, ModelError


class CDataPtr:
    """An input or output: its name, shape, precision and layout."""

    def __init__(self, name: str, shape: ov.PartialShape, precision: str, layout: str | None = None) -> None:
        rank = shape.rank.get_length() if shape.rank.is_static else None
        self._name, self._partial, self._rank = name, shape, rank
        self._precision = precision
        self._layout = layout or ("BLOCKED" if rank is None else default_layout(rank))

    @property
    def name(self) -> str:
        """The name of the layer."""
        return self._name

    @property
    def shape(self) -> list[int]:
        """The dimensions, whatever the layout in the order of the default one.

        Raises:
            ModelError: they are not all fixed.
        """
        if self._partial.is_dynamic:
            raise ModelError(
                f"the shape of {self._name!r} is {self._partial}, which this API has no numbers for; "
                "IENetwork.reshape gives it fixed ones"
            )
        return list(self._partial.to_shape())

    @property
    def partial_shape(self) -> ov.PartialShape:
        """The dimensions, of which some may not be fixed."""
        return self._partial

    @property
    def precision(self) -> str:
        """The precision of the values, such as ``FP32``."""
        return self._precision

    @property
    def layout(self) -> str:
        """The layout, such as ``NCHW``."""
        return self._layout

    @property
    def initialized(self) -> bool:
        """Whether there is such a tensor."""
        return True

    @property
    def tensor_desc(self) -> TensorDesc:
        """Precision, dimensions and layout."""
        return TensorDesc(self._precision, self.shape, self._layout)


class DataPtr(CDataPtr):
    """An input or output of a network, whose precision and layout can be set."""

    @property
    def precision(self) -> str:
        """The precision of the values, such as ``FP32``."""
        return self._precision

    @precision.setter
    def precision(self, precision: str) -> None:
        self._precision = checked_precision(precision)

    @property
    def layout(self) -> str:
        """The layout in which values lie in memory, such as ``NCHW``."""
        return self._layout

    @layout.setter
    def layout(self, layout: str) -> None:
        if self._rank is None:
            raise ConfigError(f"{self._name!r} has no fixed number of dimensions, so it can't have a layout")
        self._layout = checked_layout(layout, self._rank)

    def updated(self, shape: ov.PartialShape) -> DataPtr:
        """The same with another shape, to which the layout applies if the rank is the same."""
        rank = shape.rank.get_length() if shape.rank.is_static else None
        return DataPtr(self._name, shape, self._precision, self._layout if rank == self._rank else None)

    def fixed(self) -> CDataPtr:
        """A copy that can't be changed."""
        return CDataPtr(self._name, self._partial, self._precision, self._layout)


class PreProcessInfo:
    """What the Inference Engine did to inputs on the way in: nothing, here."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def resize_algorithm(self) -> ResizeAlgorithm:
        """``NO_RESIZE``; anything else is refused."""
        return ResizeAlgorithm.NO_RESIZE

    @resize_algorithm.setter
    def resize_algorithm(self, algorithm: ResizeAlgorithm) -> None:
        if algorithm != ResizeAlgorithm.NO_RESIZE:
            self._refuse("resize_algorithm", algorithm)

    @property
    def color_format(self) -> ColorFormat:
        """``RAW``; anything else is refused."""
        return ColorFormat.RAW

    @color_format.setter
    def color_format(self, colours: ColorFormat) -> None:
        if colours != ColorFormat.RAW:
            self._refuse("color_format", colours)

    @property
    def mean_variant(self) -> MeanVariant:
        """``NONE``; anything else is refused."""
        return MeanVariant.NONE

    @mean_variant.setter
    def mean_variant(self, variant: MeanVariant) -> None:
        if variant != MeanVariant.NONE:
            self._refuse("mean_variant", variant)

    def get_number_of_channels(self) -> int:
        """0, as no channel is preprocessed."""
        return 0

    def init(self, number_of_channels: int) -> NoReturn:
        """Refused.

        Raises:
            ConfigError: always.
        """
        self._refuse("channels", number_of_channels)

    def _refuse(self, what: str, value: object) -> NoReturn:
        raise ConfigError(
            f"input {self._name!r}: preprocess_info.{what} is {value}, but preprocessing by this API is not offered; "
            "openvino.preprocess.PrePostProcessor has it"
        )


class InputInfoCPtr:
    """An input of a loaded network."""

    def __init__(self, data: CDataPtr) -> None:
        self._data = data

    @property
    def name(self) -> str:
        """The name of the input."""
        return self._data.name

    @property
    def precision(self) -> str:
        """The precision of the values."""
        return self._data.precision

    @property
    def layout(self) -> str:
        """The layout."""
        return self._data.layout

    @property
    def tensor_desc(self) -> TensorDesc:
        """Precision, dimensions and layout."""
        return self._data.tensor_desc

    @property
    def input_data(self) -> CDataPtr:
        """The tensor that goes in."""
        return self._data


class InputInfoPtr(InputInfoCPtr):
    """An input of a network, whose precision and layout can be set."""

    _data: DataPtr

    def __init__(self, data: DataPtr) -> None:
        super().__init__(data)

    @property
    def precision(self) -> str:
        """The precision of the values."""
        return self._data.precision

    @precision.setter
    def precision(self, precision: str) -> None:
        self._data.precision = precision

    @property
    def layout(self) -> str:
        """The layout in which values lie in memory."""
        return self._data.layout

    @layout.setter
    def layout(self, layout: str) -> None:
        self._data.layout = layout

    @property
    def input_data(self) -> DataPtr:
        """The tensor that goes in."""
        return self._data

    @property
    def preprocess_info(self) -> PreProcessInfo:
        """What is done to the input on the way in."""
        return PreProcessInfo(self.name)
