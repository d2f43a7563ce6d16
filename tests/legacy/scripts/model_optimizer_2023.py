"""Converts an ONNX model with its preprocessing, quantizes and compares. Written for OpenVINO 2023.0."""

import argparse
from pathlib import Path

import numpy as np
from openvino.runtime import Core, PartialShape, serialize
from openvino.tools import mo
from openvino.tools.mo import convert_model

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)

parser = argparse.ArgumentParser()
parser.add_argument("onnx", type=Path)
parser.add_argument("--output", type=Path, default=Path("ir"))
args = parser.parse_args()
args.output.mkdir(exist_ok=True)

ov_model = convert_model(
    args.onnx,
    input_shape=PartialShape([1, 3, 32, 32]),
    mean_values=[123.675, 116.28, 103.53],
    scale_values=[58.395, 57.12, 57.375],
    reverse_input_channels=True,
    layout="data(nchw->nhwc)",
    model_name="conv",
    framework="onnx",
    silent=True,
)
ov_model.set_rt_info("classification", ["model_info", "model_type"])
serialize(ov_model, str(args.output / "conv.xml"))
half = mo.convert_model(str(args.onnx), input="data[1,3,32,32]", compress_to_fp16=True)
serialize(half, str(args.output / "half.xml"), str(args.output / "half.bin"))


class Bytes(DataLoader):
    def __init__(self, count=20):
        generator = np.random.default_rng(0)
        self.samples = generator.integers(0, 256, (count, 1, 32, 32, 3)).astype(np.float32)

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return (index, None), self.samples[index]


loader = Bytes()
model = load_model(
    {"model_name": "conv", "model": args.output / "conv.xml", "weights": args.output / "conv.bin"}
)
engine = IEEngine({"device": "CPU"}, loader)
pipeline = create_pipeline(
    [{"name": "DefaultQuantization", "params": {"target_device": "ANY", "stat_subset_size": 20}}], engine
)
quantized = pipeline.run(model)
compress_model_weights(quantized)
save_model(quantized, args.output, "conv_int8")

ie = Core()
outputs = {}
for name in ("conv", "conv_int8"):
    compiled = ie.compile_model(ie.read_model(args.output / f"{name}.xml"), "CPU")
    request = compiled.create_infer_request()
    outputs[name] = np.concatenate(
        [request.infer({"data": each})[compiled.output(0)] for each in loader.samples]
    )
np.savez(args.output / "outputs.npz", samples=loader.samples, **outputs)
print("error", float(np.abs(outputs["conv"] - outputs["conv_int8"]).max()))
