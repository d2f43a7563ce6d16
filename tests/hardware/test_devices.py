"""Devices by name, and what their tables hold."""

from __future__ import annotations

import openvino as ov
import pytest
from pydantic import ValidationError

from openvino.tools.pot.arithmetic.formats import FORMATS
from openvino.tools.pot.hardware import Device, find_device
from openvino.tools.pot.utils.errors import ConfigError

DEVICES = ["CPU", "GPU", "NPU"]


@pytest.mark.parametrize(
    ("alias", "name"), [("ANY", "CPU"), ("any", "CPU"), ("cpu", "CPU"), ("VPU", "NPU"), ("Gpu", "GPU")]
)
def test_aliases_in_any_case(alias: str, name: str) -> None:
    assert find_device(alias).name == name
    assert find_device(alias) is find_device(name)


@pytest.mark.parametrize(("alias", "name"), [("gna", "GNA"), ("GNA2", "GNA"), ("GNA3.5", "GNA3")])
def test_generations_of_gna(alias: str, name: str) -> None:
    assert find_device(alias).name == name
    assert find_device(alias).integers is not None


def test_gna3_stores_weights_of_convolutions_in_8_bits() -> None:
    older, newer = (find_device(name).operations for name in ("GNA", "GNA3"))
    assert older.keys() == newer.keys()
    assert {kind for kind in older if older[kind] != newer[kind]} == {"Convolution", "GroupConvolution"}
    assert (older["Convolution"].scheme.format, newer["Convolution"].scheme.format) == ("i16", "i8")
    assert newer["Convolution"].schemes["accuracy"] == older["Convolution"].scheme
    assert FORMATS[newer["Convolution"].scheme.format].narrow == 255


@pytest.mark.parametrize(
    ("name", "near"), [("CPUU", "CPU"), ("npu2", "NPU"), ("VPUX", "VPU"), ("GPU.0", "GPU")]
)
def test_unknown_devices_name_the_nearest(name: str, near: str) -> None:
    with pytest.raises(
        ConfigError, match=f"target_device is '{name}', expected one of .*did you mean '{near}'"
    ):
        find_device(name)


def test_a_name_like_no_other_lists_what_is_known() -> None:
    with pytest.raises(ConfigError, match=r"'HDDL'.*ANY.*NPU") as raised:
        find_device("HDDL")
    assert "did you mean" not in str(raised.value)


@pytest.mark.parametrize("name", [*DEVICES, "GNA", "GNA3"])
def test_tables_name_operations_that_exist(name: str) -> None:
    device = find_device(name)
    for kind in (*device.operations, *device.transparent, *device.averaging):
        assert exists(kind)
    for operation in device.operations.values():
        assert operation.activations or operation.weights
        assert all(exists(kind) for kind in operation.joining)
    if device.integers is not None:
        of_data = (*device.integers.functions, *device.integers.ends, *device.integers.passive)
        assert all(exists(kind) for kind in of_data if kind not in ("Parameter", "Result"))
        assert not set(device.operations) & {*of_data, *device.transparent}
    assert not set(device.operations) & set(device.averaging)
    assert not set(device.transparent) & set(device.averaging)


def exists(kind: str) -> bool:
    opsets = (getattr(ov, f"opset{number}") for number in range(1, 16))
    return any(kind.lower() == name.replace("_", "") for opset in opsets for name in dir(opset))


def test_devices_differ_only_where_the_tables_say() -> None:
    cpu, gpu, npu = (find_device(name) for name in DEVICES)
    assert gpu.operations == npu.operations == {**gpu.operations, **cpu.operations}
    assert set(gpu.operations) - set(cpu.operations) == {"GroupConvolutionBackpropData"}
    assert gpu.transparent == cpu.transparent
    assert not cpu.asymmetric_weights
    assert not gpu.asymmetric_weights
    assert npu.asymmetric_weights


def test_sums_saturate_on_cpus_alone() -> None:
    assert [find_device(name).int16_sums for name in ("ANY", *DEVICES)] == [True, True, False, False]


def test_tables_are_frozen_and_know_their_fields() -> None:
    device = find_device("CPU")
    with pytest.raises(ValidationError):
        device.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="transparant"):
        Device.model_validate({"name": "X", "transparant": {}})
    with pytest.raises(ValidationError, match="channels"):
        Device.model_validate({"name": "X", "operations": {"MatMul": {"channels": "last"}}})
