"""Devices by name, and what their tables hold."""

from __future__ import annotations

import openvino as ov
import pytest
from pydantic import ValidationError

from openvino.tools.pot.arithmetic.formats import FORMATS
from openvino.tools.pot.hardware import Device, _merged, find_device
from openvino.tools.pot.utils.errors import ConfigError

DEVICES = ["CPU", "GPU", "NPU"]


@pytest.mark.parametrize(
    ("alias", "name"),
    [("ANY", "CPU"), ("cpu_spr", "CPU"), ("any", "CPU"), ("cpu", "CPU"), ("VPU", "NPU"), ("Gpu", "GPU")],
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
    assert npu.operations == {**npu.operations, **cpu.operations}
    assert set(npu.operations) - set(cpu.operations) == {"GroupConvolutionBackpropData"}
    assert set(npu.operations) - set(gpu.operations) == {"LSTMSequence", "GRUSequence"} == set(gpu.floats)
    differing = {kind for kind, operation in gpu.operations.items() if operation != npu.operations[kind]}
    assert differing == {"ConvolutionBackpropData", "GroupConvolutionBackpropData"}
    assert gpu.transparent == cpu.transparent
    assert not cpu.asymmetric_weights
    assert not gpu.asymmetric_weights
    assert npu.asymmetric_weights


@pytest.mark.parametrize("kind", ["ConvolutionBackpropData", "GroupConvolutionBackpropData"])
def test_the_gpu_has_conditions_for_transposed_convolutions(kind: str) -> None:
    operation = find_device("GPU").operations[kind]
    assert (operation.channels.inputs, operation.channels.outputs) == (4, 16)
    assert operation.static
    assert operation.symmetric == "always"


def test_a_table_takes_away_what_the_other_one_has() -> None:
    table = {
        "name": "A",
        "operations": {"MatMul": {"weights": [1]}, "Gather": {"weights": [0]}},
        "cost": {"a": 1},
    }
    own = {"name": "B", "operations": {"MatMul": None}, "cost": None}
    assert _merged(table, own) == {"name": "B", "operations": {"Gather": {"weights": [0]}}}


@pytest.mark.parametrize("name", DEVICES)
def test_what_was_not_measured_says_so(name: str) -> None:
    device = find_device(name)
    assert device.measured == (name == "CPU")
    assert device.measured or all("not measured" in sentence for sentence in device.faults.values())


def test_what_runs_in_float_is_no_operation_of_the_table() -> None:
    for device in map(find_device, DEVICES):
        assert not set(device.floats) & set(device.operations)
        assert all(exists(kind) for kind in (*device.floats, *device.requires.ranks))


def test_sums_saturate_on_cpus_alone() -> None:
    assert [find_device(name).int16_sums for name in ("ANY", *DEVICES)] == [True, True, False, False]


def test_tables_are_frozen_and_know_their_fields() -> None:
    device = find_device("CPU")
    with pytest.raises(ValidationError):
        device.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="transparant"):
        Device.model_validate({"name": "X", "transparant": {}})
    with pytest.raises(ValidationError, match="chanels"):
        Device.model_validate({"name": "X", "operations": {"MatMul": {"chanels": "last"}}})
