"""``openvino.inference_engine`` on today's OpenVINO gives the numbers, names and errors that scripts expect of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from compiled_once import compiled_anew
from openvino.tools.pot.legacy.inference_engine import (
    Blob,
    ColorFormat,
    IECore,
    IENetwork,
    ResizeAlgorithm,
    StatusCode,
    TensorDesc,
    get_version,
    read_network,
)
from openvino.tools.pot.legacy.inference_engine.config import todays_config
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError, PotError

IMAGES = builders.images(4)
F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    ov.serialize(builders.network(), tmp_path / "net.xml", tmp_path / "net.bin")
    return tmp_path / "net.xml", tmp_path / "net.bin"


def loaded(network: ov.Model | IENetwork, requests: int = 1, **config: str) -> Any:
    source = network if isinstance(network, IENetwork) else IENetwork(network)
    return IECore().load_network(source, "CPU", F32 | config, requests)


def expected(image: np.ndarray = IMAGES[0], network: ov.Model | None = None) -> np.ndarray:
    return builders.run(network or builders.network(), image)[0]


@pytest.mark.parametrize(
    "way", ["paths", "strings", "no weights", "content", "names", "function", "constructor"]
)
def test_all_ways_to_read_a_network(files: tuple[Path, Path], way: str) -> None:
    xml, weights = files
    core = IECore()
    network = {
        "paths": lambda: core.read_network(model=xml, weights=weights),
        "strings": lambda: core.read_network(str(xml), str(weights)),
        "no weights": lambda: core.read_network(str(xml)),
        "content": lambda: core.read_network(xml.read_bytes(), weights.read_bytes(), init_from_buffer=True),
        "names": lambda: core.read_network(
            model=xml.read_text(), weights=weights.read_bytes(), init_from_buffer=True
        ),
        "function": lambda: read_network(str(xml), str(weights)),
        "constructor": lambda: IENetwork(model=str(xml), weights=str(weights)),
    }[way]()
    assert network.name == "tiny"
    np.testing.assert_array_equal(loaded(network).infer({"x": IMAGES[0]})["add2"], expected())


def test_what_a_network_says_about_itself() -> None:
    network = IENetwork(builders.network())
    assert list(network.input_info) == list(network.inputs) == ["x"]
    info = network.input_info["x"]
    n, c, h, w = info.input_data.shape
    assert (n, c, h, w) == (1, 3, 8, 8)
    assert info.tensor_desc == TensorDesc("FP32", (1, 3, 8, 8), "NCHW")
    assert (info.name, info.precision, info.layout) == ("x", "FP32", "NCHW")
    assert network.inputs["x"].shape == [1, 3, 8, 8]
    assert list(network.outputs) == ["add2"]
    assert network.outputs["add2"].shape == [1, 5, 8, 8]
    assert network.batch_size == 1
    assert network.layers["conv1"].type == "Convolution"
    assert network.get_ov_name_for_tensor("y") == "add2"


def test_outputs_answer_to_any_of_their_names() -> None:
    network = IENetwork(builders.network())
    for name in ("add2", "y"):
        assert name in network.outputs
        assert network.outputs[name].name == "add2"
        assert network.outputs.get(name) is network.outputs["add2"]
    assert network.outputs.get("conv1") is None
    result = loaded(network).infer({"x": IMAGES[0]})
    assert list(result) == ["add2"]
    np.testing.assert_array_equal(result["y"], result["add2"])
    with pytest.raises(KeyError, match=r"there is no 'add3' among \['add2'\]; did you mean 'add2'"):
        result["add3"]


def test_names_are_in_alphabetical_order() -> None:
    second, first = builders.parameter([1, 2], "b"), builders.parameter([1, 3], "a")
    model = builders.model([op.relu(second, name="z"), op.relu(first, name="m")], second, first)
    network = IENetwork(model)
    assert next(iter(network.input_info)) == "a"
    assert list(network.outputs) == ["m", "z"]
    result = loaded(network).infer({"a": np.full((1, 3), 2.0), "b": np.ones((1, 2))})
    np.testing.assert_array_equal(result["m"], np.full((1, 3), 2.0))
    np.testing.assert_array_equal(result["z"], np.ones((1, 2)))


def test_a_layer_with_several_outputs_names_them_by_port() -> None:
    x = builders.parameter([1, 4])
    split = op.split(x, op.constant(1), 2, name="halves")
    network = IENetwork(builders.model([split.output(0), split.output(1)], x))
    assert list(network.outputs) == ["halves.0", "halves.1"]
    result = loaded(network).infer({"x": np.arange(4).reshape(1, 4)})
    np.testing.assert_array_equal(result["halves.1"], [[2, 3]])


def test_reshape_and_batch_size() -> None:
    network = IENetwork(builders.network())
    network.reshape({"x": (2, 3, 16, 8)})
    assert network.input_info["x"].input_data.shape == [2, 3, 16, 8]
    assert network.outputs["add2"].shape == [2, 5, 16, 8]
    network.batch_size = 4
    assert network.batch_size == 4
    batch = np.concatenate([np.pad(image, ((0, 0), (0, 0), (0, 8), (0, 0))) for image in IMAGES])
    source = builders.network()
    source.reshape([4, 3, 16, 8])
    np.testing.assert_array_equal(loaded(network).infer({"x": batch})["add2"], expected(batch, source))


def test_settings_survive_a_reshape() -> None:
    network = IENetwork(builders.network())
    network.input_info["x"].precision = "U8"
    network.reshape({"x": [2, 3, 8, 8]})
    assert network.input_info["x"].precision == "U8"


def test_added_outputs() -> None:
    network = IENetwork(builders.network())
    network.add_outputs("conv1")
    network.add_outputs([("relu1", 0), "conv1", "add2"])
    assert list(network.outputs) == ["add2", "conv1", "relu1"]
    result = loaded(network).infer({"x": IMAGES[0]})
    np.testing.assert_array_equal(result["add2"], expected())
    assert (result["relu1"] >= 0).all()
    bias = builders.bias(4, "bias1").data
    np.testing.assert_allclose(result["relu1"], np.maximum(result["conv1"] + bias, 0), rtol=1e-5, atol=1e-6)


def test_a_serialized_network_is_the_same(tmp_path: Path) -> None:
    IENetwork(builders.network()).serialize(str(tmp_path / "a.xml"), str(tmp_path / "b.bin"))
    read = IECore().read_network(tmp_path / "a.xml", tmp_path / "b.bin")
    np.testing.assert_array_equal(loaded(read).infer({"x": IMAGES[0]})["add2"], expected())
    IENetwork(builders.network()).serialize(str(tmp_path / "c.xml"))
    assert (tmp_path / "c.bin").exists()


def test_values_are_converted_and_broadcast_as_numpy_does() -> None:
    executable = loaded(builders.network())
    image = IMAGES[0]
    for given in (image, image.astype(np.float64), image[0], image[np.newaxis], image.tolist()):
        np.testing.assert_array_equal(executable.infer({"x": given})["add2"], expected())
    everywhere = executable.infer({"x": 0.5})["y"]
    np.testing.assert_array_equal(everywhere, expected(np.full((1, 3, 8, 8), 0.5, np.float32)))


def test_results_are_copies() -> None:
    executable = loaded(builders.network())
    first = executable.infer({"x": IMAGES[0]})["add2"]
    executable.infer({"x": IMAGES[1]})
    np.testing.assert_array_equal(first, expected())


def test_precision_u8_takes_bytes() -> None:
    network = IENetwork(builders.network())
    network.input_info["x"].precision = "U8"
    executable = loaded(network)
    assert executable.input_info["x"].precision == "U8"
    assert executable.requests[0].input_blobs["x"].buffer.dtype == np.uint8
    image = (np.abs(IMAGES[0]) * 50).astype(np.uint8)
    found = executable.infer({"x": image.astype(np.float64) + 0.9})["add2"]
    np.testing.assert_allclose(found, expected(image.astype(np.float32)), rtol=1e-5, atol=1e-4)


def test_layout_nhwc_takes_channels_last_in_memory() -> None:
    network = IENetwork(builders.network())
    network.input_info["x"].layout = "NHWC"
    network.outputs["y"].layout = "NHWC"
    assert network.input_info["x"].input_data.shape == [1, 3, 8, 8]
    executable = loaded(network)
    last = np.ascontiguousarray(IMAGES[0].transpose(0, 2, 3, 1))
    wanted = expected().transpose(0, 2, 3, 1)
    for given in (
        last,
        last.reshape(1, 3, 8, 8),
    ):  # by its own shape, or as the same memory under the old one
        found = executable.infer({"x": given})["y"]
        assert found.shape == (1, 5, 8, 8)
        np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)
    request = executable.requests[0]
    request.set_blob("x", Blob(TensorDesc("FP32", [1, 3, 8, 8], "NHWC"), last))
    request.infer()
    np.testing.assert_allclose(request.outputs["y"].reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)


def test_the_precision_of_an_output() -> None:
    network = IENetwork(builders.network())
    network.outputs["y"].precision = "FP16"
    found = loaded(network).infer({"x": IMAGES[0]})["y"]
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, expected(), atol=2e-2)


def test_half_models_take_and_give_floats_and_long_results_are_i32() -> None:
    x = builders.parameter([1, 4], dtype=np.float16)
    index = op.topk(x, op.constant(1), 1, "max", "value", index_element_type="i64", name="best")
    network = IENetwork(builders.model([op.relu(x, name="relu"), index.output(1)], x))
    assert network.input_info["x"].precision == "FP32"
    assert network.outputs["relu"].precision == "FP32"
    assert network.outputs["best.1"].precision == "I32"
    result = loaded(network).infer({"x": np.asarray([[1, 5, -2, 0]])})
    assert (result["relu"].dtype, result["best.1"].dtype) == (np.float32, np.int32)
    np.testing.assert_array_equal(result["best.1"], [[1]])


def test_requests_run_side_by_side() -> None:
    executable = loaded(builders.network(), requests=4)
    assert len(executable.requests) == 4
    assert executable.requests[0].wait() == StatusCode.INFER_NOT_STARTED
    executable.infer({"x": IMAGES[1]})
    assert executable.requests[0].wait(-1) == executable.requests[0].wait(0) == StatusCode.OK
    for number, image in enumerate(IMAGES):
        request = executable.start_async(request_id=number, inputs={"x": image})
        assert request is executable.requests[number]
    assert executable.wait() == StatusCode.OK
    assert executable.get_idle_request_id() == 0
    for request, image in zip(executable.requests, IMAGES, strict=True):
        assert request.wait(-1) == 0
        for found in (request.output_blobs["add2"].buffer, request.outputs["add2"]):
            np.testing.assert_array_equal(found, expected(image))
        assert request.latency > 0


def slow_network() -> IENetwork:
    x = builders.parameter([1, 64, 128, 128])
    features = x
    for layer in range(8):
        features = builders.conv(features, 64, f"conv{layer}", seed=layer)
    return IENetwork(builders.model(features, x))


def test_waiting_can_be_given_up() -> None:
    executable = loaded(slow_network())
    request = executable.start_async(0, {"x": 1.0})
    assert request.wait(0) == StatusCode.RESULT_NOT_READY
    assert executable.get_idle_request_id() == -1
    assert executable.wait(1, 0) == StatusCode.RESULT_NOT_READY
    with pytest.raises(DataError, match="still runs"):
        request.async_infer({"x": 1.0})
    assert executable.wait(timeout=60_000) == StatusCode.OK
    assert request.wait(0) == StatusCode.OK


def test_callbacks_of_asynchronous_runs() -> None:
    executable = loaded(builders.network(), requests=2)
    called: list[tuple[int, Any]] = []
    for number, request in enumerate(executable.requests):
        request.set_completion_callback(lambda status, data: called.append((status, data)), number)
        request.async_infer({"x": IMAGES[number]})
    executable.wait()
    executable.requests[0].infer({"x": IMAGES[0]})
    assert sorted(called) == [(0, 0), (0, 1)]


def test_a_callback_may_start_its_request_anew() -> None:
    executable = loaded(builders.network(), requests=2)
    runs: list[int] = []

    def again(status: int, number: int) -> None:
        runs.append(number)
        if runs.count(number) < 50:
            executable.requests[number].async_infer({"x": IMAGES[number]})

    for number, request in enumerate(executable.requests):
        request.set_completion_callback(again, number)
        request.async_infer({"x": IMAGES[number]})
    assert executable.wait(timeout=60_000) == StatusCode.OK
    assert sorted(runs) == [0] * 50 + [1] * 50


def test_many_short_runs_lose_no_end() -> None:
    x = builders.parameter([1, 2])
    executable = loaded(builders.model(op.relu(x), x))
    for _ in range(1000):
        executable.start_async(0, {"x": 1.0})
        assert executable.wait(timeout=60_000) == StatusCode.OK


def test_errors_of_callbacks_are_printed(capfd: pytest.CaptureFixture[str]) -> None:
    request = loaded(builders.network()).requests[0]
    request.set_completion_callback(lambda status, data: 1 / 0)
    request.async_infer({"x": IMAGES[0]})
    assert request.wait() == StatusCode.OK
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_errors_of_runs_are_raised() -> None:
    x = builders.parameter(ov.PartialShape([-1]))
    executable = loaded(builders.model(op.reshape(x, op.constant([2, -1]), False), x))
    for wait in (executable.wait, executable.requests[0].wait):
        executable.start_async(0, {"x": np.zeros(3)})
        with pytest.raises(RuntimeError):
            wait()
        assert executable.get_idle_request_id() == 0
    with pytest.raises(RuntimeError):
        executable.infer({"x": np.zeros(3)})
    assert executable.infer({"x": np.zeros(4)})["y"].shape == (2, 2)


def test_input_buffers_can_be_written_to() -> None:
    request = loaded(builders.network()).requests[0]
    request.input_blobs["x"].buffer[:] = IMAGES[0]
    request.infer()
    np.testing.assert_array_equal(request.outputs["add2"], expected())
    request.inputs["x"][:] = IMAGES[1]
    request.infer()
    np.testing.assert_array_equal(request.outputs["add2"], expected(IMAGES[1]))


def test_a_blob_that_is_set_shares_its_memory() -> None:
    request = loaded(builders.network()).requests[0]
    array = IMAGES[0].copy()
    blob = Blob(TensorDesc("FP32", (1, 3, 8, 8), "NCHW"), array)
    request.set_blob(blob_name="x", blob=blob)
    assert request.input_blobs["x"] is blob
    request.infer()
    np.testing.assert_array_equal(request.output_blobs["y"].buffer, expected())
    array[:] = IMAGES[1]
    request.infer()
    np.testing.assert_array_equal(request.output_blobs["y"].buffer, expected(IMAGES[1]))
    request.infer({"x": IMAGES[2]})
    np.testing.assert_array_equal(blob.buffer, IMAGES[2])


def test_blobs() -> None:
    blob = Blob(TensorDesc("I32", [2, 3], "NC"))
    assert blob.buffer.shape == (2, 3)
    assert blob.buffer.dtype == np.int32
    blob.buffer[:] = 7
    assert blob.buffer.sum() == 42
    blob.set_shape([3, 2])
    assert blob.tensor_desc.dims == [3, 2]
    assert blob.buffer.sum() == 42
    assert Blob(TensorDesc("FP32", [], "SCALAR")).buffer.shape == (1,)
    flat = Blob(TensorDesc("U8", (1, 2, 3), "CHW"), np.arange(6, dtype=np.uint8))
    assert flat.buffer.shape == (6,)


def test_open_dimensions_take_the_shape_of_the_data() -> None:
    x = builders.parameter(ov.PartialShape([-1, 3, 8, -1]))
    source = builders.model(builders.conv(x, 4, "conv"), x)
    network = IENetwork(source)
    with pytest.raises(ModelError, match=r"shape of 'x' is \[\?,3,8,\?\]"):
        _ = network.input_info["x"].input_data.shape
    executable = loaded(network)
    for width in (8, 5):
        image = builders.images(1, shape=(2, 3, 8, width))[0]
        np.testing.assert_array_equal(executable.infer({"x": image})["conv"], expected(image, source))
    with pytest.raises(DataError, match=r"input 'x': shape \(1, 4, 8, 8\), expected \[\?,3,8,\?\]"):
        executable.infer({"x": np.zeros((1, 4, 8, 8))})


def test_what_is_exported_can_be_imported(tmp_path: Path) -> None:
    with compiled_anew():
        executable = loaded(builders.network())
    executable.export(str(tmp_path / "net.blob"))
    imported = IECore().import_network(str(tmp_path / "net.blob"), "CPU", F32, num_requests=2)
    assert list(imported.input_info) == ["x"]
    assert list(imported.outputs) == ["add2"]
    assert imported.outputs["y"].shape == [1, 5, 8, 8]
    np.testing.assert_array_equal(imported.infer({"x": IMAGES[0]})["add2"], expected())
    assert len(imported.requests) == 2


def test_memory_of_a_network() -> None:
    x = builders.parameter([1, 2])
    info = op.read_value(op.constant(np.zeros((1, 2), np.float32)), "sum")
    total = op.add(info, x, name="total")
    keep = op.assign(total, "sum")
    result = op.result(total)
    network = IENetwork(ov.Model([result], [keep], [x.get_node()], "memory"))
    request = loaded(network).requests[0]
    for _ in range(2):
        request.infer({"x": [[1, 2]]})
    np.testing.assert_array_equal(request.outputs["total"], [[2, 4]])
    (state,) = request.query_state()
    np.testing.assert_array_equal(state.state.buffer, [[2, 4]])
    state.state = Blob(TensorDesc("FP32", [1, 2], "NC"), np.asarray([[10, 20]], np.float32))
    request.infer({"x": [[1, 2]]})
    np.testing.assert_array_equal(request.outputs["total"], [[11, 22]])
    state.reset()
    request.infer({"x": [[1, 2]]})
    np.testing.assert_array_equal(request.outputs["total"], [[1, 2]])


def test_facts_about_devices_and_loaded_networks() -> None:
    core = IECore()
    assert "CPU" in core.available_devices
    assert core.get_metric(device_name="CPU", metric_name="FULL_DEVICE_NAME")
    assert "FULL_DEVICE_NAME" in core.get_metric("CPU", "SUPPORTED_METRICS")
    assert "NUM_STREAMS" in core.get_metric("CPU", "SUPPORTED_CONFIG_KEYS")
    executable = loaded(builders.network(), requests=0)
    assert len(executable.requests) == executable.get_metric("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    assert executable.get_metric("NETWORK_NAME") == "tiny"
    assert core.query_network(IENetwork(builders.network()), "CPU")["conv1"] == "CPU"
    version = core.get_versions("CPU")["CPU"]
    assert get_version().startswith(f"{version.major}.{version.minor}")
    assert executable.get_exec_graph_info().layers


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"CPU_THREADS_NUM": "3"}, {"INFERENCE_NUM_THREADS": "3"}),
        ({"KEY_CPU_THREADS_NUM": "3"}, {"INFERENCE_NUM_THREADS": "3"}),
        ({"CPU_THROUGHPUT_STREAMS": "2"}, {"NUM_STREAMS": "2"}),
        ({"CPU_THROUGHPUT_STREAMS": "CPU_THROUGHPUT_AUTO"}, {"NUM_STREAMS": "AUTO"}),
        ({"GPU_THROUGHPUT_STREAMS": "GPU_THROUGHPUT_AUTO"}, {"NUM_STREAMS": "AUTO"}),
        ({"CPU_BIND_THREAD": "NUMA"}, {"ENABLE_CPU_PINNING": "YES"}),
        ({"CPU_BIND_THREAD": "NO"}, {"ENABLE_CPU_PINNING": "NO"}),
        ({"ENFORCE_BF16": "YES"}, {"INFERENCE_PRECISION_HINT": "bf16"}),
        ({"PERF_COUNT": "YES"}, {"PERF_COUNT": "YES"}),
        ({"DYN_BATCH_ENABLED": "NO", "DYN_BATCH_LIMIT": "0"}, {}),
        (None, {}),
    ],
    ids=str,
)
def test_old_settings_have_new_names(old: dict[str, str] | None, new: dict[str, str]) -> None:
    assert todays_config(old) == new


def test_settings_reach_the_device() -> None:
    core = IECore()
    core.set_config({"CPU_THREADS_NUM": "1", "KEY_PERF_COUNT": "YES", "DYN_BATCH_ENABLED": "NO"}, "CPU")
    assert core.get_config("CPU", "CPU_THREADS_NUM") == "1"
    config = {"CPU_THROUGHPUT_STREAMS": "CPU_THROUGHPUT_AUTO", "CPU_BIND_THREAD": "NO", "ENFORCE_BF16": "NO"}
    executable = core.load_network(IENetwork(builders.network()), "CPU", config)
    assert executable.get_config("CPU_THREADS_NUM") == 1
    assert executable.get_config("CPU_BIND_THREAD") is False
    assert executable.get_config("ENFORCE_BF16") == ov.Type.f32
    executable.infer({"x": IMAGES[0]})
    counts = executable.requests[0].get_perf_counts()
    assert any(entry["status"] == "EXECUTED" and entry["real_time"] >= 0 for entry in counts.values())


def test_settings_of_one_core_are_not_those_of_another() -> None:
    IECore().set_config({"CPU_THREADS_NUM": "1"}, "CPU")
    core = IECore()
    core.set_config({"NO_SUCH_KEY": "1"}, "CPU")
    with pytest.raises(EngineError, match="NO_SUCH_KEY"):
        core.load_network(IENetwork(builders.network()), "CPU")
    assert IECore().get_config("CPU", "CPU_THREADS_NUM") != "1"
    np.testing.assert_array_equal(loaded(builders.network()).infer({"x": IMAGES[0]})["y"], expected())


def test_a_plugin_that_was_let_go_comes_back() -> None:
    IECore().unregister_plugin("CPU")
    np.testing.assert_array_equal(loaded(builders.network()).infer({"x": IMAGES[0]})["y"], expected())


def test_the_network_that_is_loaded_stays_as_it_is() -> None:
    model = builders.network()
    before = builders.stored(model)
    network = IENetwork(model)
    network.input_info["x"].precision = "U8"
    network.input_info["x"].layout = "NHWC"
    loaded(network)
    assert builders.stored(model) == before


def refusals(files: tuple[Path, Path]) -> list[tuple[type[PotError], Any, str]]:
    core, network = IECore(), IENetwork(builders.network())
    executable = loaded(network)
    info = network.input_info["x"]
    blob = Blob(TensorDesc("FP32", [1, 3, 8, 8], "NCHW"))
    return [
        (ModelError, lambda: core.read_network("none.xml"), "model file 'none.xml' does not exist"),
        (
            ModelError,
            lambda: core.read_network(files[0], "none.bin"),
            "weights file 'none.bin' does not exist",
        ),
        (ModelError, lambda: core.read_network(files[1]), "can't be read: "),
        (ModelError, lambda: core.read_network(b"<xml>"), "needs init_from_buffer=True"),
        (
            ModelError,
            lambda: core.read_network("a.xml", "a.bin", init_from_buffer=True),
            "expected bytes",
        ),
        (EngineError, lambda: core.load_network(network, "MYRIAD"), "can't be loaded to 'MYRIAD'"),
        (
            ConfigError,
            lambda: core.load_network(network, "CPU", {"DYN_BATCH_ENABLED": "YES"}),
            "config key 'DYN_BATCH_ENABLED' is 'YES', but OpenVINO no longer has this feature",
        ),
        (
            ConfigError,
            lambda: core.load_network(network, "CPU", num_requests=-1),
            "num_requests is -1",
        ),
        (ConfigError, lambda: core.get_metric("CPU", "NONE"), "no metric or config key 'NONE'"),
        (ConfigError, lambda: core.add_extension("lib.so", "CPU"), "must be built anew"),
        (ConfigError, lambda: IECore("none.xml"), "plugins file 'none.xml'"),
        (
            ConfigError,
            lambda: executable.set_config({"PERF_COUNT": "YES"}),
            "can't be set on a loaded network",
        ),
        (ModelError, lambda: core.import_network(files[1], "CPU"), "can't be loaded to 'CPU'"),
        (
            ConfigError,
            lambda: network.reshape({"z": [1]}),
            "reshape: the network has no input 'z'",
        ),
        (ModelError, lambda: network.reshape({"x": [1, 4, 8, 8]}), "can't be given the shapes"),
        (ConfigError, lambda: setattr(network, "batch_size", 0), "batch_size is 0"),
        (ModelError, lambda: network.add_outputs("conv3"), "no layer 'conv3'; did you mean 'conv"),
        (ModelError, lambda: network.get_ov_name_for_tensor("z"), "no tensor 'z'"),
        (DataError, lambda: executable.infer({"z": 1}), "the network has no input 'z'"),
        (
            DataError,
            lambda: executable.infer({"x": np.zeros((1, 8, 8, 3))}),
            "input 'x': shape (1, 8, 8, 3), expected (1, 3, 8, 8)",
        ),
        (ConfigError, lambda: executable.start_async(1), "request_id is 1"),
        (ConfigError, lambda: setattr(info, "precision", "U9"), "precision is 'U9', expected one of"),
        (ConfigError, lambda: setattr(info, "precision", "BIN"), "precision is 'BIN'"),
        (ConfigError, lambda: setattr(info, "layout", "NHC"), "expected one of NCHW, NHWC for 4"),
        (
            ConfigError,
            lambda: setattr(info.preprocess_info, "resize_algorithm", ResizeAlgorithm.RESIZE_BILINEAR),
            "preprocess_info.resize_algorithm is ResizeAlgorithm.RESIZE_BILINEAR",
        ),
        (
            ConfigError,
            lambda: setattr(info.preprocess_info, "color_format", ColorFormat.BGR),
            "input 'x': preprocess_info.color_format",
        ),
        (ConfigError, lambda: info.preprocess_info.init(3), "preprocess_info.channels is 3"),
        (
            DataError,
            lambda: executable.requests[0].set_blob("x", Blob(TensorDesc("U8", [1, 3, 8, 8], "NCHW"))),
            "set_blob: input 'x' is TensorDesc('FP32'",
        ),
        (DataError, lambda: executable.requests[0].set_blob("z", blob), "no input 'z'"),
        (
            DataError,
            lambda: Blob(TensorDesc("U8", [2], "C"), np.zeros(3, np.uint8)),
            "the array has 3 elements",
        ),
        (DataError, lambda: Blob(TensorDesc("U8", [2], "C"), np.zeros(2)), "the array is float64"),
    ]


def test_what_can_not_be_honoured_is_refused(files: tuple[Path, Path]) -> None:
    for kind, call, message in refusals(files):
        with pytest.raises(kind) as caught:
            call()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
