"""Quantize the digits network so that it stays as good as the float model, to the last image.

python examples/accuracy_aware/quantize.py
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import numpy as np

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.demo import digits
from openvino.tools.pot.utils.logger import init_logger

parser = ArgumentParser(description="Quantizes the digits network under accuracy control")
parser.add_argument("--images", type=int, help="images to evaluate with, default all 600")
images = slice(parser.parse_args().images)
data = digits.load()


class LabelledImages(DataLoader):
    """The evaluation images and what they show."""

    def __len__(self) -> int:
        return len(data.evaluation_labels[images])

    def __getitem__(self, index: int) -> Any:
        return data.evaluation_images[index], int(data.evaluation_labels[index])


class Likelihood(Metric):
    """Mean logarithm of the probability of the right digit: unlike top-1, any error of the outputs shows in it."""

    @property
    def value(self) -> dict[str, list[float]]:
        """Of the last image."""
        return {"likelihood": self.logs[-1:]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all images."""
        return {"likelihood": sum(self.logs) / len(self.logs)}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the logits for an image and what it shows."""
        logits = output[0].reshape(-1).astype("float64")
        shifted = logits - logits.max()
        self.logs.append(float(shifted[target[0]] - np.log(np.exp(shifted).sum())))

    def reset(self) -> None:
        """Forget all images."""
        self.logs: list[float] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {"likelihood": {"direction": "higher-better", "type": "likelihood"}}


init_logger(level="WARNING")
engine = IEEngine({"device": "CPU"}, LabelledImages(), Likelihood())
params = {"target_device": "CPU", "stat_subset_size": 300, "maximal_drop": 0.00002, "time_budget": 60}
pipeline = create_pipeline([{"name": "AccuracyAwareQuantization", "params": params}], engine)
model = pipeline.run(load_model({"model_name": "digits", "model": data.model_path}))
compress_model_weights(model)
paths = save_model(model, "results/accuracy_aware", "digits_int8")

report = pipeline.algo_seq[0].report
print(report.table())
print(f"Saved {paths[0]['model']}: {report.ended}")
