"""What is true of all operations of a type, on any device: one table that whoever asks of a type looks into.

What a device makes of a type stands in its table, in ``hardware``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Samples = Literal[
    "unknown", "aligned", "first", "kept", "beside_attribute", "beside_input", "regrouped", "reduced", "broadcast",
    "gathered", "multiplied", "transposed",
]  # fmt: skip
"""Where samples lie in results, as ``graph/batch.py`` follows them: where inputs broadcast to each other; along the
first axis; where they lay; there unless the operation works along it, which an attribute or the second input says; and
by rules of their own."""

Moves = Literal["none", "reorders", "shuffles", "cuts", "picks", "joins", "repeats", "resizes", "pools"]
"""How values change their place alone: all of them, into other axes; channels among each other; into several outputs;
some of them; of several inputs into one; some more than once; from position to position; the largest of a few."""


@dataclass(frozen=True)
class Traits:
    """What is true of the operations of a type.

    Attributes:
        samples: where samples lie in the results.
        moves: whether results are values of the input in other places, and how.
        linear: for what is linear in an activation, how constant weights meet it: in a ``matrix`` product, in a window
            ``sliding`` over it, from the output's side (``transposed``), at positions of their own (``deformed``).
        data, weights: input ports; of a matrix product either is what isn't constant.
        axes: of weights, in their order: groups ``g``, outputs ``o``, inputs ``i``, others ``.``; kernels follow.
        product: two activations may be multiplied, and summed over an axis.
        recurrent: results depend on the steps before.
        lookup: results are rows of a table.
        affine: element by element no more than a factor and a shift, where the other input is constant.
        signs: ``never`` negative, or only where the input is (``kept``), as of what is moved.
        bounded: results stay within the same borders whatever the data.
        averages: sums up or averages.
        layout: convolutions of the CPU keep the channels of a position together, and this leaves it so.
        sorts: chooses or sorts, so that a small difference changes the place of everything.
        shapes: only the shape of what is read counts.
        source, sink: values come from outside of what is computed, or leave it.
        varies: results are no constants even where all inputs are.
        bodies: networks inside.
    """

    samples: Samples = "unknown"
    moves: Moves = "none"
    linear: Literal["", "matrix", "sliding", "transposed", "deformed"] = ""
    data: int = 0
    weights: int = 1
    axes: str = "o"
    product: bool = False
    recurrent: bool = False
    lookup: bool = False
    affine: bool = False
    signs: Literal["free", "kept", "never"] = "free"
    bounded: bool = False
    averages: bool = False
    layout: bool = False
    sorts: bool = False
    shapes: bool = False
    source: bool = False
    sink: bool = False
    varies: bool = False
    bodies: int = 0

    @property
    def elementwise(self) -> bool:
        """Whether each result is one of the values at its place."""
        return self.samples == "aligned"

    @property
    def convolves(self) -> bool:
        """Whether it is a convolution of some kind, with channels along the second axis."""
        return self.linear not in ("", "matrix")


def _each(types: str, traits: Traits) -> dict[str, Traits]:
    return dict.fromkeys(types.split(), traits)


OPERATIONS: dict[str, Traits] = {
    "Convolution": Traits("first", linear="sliding", axes="oi"),
    "GroupConvolution": Traits("first", linear="sliding", axes="goi"),
    "ConvolutionBackpropData": Traits("first", linear="transposed", axes="io"),
    "GroupConvolutionBackpropData": Traits("first", linear="transposed", axes="gio"),
    "MatMul": Traits("multiplied", linear="matrix", product=True),
    "ScaledDotProductAttention": Traits("first", product=True),
    **_each(
        "GRUCell GRUSequence LSTMCell LSTMSequence RNNCell RNNSequence",
        Traits("first", recurrent=True, axes=".o"),
    ),
    "Gather": Traits("gathered", "picks", lookup=True),
    **_each("Add Divide Multiply Subtract", Traits("aligned", affine=True, layout=True)),
    **_each("Elu Gelu HSwish Maximum Minimum Mish Negative Power Sqrt Swish", Traits("aligned", layout=True)),
    **_each("Abs Exp Relu SoftPlus", Traits("aligned", signs="never", layout=True)),
    **_each("HSigmoid Sigmoid", Traits("aligned", signs="never", bounded=True, layout=True)),
    "HardSigmoid": Traits("aligned", signs="never", bounded=True),
    **_each("Clamp Tanh", Traits("aligned", bounded=True, layout=True)),
    "SoftSign": Traits("aligned", bounded=True),
    **_each(
        "Ceiling Convert ConvertLike Cos Equal Erf FakeQuantize Floor FloorMod Greater GreaterEqual Less LessEqual Log "
        "LogicalAnd LogicalNot LogicalOr Mod NotEqual Round Select Selu Sign Sin SquaredDifference",
        Traits("aligned"),
    ),
    "PRelu": Traits("kept", layout=True),
    "Softmax": Traits("beside_attribute", signs="never", bounded=True),
    "LogSoftmax": Traits("beside_attribute"),
    **_each("CumSum MVN NormalizeL2", Traits("beside_input")),
    **_each(
        "AdaptiveAvgPool AdaptiveMaxPool BatchNormInference DeformableConvolution DepthToSpace GroupNormalization LRN "
        "SpaceToDepth",
        Traits("first"),
    ),
    "AvgPool": Traits("first", signs="kept", averages=True, layout=True),
    "MaxPool": Traits("first", "pools", layout=True),
    "ReduceMax": Traits("reduced", signs="kept"),
    "ReduceMean": Traits("reduced", signs="kept", averages=True),
    "ReduceSum": Traits("reduced", averages=True),
    **_each("ReduceL1 ReduceL2 ReduceLogicalAnd ReduceLogicalOr ReduceMin ReduceProd", Traits("reduced")),
    **_each("Reshape Squeeze Unsqueeze", Traits("regrouped", "reorders")),
    "Transpose": Traits("transposed", "reorders"),
    "ShuffleChannels": Traits("kept", "shuffles"),
    **_each("Split VariadicSplit", Traits("beside_input", "cuts")),
    **_each("Slice StridedSlice", Traits("kept", "picks")),
    "Concat": Traits("beside_attribute", "joins"),
    "Tile": Traits("kept", "repeats"),
    "Broadcast": Traits("broadcast", "repeats"),
    "Interpolate": Traits("kept", "resizes", layout=True),
    "Pad": Traits("kept", "resizes"),
    "TopK": Traits("beside_attribute", sorts=True),
    **_each(
        "CTCGreedyDecoder CTCGreedyDecoderSeqLen DetectionOutput ExperimentalDetectronDetectionOutput "
        "ExperimentalDetectronGenerateProposalsSingleImage ExperimentalDetectronTopKROIs GenerateProposals MatrixNms "
        "MulticlassNms Multinomial NMSRotated NonMaxSuppression NonMaxSuppressionIEInternal NonZero PSROIPooling "
        "Proposal Unique",
        Traits(sorts=True),
    ),
    "Parameter": Traits(source=True, varies=True),
    "ReadValue": Traits(source=True, sink=True, varies=True),
    "RandomUniform": Traits(varies=True),
    "Constant": Traits(source=True),
    "Result": Traits("aligned", sink=True),
    "Assign": Traits(sink=True),
    "ShapeOf": Traits(shapes=True),
    "If": Traits(bodies=2),
    **_each("Loop TensorIterator", Traits(bodies=1)),
}
"""Type -> traits; of others nothing is known."""

_UNKNOWN = Traits()


def traits(kind: str) -> Traits:
    """What is true of the operations of a type; of one that the table doesn't name, nothing."""
    return OPERATIONS.get(kind, _UNKNOWN)
