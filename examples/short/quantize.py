"""Quantize the digits network in one call, save it, and use it.

python examples/short/quantize.py
"""

from __future__ import annotations

import openvino as ov

from openvino.tools.pot import quantize, save_model
from openvino.tools.pot.demo import digits

data = digits.load()

model = quantize(data.model_path, data.calibration_images)
paths = save_model(model, "results/short", "digits_int8")

compiled = ov.compile_model(paths[0]["model"], "CPU")
logits = compiled(data.evaluation_images[:1])["logits"]
print(f"Saved {paths[0]['model']}")
print(
    f"The first evaluation image shows a {data.evaluation_labels[0]}; the INT8 model says {logits.argmax()}"
)
