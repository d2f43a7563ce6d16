"""Train what tells whether two sentences mean the same: a head on MiniLM, and a small change of its last block.

    pip install ".[samples]"
    python scripts/train_text_head.py

Writes head.npz into examples/text_classification, and prints accuracy and F1 beside those of a threshold on the cosine
of MiniLM's own vectors. All is learnt from the training pairs of STS-B; how long and with which rank was chosen by the
development pairs, and the test pairs decide nothing. OpenVINO runs the blocks that stay as they are, once for each
sentence; the rest is numpy, see last_block.py.
"""

from __future__ import annotations

import io
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from last_block import Array, Classifier
from openvino.tools.pot.utils.folders import write_file
from openvino.tools.pot.utils.runtime import FLOAT32, core

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))  # where common is
from common.bert import HEADS, Tensors, bert_inputs, layers_of, load_minilm, load_tokenizer, token_states
from common.sentence_pairs import HEAD, LENGTH, SAME, SPLITS, Pairs, read_pairs

SHARPNESS = 2.0
"""How fast the wanted probability grows with the score: people doubt pairs near the bound, too."""
BUCKETS = (16, 32, LENGTH)
"""Tokens to which sentences are padded, each to the fewest that hold it."""


@dataclass(frozen=True)
class Training:
    """How it is trained, by Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1).

    Attributes:
        epochs: how often each pair is seen.
        batch: pairs in each step.
        rank: of the change of each of the block's matrices.
        rate: the highest step size, reached after a tenth of the steps, from which it falls to zero in a line.
        head_rate: the same of the head's weights, which are larger.
        dropped: share of what enters the block that is set to zero.
        decays: of the means of gradients and of their squares.
        seed: of the first weights, the order of pairs and what is dropped.
    """

    epochs: int = 3
    batch: int = 32
    rank: int = 8
    rate: float = 1e-3
    head_rate: float = 0.1
    dropped: float = 0.1
    decays: tuple[float, float] = (0.9, 0.99)
    seed: int = 1

    def rate_at(self, part: float) -> float:
        """The share of the highest step size after a part of the steps."""
        return min(part / 0.1, (1 - part) / 0.9)


class States:
    """Sentences as they enter the last block, two by two.

    Args:
        states: of the first and the second of each pair, ``[tokens, size]`` each.
        scores: how alike they are.
        labels: whether they mean the same.
    """

    def __init__(self, states: Sequence[tuple[Array, Array]], scores: Array, labels: Array) -> None:
        self.scores, self.labels = scores, labels.astype(bool)
        self._states = states
        self._lengths = np.array([max(map(len, pair)) for pair in states])

    def __len__(self) -> int:
        return len(self._states)

    def batch(self, indices: Array) -> tuple[Array, Array]:
        """States ``[2 * pairs, tokens, size]``, padded, the first of all pairs before the second; and their mask."""
        texts = [self._states[index][side] for side in (0, 1) for index in indices]
        mask = np.arange(max(map(len, texts))) < np.array([len(text) for text in texts])[:, np.newaxis]
        padded = np.zeros((*mask.shape, texts[0].shape[1]), texts[0].dtype)
        padded[mask] = np.concatenate(texts)
        return padded, mask

    def batches(self, size: int, order: Array) -> Iterator[Array]:
        """Indices of pairs of like length, batch by batch, out of pieces of an order."""
        for start in range(0, len(order), 32 * size):
            piece = order[start : start + 32 * size]
            alike = piece[np.argsort(self._lengths[piece], kind="stable")]
            yield from (alike[first : first + size] for first in range(0, len(alike), size))


def train(
    classifier: Classifier, states: States, how: Training, tell: Callable[[int, float], None] | None = None
) -> None:
    """Change what is trained, in place.

    Args:
        classifier: that is trained.
        states: pairs to learn from.
        how: see ``Training``.
        tell: called with the number of each epoch, from 1, and its mean loss.
    """
    generator = np.random.default_rng(how.seed)
    moments = {name: (np.zeros_like(each), np.zeros_like(each)) for name, each in classifier.trained.items()}
    step, steps = 0, how.epochs * -(-len(states) // how.batch)
    for epoch in range(how.epochs):
        batches = list(states.batches(how.batch, generator.permutation(len(states))))
        losses = []
        for number in generator.permutation(len(batches)):
            data, mask = states.batch(batches[number])
            kept = generator.random(data.shape, np.float32) >= how.dropped
            wanted = wanted_of(states.scores[batches[number]])
            loss, gradients = classifier.loss(data * kept / np.float32(1 - how.dropped), mask, wanted)
            step += 1
            _adam(classifier.trained, gradients, moments, how, step, how.rate_at(step / steps))
            losses.append(loss)
        if tell is not None:
            tell(epoch + 1, float(np.mean(losses)))


def wanted_of(scores: Array) -> Array:
    """The probability that two sentences mean the same, by how alike people found them."""
    return np.asarray(1 / (1 + np.exp(-SHARPNESS * (scores - SAME))))


def _adam(
    trained: dict[str, Array],
    gradients: dict[str, Array],
    moments: dict[str, tuple[Array, Array]],
    how: Training,
    step: int,
    part: float,
) -> None:
    norm = np.sqrt(sum(float(np.square(each).sum()) for each in gradients.values()))
    for name, gradient in gradients.items():
        bounded, unbiased = gradient / np.float32(max(1.0, norm)), []
        for mean, decay, each in zip(moments[name], how.decays, (bounded, np.square(bounded)), strict=True):
            mean += np.float32(1 - decay) * (each - mean)
            unbiased.append(mean / np.float32(1 - decay**step))
        rate = how.head_rate if name.startswith("head.") else how.rate
        trained[name] -= np.float32(rate * part) * unbiased[0] / (np.sqrt(unbiased[1]) + np.float32(1e-8))


def states_of(pairs: Pairs, tensors: Tensors, tokenizer: Any) -> States:
    """Sentences as the blocks below the last one leave them."""
    encoded = tokenizer.encode_batch([sentence for pair in pairs.sentences for sentence in pair])
    fed = np.array([[each.ids, each.attention_mask, each.type_ids] for each in encoded]).swapaxes(0, 1)
    lengths = fed[1].sum(1)
    found: dict[int, Array] = {}
    for least, most in zip((0, *BUCKETS), BUCKETS, strict=False):
        compiled = lower_blocks(tensors, most)
        chosen = np.flatnonzero((lengths > least) & (lengths <= most))
        for indices in np.split(chosen, range(64, len(chosen), 64)):
            states = compiled(list(fed[:, indices, :most]))[0]
            found |= {
                index: own[: lengths[index]] for index, own in zip(indices.tolist(), states, strict=True)
            }
    texts = [found[index] for index in range(len(encoded))]
    return States(list(zip(texts[::2], texts[1::2], strict=True)), pairs.scores, pairs.labels)


def lower_blocks(tensors: Tensors, length: int) -> ov.CompiledModel:
    """All blocks but the last, for any number of texts of so many tokens."""
    inputs = bert_inputs(1, length)
    model = ov.Model([token_states(inputs, tensors, HEADS, layers_of(tensors) - 1)], inputs, "blocks")
    model.reshape(dict.fromkeys(model.inputs, ov.PartialShape([-1, length])))
    return core().compile_model(model, "CPU", FLOAT32)


def answers(classifier: Classifier, states: States) -> Array:
    """How sure it is of each pair, ``[pairs]``."""
    found = np.zeros(len(states))
    for indices in states.batches(64, np.arange(len(states))):
        found[indices] = classifier.logits(*states.batch(indices))
    return found


def threshold(values: Array, wanted: Array) -> float:
    """The value from which on "yes" is right most often."""
    order = np.argsort(values)
    right = np.cumsum(np.concatenate([[wanted.sum()], np.where(wanted[order], -1, 1)]))
    best = int(right.argmax())
    return float(values[order][best]) if best < len(order) else float("inf")


def f1_of(found: Array, wanted: Array) -> float:
    """The harmonic mean of precision and recall of "yes"."""
    return float(2 * (found & wanted).sum() / max(found.sum() + wanted.sum(), 1))


def quality(found: Array, wanted: Array) -> str:
    """Accuracy and F1 of answers."""
    return f"accuracy {(found == wanted).mean():.4f}, F1 {f1_of(found, wanted):.4f}"


def stored(trained: Mapping[str, Array]) -> bytes:
    """What is trained as a file of half precision; its bytes depend on nothing else."""
    content = io.BytesIO()
    np.savez_compressed(content, **{name: each.astype(np.float16) for name, each in sorted(trained.items())})
    return content.getvalue()


def made(tensors: Tensors, parts: Mapping[str, States], how: Training) -> Classifier:
    """The trained classifier, with its weights as they are stored; says what it is worth along the way."""
    own = f"encoder.layer.{layers_of(tensors) - 1}"
    classifier, started = Classifier(tensors, own, HEADS, how.rank, how.seed), time.monotonic()
    # The untrained head puts pairs in the order of their cosines.
    first = {split: answers(classifier, states) for split, states in parts.items()}
    bound = threshold(first["train"], parts["train"].labels)
    for split, states in parts.items():
        always = quality(np.ones_like(states.labels), states.labels)
        cosine = quality(first[split] >= bound, states.labels)
        print(f"{split}: always yes {always}; cosine {cosine}", flush=True)

    def tell(epoch: int, loss: float) -> None:
        found = quality(answers(classifier, parts["dev"]) > 0, parts["dev"].labels)
        print(f"epoch {epoch}: loss {loss:.4f}, dev {found}, {time.monotonic() - started:.0f} s", flush=True)

    train(classifier, parts["train"], how, tell)
    classifier.trained.update(
        {name: each.astype(np.float16).astype(np.float32) for name, each in classifier.trained.items()}
    )
    for split, states in parts.items():
        print(f"{split}: {quality(answers(classifier, states) > 0, states.labels)}")
    return classifier


def main() -> None:
    """Train, and write the head."""
    parser = ArgumentParser(description="Trains the head of examples/text_classification")
    parser.add_argument(
        "--output", type=Path, default=HEAD, help="file to write, default that of the example"
    )
    parser.add_argument("--epochs", type=int, default=Training().epochs, help="how often each pair is seen")
    args = parser.parse_args()
    tensors, tokenizer = load_minilm(), load_tokenizer(LENGTH)
    parts = {split: states_of(read_pairs(split), tensors, tokenizer) for split in SPLITS}
    classifier = made(tensors, parts, Training(epochs=args.epochs))
    write_file(args.output, stored(classifier.trained))
    print(f"Saved {args.output}, {args.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
