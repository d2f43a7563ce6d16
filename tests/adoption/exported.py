"""Folders as other tools write them, around small networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

import builders

OF_ULTRALYTICS = """\
description: Ultralytics YOLO11n model
author: Ultralytics
task: detect
batch: 1
imgsz:
- 8
- 8
names:
  0: person
  1: car
stride: 8
args:
  half: false
  int8: false
"""

OF_MODEL_API = {
    "model_type": "Classification",
    "labels": "cat dog",
    "label_ids": "1 2",
    "mean_values": "123.675 116.28 103.53",
    "scale_values": "58.395 57.12 57.375",
    "resize_type": "standard",
    "reverse_input_channels": "False",
    "multilabel": "False",
    "hierarchical": "False",
    "output_raw_scores": "True",
}


def save(network: ov.Model, folder: Path, stem: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(network, folder / f"{stem}.xml", compress_to_fp16=False)
    return folder


def classifier(records: dict[str, str] | None = None) -> ov.Model:
    """Two classes of an image ``x`` of 1x3x8x8, as logits."""
    x = builders.parameter([1, 3, 8, 8])
    hidden = op.relu(builders.conv(x, 16, "conv1"))
    means = op.reduce_mean(op.relu(builders.conv(hidden, 16, "conv2", seed=1)), op.constant([2, 3]), False)
    network = builders.model(
        op.matmul(means, op.constant(builders.weights((16, 2), 3)), False, False, name="head").output(0), x
    )
    for key, value in (records or {}).items():
        network.set_rt_info(value, ["model_info", key])
    return network


def of_ultralytics(folder: Path) -> Path:
    save(builders.network(), folder, "yolo11n")
    (folder / "metadata.yaml").write_text(OF_ULTRALYTICS)
    return folder


def onnx_of_ultralytics(file: Path) -> Path:
    """One convolution, with what Ultralytics writes into its ONNX files."""
    import onnx
    from onnx import helper, numpy_helper

    kernel = numpy_helper.from_array(builders.weights((4, 3, 3, 3)), "w")
    node = helper.make_node("Conv", ["images", "w"], ["output0"], name="conv", pads=[1, 1, 1, 1])
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, size, 8, 8])
        for name, size in (("images", 3), ("output0", 4))
    ]
    graph = helper.make_graph([node], "main_graph", ends[:1], ends[1:], [kernel])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    facts = {"author": "Ultralytics", "task": "detect", "stride": "8", "imgsz": "[8, 8]", "batch": "1"}
    helper.set_model_props(made, {**facts, "names": "{0: 'person', 1: \"driver's car\"}", "version": "8.2.1"})
    onnx.save(made, file)
    return file


def of_geti(folder: Path) -> Path:
    task = folder / "deployment" / "Classification task"
    save(classifier(OF_MODEL_API), task / "model", "model")
    (task / "model" / "config.json").write_text('{"model_type": "Classification", "model_parameters": {}}')
    (task / "model.json").write_text('{"name": "small", "optimization_type": "MO"}')
    (folder / "deployment" / "project.json").write_text('{"name": "chips"}')
    (folder / "README.md").write_text("How to run it.")
    return folder


def of_anomalib(folder: Path, thresholds: bool = True) -> Path:
    """Of 1.x with thresholds beside it, of 2.x with its outputs."""
    network = classifier()
    if thresholds:
        (save(network, folder, "model") / "metadata.json").write_text('{"image_threshold": 0.5, "min": 0.0}')
        return folder
    score = network.get_results()[0].input_value(0)
    label = op.greater(score, op.constant(np.float32(0.5))).output(0)
    results = [op.result(output, name=f"out{number}") for number, output in enumerate((score, label))]
    for result, name in zip(results, ("pred_score", "pred_label"), strict=True):
        result.output(0).set_names({name})
    return save(ov.Model(results, network.get_parameters(), "anomaly"), folder, "model")


def detector_of_anomalies(folder: Path) -> Path:
    """How far the features of an image are from those of a gray one, where they are the furthest."""
    x = builders.parameter([1, 3, 32, 32])
    hidden = op.relu(builders.conv(x, 16, "conv1"))
    features = op.relu(builders.conv(hidden, 16, "conv2", seed=1, kernel=1))
    network = builders.model(features.output(0), x)
    usual = builders.run(network, np.full((1, 3, 32, 32), 0.4, np.float32))[0][:, :, 16:17, 16:17]
    away = op.subtract(features, op.constant(usual))
    score = op.reduce_max(
        op.reduce_sum(op.multiply(away, away), op.constant([1]), False), op.constant([1, 2]), False
    )
    label = op.greater(score, op.constant(np.float32(1)))
    for node, name in ((score, "pred_score"), (label, "pred_label")):
        node.output(0).set_names({name})
    return save(ov.Model([score, label], network.get_parameters(), "padim"), folder, "model")


def encoder(tokens: int) -> ov.Model:
    """Rows of 64 for the tokens of a text, three inputs as BERT's; ``tokens`` may be -1."""
    shape = ov.PartialShape([-1 if tokens < 0 else 1, tokens])
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [builders.parameter(shape, name, np.int64) for name in names]
    rows = [
        op.gather(op.constant(builders.weights((size, 64), seed)), ids, op.constant(0))
        for seed, (size, ids) in enumerate(((40, inputs[0]), (2, inputs[2])))
    ]
    kept = op.unsqueeze(op.convert(inputs[1], np.float32), op.constant(2))
    hidden = op.multiply(op.add(*rows), kept)
    for seed in range(2):
        product = op.matmul(hidden, op.constant(builders.weights((64, 64), seed + 3, 0.2)), False, False)
        hidden = op.relu(op.add(product, op.constant(builders.weights((1, 1, 64), seed + 5))))
    return builders.model(hidden.output(0), *inputs)


WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "a",
    "small",
    "text",
    "about",
    "numbers",
    "and",
    "nothing",
    "else",
)


def of_optimum(folder: Path, tokens: int = -1, **config: Any) -> Path:
    import tokenizers

    save(encoder(tokens), folder, "openvino_model")
    facts = {"architectures": ["BertModel"], "max_position_embeddings": 24, **config}
    (folder / "config.json").write_text(json.dumps(facts))
    words = {word: number for number, word in enumerate(WORDS)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    made.save(str(folder / "tokenizer.json"))
    return folder
