"""What a device asks of a single operation to run it in integers; what that is, its table says."""

from __future__ import annotations

from openvino.tools.pot.graph.channels import CHANNEL_AXIS
from openvino.tools.pot.graph.operations import traits
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.hardware import Device, Operation


def unmet(view: GraphView, name: str, operation: Operation, device: Device) -> str:
    """Which of its conditions an operation does not meet, an empty string where it meets all.

    Sizes are those that the model is stored with, since the device will know no others.
    """
    kind = view.type(name)
    expects = f"{device.name} runs {kind} in INT8 with"
    ends = {"input": view.inputs(name)[traits(kind).data], "output": TensorId(name)}
    multiples = {"input": operation.channels.inputs, "output": operation.channels.outputs}
    for end, multiple in multiples.items():
        found = _channels(view, ends[end])
        if multiple > 1 and (found is None or found % multiple):
            return f"{expects} {end} channels in multiples of {multiple}, found {found or 'any number'}"
    for tensor in ends.values():
        shape = view.stored_shape(tensor)
        if operation.static and (shape is None or None in shape):
            return f"{expects} fixed sizes, found {view.output(tensor).get_partial_shape()}"
    return ""


def _channels(view: GraphView, tensor: TensorId) -> int | None:
    shape = view.stored_shape(tensor) or ()
    return shape[CHANNEL_AXIS] if len(shape) > CHANNEL_AXIS else None
