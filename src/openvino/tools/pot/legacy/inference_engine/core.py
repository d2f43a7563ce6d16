"""The entry of the Inference Engine API: reading networks and loading them to devices."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import openvino as ov

from openvino.tools.pot.legacy.inference_engine.config import ask, todays_config
from openvino.tools.pot.legacy.inference_engine.data import CDataPtr
from openvino.tools.pot.legacy.inference_engine.executable import ExecutableNetwork
from openvino.tools.pot.legacy.inference_engine.naming import Place, compiled_output_places, input_places
from openvino.tools.pot.legacy.inference_engine.network import IENetwork
from openvino.tools.pot.legacy.inference_engine.tensors import precision_name
from openvino.tools.pot.utils.errors import ConfigError, EngineError, ModelError, reason
from openvino.tools.pot.utils.runtime import core

File = str | os.PathLike[str]


class Versions(NamedTuple):
    """The version of a plugin."""

    major: int
    minor: int
    build_number: str
    description: str


class IECore:
    """Reads networks, and loads them to devices.

    All share one OpenVINO Core, but settings of ``set_config`` apply to the networks that this object loads.

    Raises:
        ConfigError: a configuration file of plugins is given that can't be used.
    """

    def __init__(self, xml_config_file: str = "") -> None:
        self._settings: dict[str, dict[str, Any]] = {}
        if xml_config_file:
            self.register_plugins(xml_config_file)

    @property
    def available_devices(self) -> list[str]:
        """The devices of this machine, such as ``CPU``."""
        return list(core().available_devices)

    def read_network(
        self, model: File | bytes, weights: File | bytes = "", init_from_buffer: bool = False
    ) -> IENetwork:
        """Read a network from files, or from their content if ``init_from_buffer``.

        Raises:
            ModelError: it can't be read.
        """
        return IENetwork(model, weights, init_from_buffer)

    def load_network(
        self,
        network: IENetwork | File,
        device_name: str | None = None,
        config: Mapping[str, Any] | None = None,
        num_requests: int = 1,
    ) -> ExecutableNetwork:
        """Load a network, or the file of one, to a device.

        Args:
            network: the network, which stays as it is.
            device_name: such as ``CPU`` or ``MULTI:GPU,CPU``; absent, OpenVINO chooses.
            config: settings, under their old or new names.
            num_requests: how many requests it gets; 0 for as many as suit the device.

        Raises:
            ConfigError: a setting is no longer offered.
            EngineError: the device can't take the network.
        """
        _check_requests(num_requests)
        source = network if isinstance(network, IENetwork) else IENetwork(network)
        device = device_name or "AUTO"
        settings = self._settings_of(device) | todays_config(config)
        model, inputs, outputs = source.prepared()
        try:
            compiled = core().compile_model(model, device, settings)
        except RuntimeError as error:
            raise EngineError(f"the network can't be loaded to {device!r}: {reason(error)}") from error
        ins, outs = source.inputs, source.outputs
        return ExecutableNetwork(
            compiled,
            [(place, ins[place.name].fixed()) for place in inputs],
            [(place, outs[place.name].fixed()) for place in outputs],
            num_requests,
        )

    def import_network(
        self,
        model_file: File,
        device_name: str,
        config: Mapping[str, Any] | None = None,
        num_requests: int = 1,
    ) -> ExecutableNetwork:
        """Load what ``ExecutableNetwork.export`` wrote.

        Raises:
            ModelError: it can't be read, or is not for this device.
        """
        _check_requests(num_requests)
        path = Path(model_file)
        settings = self._settings_of(device_name) | todays_config(config)
        try:
            compiled = core().import_model(io.BytesIO(path.read_bytes()), device_name, settings)
        except (OSError, RuntimeError) as error:
            raise ModelError(f"{str(path)!r} can't be loaded to {device_name!r}: {reason(error)}") from error
        return ExecutableNetwork(
            compiled,
            _described(input_places(compiled.inputs), compiled.inputs),
            _described(compiled_output_places(compiled.outputs), compiled.outputs),
            num_requests,
        )

    def query_network(
        self, network: IENetwork, device_name: str, config: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """The layers that the device can run, each with the device."""
        return dict(core().query_model(network.ov_model, device_name, todays_config(config)))

    def set_config(self, config: Mapping[str, Any], device_name: str = "") -> None:
        """Settings for the networks that are loaded to a device from now on; no name means every device.

        Raises:
            ConfigError: a setting is no longer offered.
        """
        self._settings.setdefault(device_name, {}).update(todays_config(config))

    def get_config(self, device_name: str, config_name: str) -> Any:
        """A setting of a device.

        Raises:
            ConfigError: there is no such setting.
        """
        (name,) = todays_config({config_name: None}) or (config_name,)
        settings = self._settings_of(device_name)
        return settings[name] if name in settings else self.get_metric(device_name, config_name)

    def get_metric(self, device_name: str, metric_name: str) -> Any:
        """A fact about a device, such as ``FULL_DEVICE_NAME``.

        Raises:
            ConfigError: there is no such fact.
        """
        return ask(lambda name: core().get_property(device_name, name), metric_name)

    def get_versions(self, device_name: str) -> dict[str, Versions]:
        """The versions of the plugins that a device name stands for."""
        return {
            device: Versions(*_numbers(version.build_number), version.build_number, version.description)
            for device, version in core().get_versions(device_name).items()
        }

    def add_extension(self, extension_path: File, device_name: str = "") -> None:
        """Load a library with operations of one's own, for all devices.

        Raises:
            ConfigError: it can't be loaded; those made for the Inference Engine can't be.
        """
        try:
            core().add_extension(str(extension_path))
        except RuntimeError as error:
            raise ConfigError(
                f"extension {str(extension_path)!r} can't be loaded: {reason(error)}; extensions for the "
                "Inference Engine must be built anew for OpenVINO, which has the layers of its CPU extension itself"
            ) from error

    def register_plugin(self, plugin_name: str, device_name: str = "") -> None:
        """Make a plugin known as a device."""
        core().register_plugin(plugin_name, device_name)

    def register_plugins(self, xml_config_file: File) -> None:
        """Make the plugins of a configuration file known.

        Raises:
            ConfigError: it can't be used.
        """
        try:
            core().register_plugins(str(xml_config_file))
        except RuntimeError as error:
            raise ConfigError(
                f"plugins file {str(xml_config_file)!r} can't be used: {reason(error)}"
            ) from error

    def unregister_plugin(self, device_name: str) -> None:
        """Let go of the plugin of a device, which is loaded again when it is next needed.

        Raises:
            ConfigError: there is no such device.
        """
        try:
            core().unload_plugin(device_name)
        except RuntimeError as error:
            raise ConfigError(f"device {device_name!r} can't be unregistered: {reason(error)}") from error

    def _settings_of(self, device: str) -> dict[str, Any]:
        """What ``set_config`` said for a device."""
        members = device.replace(":", ",").split(",")[1:]
        for member in members:
            if self._settings.get(member):
                raise ConfigError(
                    f"settings of set_config for {member!r} can't be handed on to {device!r}; "
                    "give them to load_network"
                )
        return self._settings.get("", {}) | self._settings.get(device, {})


def _check_requests(number: int) -> None:
    if number < 0:
        raise ConfigError(f"num_requests is {number}, expected a positive number, or 0 to let it be chosen")


def _described(places: list[Place], ports: list[ov.ConstOutput]) -> list[tuple[Place, CDataPtr]]:
    return [
        (place, CDataPtr(place.name, port.get_partial_shape(), precision_name(port.get_element_type())))
        for place, port in zip(places, ports, strict=True)
    ]


def _numbers(build: str) -> tuple[int, int]:
    """The year and the release in a build number such as ``2026.4.1-22982``."""
    major, minor = build.split("-")[0].split(".")[:2]
    return int(major), int(minor)
