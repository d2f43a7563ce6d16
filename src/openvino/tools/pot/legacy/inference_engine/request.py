"""Requests: one run of a network at a time."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.legacy.inference_engine.constants import StatusCode, WaitMode
from openvino.tools.pot.legacy.inference_engine.data import CDataPtr
from openvino.tools.pot.legacy.inference_engine.naming import Named, Place, named
from openvino.tools.pot.legacy.inference_engine.tensors import Blob, TensorDesc, in_memory, precision_name
from openvino.tools.pot.utils.errors import DataError, nearest

Described = list[tuple[Place, CDataPtr]]


class VariableState:
    """What a network with memory keeps from run to run."""

    def __init__(self, state: Any) -> None:
        self._state = state

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._state.name)

    @property
    def state(self) -> Blob:
        """A copy of its value."""
        tensor = self._state.state
        desc = TensorDesc(precision_name(tensor.element_type), list(tensor.shape), "ANY")
        return Blob.over(desc, tensor.data.copy())

    @state.setter
    def state(self, blob: Blob) -> None:
        self._state.state = ov.Tensor(blob.buffer.copy())

    def reset(self) -> None:
        """Set it to what it was at the start."""
        self._state.reset()


class InferRequest:
    """One run of a network at a time; ``ExecutableNetwork`` makes it."""

    def __init__(
        self, request: ov.InferRequest, inputs: Described, outputs: Described, finished: threading.Condition
    ) -> None:
        self._request = request
        self._inputs = named([place for place, _ in inputs], inputs)
        self._outputs = named([place for place, _ in outputs], outputs)
        self._set: dict[str, Blob] = {}
        self._started = False
        self._running = False
        self._calling = 0  # callbacks at work: one may start the request anew
        self._finished = finished
        self._callback: Callable[[int, Any], Any] | None = None
        self._data: Any = None

    @property
    def idle(self) -> bool:
        """Whether nothing runs, callbacks included."""
        return not self._running and not self._calling

    @property
    def input_blobs(self) -> Named[Blob]:
        """The inputs by name; what is written to their buffers goes in."""
        blobs = [
            self._set.get(place.name) or _blob(data, self._request.get_input_tensor(place.position).data)
            for place, data in self._inputs.values()
        ]
        return named([place for place, _ in self._inputs.values()], blobs)

    @property
    def output_blobs(self) -> Named[Blob]:
        """Copies of the outputs by name."""
        blobs = [
            _blob(data, self._request.get_output_tensor(place.position).data.copy())
            for place, data in self._outputs.values()
        ]
        return named([place for place, _ in self._outputs.values()], blobs)

    @property
    def inputs(self) -> Named[NDArray[Any]]:
        """The inputs as arrays by name; what is written to them goes in."""
        blobs = self.input_blobs
        return named([place for place, _ in self._inputs.values()], [blob.buffer for blob in blobs.values()])

    @property
    def outputs(self) -> Named[NDArray[Any]]:
        """Copies of the outputs as arrays by name."""
        blobs = self.output_blobs
        return named([place for place, _ in self._outputs.values()], [blob.buffer for blob in blobs.values()])

    def infer(self, inputs: Mapping[str, Any] | None = None) -> None:
        """Run and wait, with values for some inputs; others keep theirs.

        Raises:
            DataError: an input has another name or shape, or the last run isn't over.
        """
        self._fill_all(inputs)
        self._request.infer()
        self._started = True

    def async_infer(self, inputs: Mapping[str, Any] | None = None) -> None:
        """Start a run, with values for some inputs; others keep theirs.

        Raises:
            DataError: an input has another name or shape, or the last run isn't over.
        """
        self._fill_all(inputs)
        # Set each time, as OpenVINO has it put aside while it is being called.
        self._request.set_callback(self._end, None)
        self._started = self._running = True
        self._request.start_async()

    def wait(self, timeout: int | None = None) -> int:
        """Wait for the run to end.

        Args:
            timeout: milliseconds; -1 or none for as long as it takes, 0 for not at all.

        Returns:
            ``OK``, ``RESULT_NOT_READY`` or ``INFER_NOT_STARTED``.
        """
        if not self._started:
            return StatusCode.INFER_NOT_STARTED
        try:
            # An idle one may have a last step before it, which is no work.
            if timeout is None or timeout == WaitMode.RESULT_READY or self.idle:
                self._request.wait()
            elif not self._request.wait_for(timeout):
                return StatusCode.RESULT_NOT_READY
        except RuntimeError:
            self._running = False  # nothing else says so
            raise
        return StatusCode.OK

    def set_blob(self, blob_name: str, blob: Blob) -> None:
        """Let the input be the memory of a blob.

        Raises:
            DataError: there is no such input, or it has another precision, shape or layout.
        """
        place, data = self._input(blob_name)
        desc = blob.tensor_desc
        if desc != data.tensor_desc:
            raise DataError(f"set_blob: input {place.name!r} is {data.tensor_desc}, but the blob is {desc}")
        memory = blob.memory.reshape(in_memory(desc.dims, desc.layout))
        self._request.set_input_tensor(place.position, ov.Tensor(memory, shared_memory=True))
        self._set[place.name] = blob

    def set_completion_callback(self, py_callback: Callable[[int, Any], Any], py_data: Any = None) -> None:
        """Call ``py_callback(status, py_data)`` at the end of each run that is started from now on."""
        self._callback, self._data = py_callback, py_data

    def get_perf_counts(self) -> dict[str, dict[str, Any]]:
        """The times of the layers in microseconds, for networks that were loaded with ``PERF_COUNT``."""
        return {
            info.node_name: {
                "status": info.status.name,
                "exec_type": info.exec_type,
                "layer_type": info.node_type,
                "real_time": round(info.real_time.total_seconds() * 1e6),
                "cpu_time": round(info.cpu_time.total_seconds() * 1e6),
                "execution_index": number,
            }
            for number, info in enumerate(self._request.profiling_info)
        }

    @property
    def latency(self) -> float:
        """The time of the last run in milliseconds."""
        return float(self._request.latency)

    def query_state(self) -> list[VariableState]:
        """The memory of the network."""
        return [VariableState(state) for state in self._request.query_state()]

    def _input(self, name: str) -> tuple[Place, CDataPtr]:
        if name not in self._inputs:
            raise DataError(f"the network has no input {name!r}{nearest(name, self._inputs)}")
        return self._inputs[name]

    def _fill_all(self, inputs: Mapping[str, Any] | None) -> None:
        if self._running:
            raise DataError("the request still runs; wait for it before it is started again")
        for name, value in (inputs or {}).items():
            self._fill(name, np.asarray(value))

    def _fill(self, name: str, value: NDArray[Any]) -> None:
        """Copy values in as numpy does, with conversion and broadcasting, as this API did."""
        place, data = self._input(name)
        tensor = self._request.get_input_tensor(place.position)
        if data.partial_shape.is_dynamic:
            if not data.partial_shape.compatible(ov.PartialShape(list(value.shape))):
                raise DataError(f"input {place.name!r}: shape {value.shape}, expected {data.partial_shape}")
            tensor.shape = value.shape
        memory = tensor.data
        # A shape says dimensions in the order of the default layout, whatever the layout: this API saw memory so.
        target = memory if value.shape == memory.shape else _as_described(memory, data)
        try:
            target[...] = value
        except ValueError as error:
            raise DataError(f"input {place.name!r}: shape {value.shape}, expected {target.shape}") from error

    def _end(self, _: Any) -> None:
        """Runs in a thread of OpenVINO; an error of the callback is printed, as it was by this API."""
        with self._finished:
            self._running = False
            self._calling += 1
        try:
            if self._callback is not None:
                self._callback(int(StatusCode.OK), self._data)
        except Exception:
            traceback.print_exc()
        with self._finished:
            self._calling -= 1
            self._finished.notify_all()


def _as_described(memory: NDArray[Any], data: CDataPtr) -> NDArray[Any]:
    return memory if data.partial_shape.is_dynamic else memory.reshape(data.shape)


def _blob(data: CDataPtr, memory: NDArray[Any]) -> Blob:
    dims = list(memory.shape) if data.partial_shape.is_dynamic else data.shape
    return Blob.over(TensorDesc(data.precision, dims, data.layout), memory)
