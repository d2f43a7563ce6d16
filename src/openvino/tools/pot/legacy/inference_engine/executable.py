"""Networks that are loaded to a device, and their requests."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.legacy.inference_engine.config import ask
from openvino.tools.pot.legacy.inference_engine.constants import StatusCode, WaitMode
from openvino.tools.pot.legacy.inference_engine.data import CDataPtr, InputInfoCPtr
from openvino.tools.pot.legacy.inference_engine.naming import Named, Place, named
from openvino.tools.pot.legacy.inference_engine.network import IENetwork
from openvino.tools.pot.legacy.inference_engine.request import InferRequest
from openvino.tools.pot.utils.errors import ConfigError

_LONGEST = 0.1  # seconds until requests are looked after

Described = list[tuple[Place, CDataPtr]]


class ExecutableNetwork:
    """A network on a device; ``IECore.load_network`` makes it."""

    def __init__(
        self, compiled: ov.CompiledModel, inputs: Described, outputs: Described, num_requests: int
    ) -> None:
        self._compiled = compiled
        self._inputs, self._outputs = inputs, outputs
        count = num_requests or compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._finished = threading.Condition()
        self._requests = [
            InferRequest(compiled.create_infer_request(), inputs, outputs, self._finished)
            for _ in range(count)
        ]

    @property
    def requests(self) -> list[InferRequest]:
        """The requests."""
        return self._requests

    @property
    def input_info(self) -> Named[InputInfoCPtr]:
        """The inputs by name."""
        return named([place for place, _ in self._inputs], [InputInfoCPtr(data) for _, data in self._inputs])

    @property
    def inputs(self) -> Named[CDataPtr]:
        """The tensors that go in by name."""
        return named([place for place, _ in self._inputs], [data for _, data in self._inputs])

    @property
    def outputs(self) -> Named[CDataPtr]:
        """The tensors that come out by name."""
        return named([place for place, _ in self._outputs], [data for _, data in self._outputs])

    def infer(self, inputs: Mapping[str, Any] | None = None) -> Named[NDArray[Any]]:
        """Run the first request; returns copies of the outputs by name.

        Raises:
            DataError: an input has another name or shape.
        """
        request = self._requests[0]
        request.infer(inputs)
        return request.outputs

    def start_async(self, request_id: int, inputs: Mapping[str, Any] | None = None) -> InferRequest:
        """Start a request and return it.

        Raises:
            ConfigError: there is no request of this number.
        """
        if request_id not in range(len(self._requests)):
            raise ConfigError(f"request_id is {request_id}, expected one of {len(self._requests)} from 0 on")
        request = self._requests[request_id]
        request.async_infer(inputs)
        return request

    def wait(self, num_requests: int | None = None, timeout: int | None = None) -> int:
        """Wait until a number of requests, by default all, are idle.

        Args:
            num_requests: how many.
            timeout: milliseconds; -1 or none for as long as it takes, 0 for not at all.

        Returns:
            ``OK`` or ``RESULT_NOT_READY``.

        Raises:
            RuntimeError: a request failed.
        """
        wanted = len(self._requests) if num_requests is None else num_requests
        until = _deadline(timeout)
        with self._finished:
            while sum(request.idle for request in self._requests) < wanted:
                left = _LONGEST if until is None else until - time.monotonic()
                if left <= 0:
                    return StatusCode.RESULT_NOT_READY
                if not self._finished.wait(min(left, _LONGEST)):
                    for request in self._requests:
                        request.wait(WaitMode.STATUS_ONLY)  # one that failed tells nobody else
        return StatusCode.OK

    def get_idle_request_id(self) -> int:
        """The number of a request that runs nothing, -1 if all do."""
        return next((number for number, request in enumerate(self._requests) if request.idle), -1)

    def get_metric(self, metric_name: str) -> Any:
        """A fact about the loaded network, such as ``OPTIMAL_NUMBER_OF_INFER_REQUESTS``.

        Raises:
            ConfigError: there is no such fact.
        """
        return ask(self._compiled.get_property, metric_name)

    def get_config(self, config_name: str) -> Any:
        """A setting of the loaded network.

        Raises:
            ConfigError: there is no such setting.
        """
        return self.get_metric(config_name)

    def set_config(self, config: Mapping[str, Any]) -> None:
        """Refused: give settings to ``IECore.load_network``.

        Raises:
            ConfigError: always, if there is a setting.
        """
        if config:
            raise ConfigError(
                f"config {dict(config)} can't be set on a loaded network; give it to load_network"
            )

    def get_exec_graph_info(self) -> IENetwork:
        """The network as the device runs it."""
        return IENetwork(self._compiled.get_runtime_model())

    def export(self, model_file: str | os.PathLike[str]) -> None:
        """Write the network as the device has it, for ``IECore.import_network``."""
        Path(model_file).write_bytes(self._compiled.export_model().getvalue())


def _deadline(timeout: int | None) -> float | None:
    if timeout is None or timeout == WaitMode.RESULT_READY:
        return None
    return time.monotonic() + timeout / 1000
