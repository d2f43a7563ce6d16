"""Prepares a model with offline transformations before it is quantized. Written for OpenVINO 2022.1."""

import sys

import numpy as np
from openvino.offline_transformations import (
    apply_moc_transformations,
    compress_model_transformation,
    serialize,
)
from openvino.runtime import Core

from openvino.tools.pot import DataLoader, IEEngine, create_pipeline, load_model, save_model

source, data, folder = sys.argv[1:]


class Images(DataLoader):
    images = np.load(data)["images"]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], index


core = Core()
model = core.read_model(source)
apply_moc_transformations(model, cf=True)
compress_model_transformation(model)
serialize(model, f"{folder}/half.xml", f"{folder}/half.bin")
serialize(model=model, model_path=f"{folder}/named.xml", weights_path=f"{folder}/named.bin")

loaded = load_model({"model_name": "half", "model": f"{folder}/half.xml", "weights": f"{folder}/half.bin"})
engine = IEEngine({"device": "CPU"}, Images())
quantized = create_pipeline(
    [{"name": "DefaultQuantization", "params": {"stat_subset_size": 30}}], engine
).run(loaded)
quantized.save(folder, "half_int8")
assert save_model(quantized, folder)[0]["model"].endswith("digits.xml")
