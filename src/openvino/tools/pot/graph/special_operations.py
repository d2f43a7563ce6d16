"""POT's lists of operations, for scripts that look for nodes by them; none of them decides anything here."""

from __future__ import annotations

from typing import Any


def _types(names: str) -> list[dict[str, str]]:
    return [{"type": name} for name in names.split()]


OPERATIONS_WITH_WEIGHTS = _types(
    "Convolution ConvolutionBackpropData GroupConvolution GroupConvolutionBackpropData MatMul"
)
OPERATIONS_WITH_BIAS = _types("Convolution MatMul")
OPERATIONS_CHANNEL_AXIS = {"Convolution": 1, "MatMul": -1}
TRANSPOSED_OPERATIONS = _types("ConvolutionBackpropData")
SPLIT_OPERATIONS = _types("VariadicSplit Split")
ELTWISE_ADD_SUB = _types("Add Subtract")
ELTWISE_TYPES = [
    *("Add", "Multiply", "Subtract", "Divide", "FloorMod", "Maximum", "Minimum"),
    *("Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual"),
    *("LogicalOr", "LogicalXor", "LogicalAnd"),
]
QUANTIZE_AGNOSTIC_OPERATIONS = _types(
    "MaxPool ReduceMax Reshape Concat Flatten Squeeze Unsqueeze Split VariadicSplit Crop Transpose Tile "
    "StridedSlice ShuffleChannels Broadcast Pad Minimum Maximum ConvertLike Gather DepthToSpace"
)
CONCAT_UNIFY_INPUTS = _types("FakeQuantize Concat")
CONCAT_UNIFY_OUTPUTS = _types("ConvolutionBackpropData Convolution MatMul")
DETECTION_OUTPUT_FINAL_TYPES = _types("NonMaxSuppression TopK")
TYPES_TO_QUANTIZABLE_PORTS = {"LSTMSequence": [0, 1, 4, 5], "GRUSequence": [0, 1, 3, 4]}


def is_eltwise(node: Any) -> bool:
    """Whether a node computes element by element from two tensors."""
    return node.type in ELTWISE_TYPES
