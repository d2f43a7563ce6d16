"""Quantizes a model that is made with operations, and runs it in a queue. Written for OpenVINO 2022.3."""

import sys

import numpy as np
import openvino.runtime as ov
from openvino.runtime import AsyncInferQueue, Core, Dimension, Model, PartialShape, Type, serialize
from openvino.runtime import opset8 as ops
from openvino.runtime.passes import Manager
from openvino.runtime.utils.types import get_element_type

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)

SAMPLES = np.random.RandomState(0).rand(12, 1, 3, 16, 16).astype(np.float32)


class RandomLoader(DataLoader):
    def __init__(self):
        pass

    def __len__(self):
        return len(SAMPLES)

    def __getitem__(self, item):
        return SAMPLES[item], None


def build():
    generator = np.random.RandomState(1)
    data = ops.parameter(PartialShape([Dimension(-1), 3, 16, 16]), get_element_type(np.float32), name="data")
    weights = ops.constant(generator.randn(8, 3, 3, 3).astype(np.float32))
    conv = ops.convolution(data, weights, [1, 1], [1, 1], [1, 1], [1, 1], name="conv")
    hidden = ops.relu(conv + ops.constant(np.float32([0.1])), name="hidden")
    pooled = ops.reduce_mean(hidden, np.array([2, 3], dtype=np.int64), name="pooled")
    last = ops.matmul(pooled, ops.constant(generator.randn(8, 4).astype(np.float32)), False, False, name="fc")
    return Model([ops.result(last, name="scores")], [data], "small")


def run(compiled):
    results = [None] * len(SAMPLES)

    def callback(request, index):
        results[index] = np.copy(request.get_output_tensor(0).data)

    queue = AsyncInferQueue(compiled, 2)
    queue.set_callback(callback)
    for index, sample in enumerate(SAMPLES):
        queue.start_async({0: sample}, index)
    queue.wait_all()
    return np.concatenate(results)


def main(folder):
    core = Core()
    model = build()
    model.reshape([1, 3, 16, 16])
    assert model.input(0).element_type == Type.f32
    serialize(model, f"{folder}/small.xml")
    manager = Manager()
    manager.register_pass(
        pass_name="Serialize", xml_path=f"{folder}/again.xml", bin_path=f"{folder}/again.bin"
    )
    manager.run_passes(model)

    loaded = load_model(
        {"model_name": "small", "model": f"{folder}/again.xml", "weights": f"{folder}/again.bin"}
    )
    engine = IEEngine(config={"device": "CPU"}, data_loader=RandomLoader(), metric=None)
    algorithms = [{"name": "DefaultQuantization", "params": {"preset": "mixed", "stat_subset_size": 10}}]
    compressed = create_pipeline(algorithms, engine).run(model=loaded)
    compress_model_weights(compressed)
    xml = save_model(model=compressed, save_path=folder, model_name="small_int8")[0]["model"]

    config = {"INFERENCE_PRECISION_HINT": "f32"}
    quantized = core.compile_model(model=core.read_model(model=xml), device_name="CPU", config=config)
    output = quantized.output(0)
    single = quantized(SAMPLES[0])[output]
    queued = run(quantized)
    assert np.array_equal(single[0], queued[0])
    original = run(ov.compile_model(f"{folder}/small.xml", "CPU"))
    np.savez(f"{folder}/outputs.npz", original=original, quantized=queued)


main(sys.argv[1])
