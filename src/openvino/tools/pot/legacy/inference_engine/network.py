"""Networks that were read and not loaded yet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openvino as ov
from openvino.preprocess import PrePostProcessor

from openvino.tools.pot.legacy.inference_engine.data import DataPtr, InputInfoPtr
from openvino.tools.pot.legacy.inference_engine.naming import (
    Named,
    Place,
    input_places,
    name_results,
    named,
    output_places,
    tensor_name,
)
from openvino.tools.pot.legacy.inference_engine.tensors import (
    PRECISIONS,
    default_layout,
    permuted,
    precision_name,
)
from openvino.tools.pot.utils.errors import ConfigError, ModelError, nearest, reason
from openvino.tools.pot.utils.runtime import core

# Ranks of speech and of scalars, whose first dimension the Inference Engine did not take for the batch.
_WITHOUT_BATCH = (0, 1, 3)

File = str | os.PathLike[str]


@dataclass(frozen=True)
class IENetLayer:
    """A layer: its name and type."""

    name: str
    type: str


class IENetwork:
    """A network.

    Args:
        model: an ``openvino.Model``, the path of a model file, or its content if ``init_from_buffer``.
        weights: the path of the .bin file, or its content; default beside the model file.
        init_from_buffer: whether both are content.

    Raises:
        ModelError: it can't be read.
    """

    def __init__(
        self,
        model: ov.Model | File | bytes,
        weights: File | bytes = "",
        init_from_buffer: bool = False,
    ) -> None:
        if not isinstance(model, ov.Model):
            model = read_buffers(model, weights) if init_from_buffer else read_files(model, weights)
        self.ov_model: ov.Model = model
        self._inputs: dict[str, DataPtr] = {}
        self._outputs: dict[str, DataPtr] = {}
        self._describe()

    def _describe(self) -> None:
        """Say how inputs and outputs are now, with what was set for them."""
        self._input_places = input_places(self.ov_model.inputs)
        self._output_places = output_places(self.ov_model)
        for places, ports, data, precision in (
            (self._input_places, self.ov_model.inputs, self._inputs, _input_precision),
            (self._output_places, self.ov_model.outputs, self._outputs, _output_precision),
        ):
            for place in places:
                port = ports[place.position]
                fresh = DataPtr(place.name, port.get_partial_shape(), precision(port.get_element_type()))
                known = data.get(place.name, fresh)
                data[place.name] = known.updated(port.get_partial_shape())

    @property
    def name(self) -> str:
        """The name of the network."""
        return str(self.ov_model.get_friendly_name())

    @property
    def input_info(self) -> Named[InputInfoPtr]:
        """The inputs by name."""
        infos = [InputInfoPtr(self._inputs[place.name]) for place in self._input_places]
        return named(self._input_places, infos)

    @property
    def inputs(self) -> Named[DataPtr]:
        """The tensors that go in by name."""
        return named(self._input_places, [self._inputs[place.name] for place in self._input_places])

    @property
    def outputs(self) -> Named[DataPtr]:
        """The tensors that come out by name."""
        return named(self._output_places, [self._outputs[place.name] for place in self._output_places])

    @property
    def layers(self) -> dict[str, IENetLayer]:
        """The layers by name, in the order in which they run."""
        nodes = self.ov_model.get_ordered_ops()
        layers = [IENetLayer(node.get_friendly_name(), node.get_type_name()) for node in nodes]
        return {layer.name: layer for layer in layers if layer.type not in ("Constant", "Result")}

    @property
    def batch_size(self) -> int:
        """The first dimension of the inputs; 1 where the Inference Engine saw no batch there."""
        for data in self._inputs.values():
            if len(data.shape) not in _WITHOUT_BATCH:
                return data.shape[0]
        return 1

    @batch_size.setter
    def batch_size(self, batch: int) -> None:
        if batch <= 0:
            raise ConfigError(f"batch_size is {batch}, expected a positive number")
        shapes = {name: data.shape for name, data in self._inputs.items()}
        without = [name for name, shape in shapes.items() if len(shape) in _WITHOUT_BATCH]
        if without and batch != self.batch_size:
            raise ConfigError(f"batch_size can't be set, as input {without[0]!r} has no batch; use reshape")
        if not without:
            self.reshape({name: [batch, *shape[1:]] for name, shape in shapes.items()})

    def reshape(self, input_shapes: Mapping[str, Sequence[int]]) -> None:
        """Give inputs other shapes; those that aren't named keep theirs.

        Raises:
            ConfigError: there is no input of this name.
            ModelError: the network can't have these shapes.
        """
        position = named(self._input_places, [place.position for place in self._input_places])
        for name in input_shapes:
            if name not in position:
                raise ConfigError(f"reshape: the network has no input {name!r}{nearest(name, position)}")
        shapes = {
            self.ov_model.input(position[name]): ov.PartialShape([int(size) for size in shape])
            for name, shape in input_shapes.items()
        }
        try:
            self.ov_model.reshape(shapes)
        except RuntimeError as error:
            raise ModelError(
                f"the network can't be given the shapes {input_shapes}: {reason(error)}"
            ) from error
        self._describe()

    def add_outputs(self, outputs: str | tuple[str, int] | list[str | tuple[str, int]]) -> None:
        """Make layers outputs too: names, or pairs of a name and an output port.

        Raises:
            ModelError: there is no such layer.
        """
        nodes = {node.get_friendly_name(): node for node in self.ov_model.get_ops()}
        for each in outputs if isinstance(outputs, list) else [outputs]:
            name, port = (each, 0) if isinstance(each, str) else each
            if name not in nodes:
                raise ModelError(f"add_outputs: the network has no layer {name!r}{nearest(name, nodes)}")
            output = nodes[name].output(port)
            if not output.get_names():  # OpenVINO would make one up
                output.set_names({tensor_name(output)})
            if tensor_name(output) not in self._outputs:
                self.ov_model.add_outputs(output)
                self._describe()

    def serialize(self, path_to_xml: File, path_to_bin: File = "") -> None:
        """Write the network; the weights go beside it by default."""
        weights = Path(path_to_bin) if path_to_bin else Path(path_to_xml).with_suffix(".bin")
        ov.serialize(self.ov_model, str(path_to_xml), str(weights))

    def get_ov_name_for_tensor(self, orig_name: str) -> str:
        """The name of the layer whose output the framework called ``orig_name``.

        Raises:
            ModelError: there is none.
        """
        for node in self.ov_model.get_ops():
            for output in node.outputs():
                if orig_name in output.get_names() and node.get_type_name() != "Result":
                    return tensor_name(output)
        raise ModelError(f"the network has no tensor {orig_name!r}")

    def prepared(self) -> tuple[ov.Model, list[Place], list[Place]]:
        """A copy that takes and gives tensors as they are described, and its places."""
        model = self.ov_model.clone()
        name_results(model)
        steps = PrePostProcessor(model)
        changed = [
            _set_tensor(side(place.position), ports[place.position], data[place.name])
            for side, places, ports, data in (
                (steps.input, self._input_places, model.inputs, self._inputs),
                (steps.output, self._output_places, model.outputs, self._outputs),
            )
            for place in places
        ]
        return steps.build() if any(changed) else model, self._input_places, self._output_places


def _set_tensor(step: object, port: ov.Output, data: DataPtr) -> bool:
    """Let a step of preprocessing lead from the described tensor to the model's; whether they differ."""
    kind = PRECISIONS[data.precision]
    if kind != port.get_element_type():
        step.tensor().set_element_type(kind)  # type: ignore[attr-defined] # InputInfo and OutputInfo share no base
    if permuted(data.layout):
        rank = port.get_partial_shape().rank.get_length()
        step.model().set_layout(ov.Layout(default_layout(rank)))  # type: ignore[attr-defined]
        step.tensor().set_layout(ov.Layout(data.layout))  # type: ignore[attr-defined]
    return kind != port.get_element_type() or permuted(data.layout)


def _input_precision(kind: ov.Type) -> str:
    """Half floats went in as whole ones."""
    return "FP32" if kind in (ov.Type.f16, ov.Type.bf16) else precision_name(kind)


def _output_precision(kind: ov.Type) -> str:
    """Whole numbers came out as I32, everything else as FP32."""
    return "I32" if kind in (ov.Type.i32, ov.Type.i64) else "FP32"


def read_files(model: object, weights: object = "") -> ov.Model:
    """Read a model file.

    Raises:
        ModelError: a file is missing or can't be read.
    """
    if not isinstance(model, (str, os.PathLike)) or not isinstance(weights, (str, os.PathLike, type(None))):
        raise ModelError("a network is given as content, which needs init_from_buffer=True")
    path = Path(model)
    # Other formats hold their weights, or know where they are.
    beside = Path(weights) if weights and path.suffix == ".xml" else None
    for kind, file in (("model", path), ("weights", beside)):
        if file is not None and not file.is_file():
            raise ModelError(f"{kind} file {str(file)!r} does not exist")
    try:
        return core().read_model(path, beside) if beside else core().read_model(path)
    except Exception as error:
        raise ModelError(f"model file {str(path)!r} can't be read: {reason(error)}") from error


def read_buffers(model: object, weights: object) -> ov.Model:
    """Read the content of an .xml and a .bin file.

    Raises:
        ModelError: it is not content, or not that of a model.
    """
    if isinstance(model, str):
        model = model.encode()
    if not isinstance(model, (bytes, bytearray)) or not isinstance(weights, (bytes, bytearray, memoryview)):
        raise ModelError(
            f"init_from_buffer is set, but model and weights are {type(model).__name__} and "
            f"{type(weights).__name__}, expected bytes"
        )
    try:
        return core().read_model(bytes(model), bytes(weights))
    except Exception as error:
        raise ModelError(f"the model can't be read from memory: {reason(error)}") from error
