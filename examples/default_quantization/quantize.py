"""POT's basic workflow, step by step, on the digits network that comes with the package.

python examples/default_quantization/quantize.py
"""

from __future__ import annotations

from typing import Any

from addict import Dict

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.demo import digits

data = digits.load()


# Step 1: implement the data loader.
class UserDataLoader(DataLoader):
    """Gives the calibration images one by one; their labels are not needed."""

    def __len__(self) -> int:
        return len(data.calibration_images)

    def __getitem__(self, index: int) -> Any:
        return data.calibration_images[index], None


# Model config specifies the model name and paths to model .xml and .bin file.
model_config = Dict(
    {
        "model_name": "digits",
        "model": data.model_path,
        "weights": data.model_path.with_suffix(".bin"),
    }
)

# Engine config.
engine_config = Dict({"device": "CPU"})

algorithms = [
    {
        "name": "DefaultQuantization",
        "params": {
            "target_device": "ANY",
            "stat_subset_size": 300,
        },
    }
]

# Step 2: load the model.
model = load_model(model_config=model_config)

# Step 3: initialize the engine, which runs the model over the data.
engine = IEEngine(config=engine_config, data_loader=UserDataLoader(), metric=None)

# Step 4: create a pipeline of compression algorithms and run it.
pipeline = create_pipeline(algorithms, engine)
compressed_model = pipeline.run(model=model)

# Step 5 (optional): store the weights as int8, about a quarter of the size.
compress_model_weights(compressed_model)

# Step 6: save the model.
compressed_model_paths = save_model(
    model=compressed_model,
    save_path="results/default_quantization",
    model_name="digits_int8",
)
print(f"Saved {compressed_model_paths[0]['model']}")
