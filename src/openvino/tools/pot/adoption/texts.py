"""Texts as an exported network takes them, by the tokenizer that lies beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.graph.names import input_name
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.optional import optional

_LONGEST = 512
_KINDS = {
    "input_ids": "ids",
    "attention_mask": "attention_mask",
    "token_type_ids": "type_ids",
}
"""Name of an input -> what a tokenizer calls it; ``position_ids`` count from zero."""


def read_texts(source: Path, limit: int) -> list[tuple[str, ...]]:
    """The first texts of a file: one on each line, or a pair that a tab parts.

    Raises:
        ConfigError: it can't be read, or there is none in it.
    """
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"--data-source {str(source)!r} can't be read: expected a file with a text on each line"
        ) from error
    found = [tuple(line.split("\t", 1)) for line in lines if line.strip()]
    if not found:
        raise ConfigError(f"--data-source {str(source)!r} holds no text")
    return found[:limit]


def samples(network: ov.Model, folder: Path, texts: Sequence[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """The feeds of a network, one for each text.

    Args:
        network: with inputs of a transformer, open or of fixed sizes.
        folder: with ``tokenizer.json``, and maybe ``config.json`` and ``tokenizer_config.json``.
        texts: or pairs of them.

    Yields:
        Input name to int64 array ``[1, tokens]``; padded where the network has a fixed size.

    Raises:
        ConfigError: the network has an input that no tokenizer gives, or the tokenizer can't be read.
    """
    ports = {input_name(port): port for port in network.inputs}
    unknown = sorted(set(ports) - {*_KINDS, "position_ids"})
    if unknown:
        raise ConfigError(
            f"input {unknown[0]!r} is none that a tokenizer gives: expected some of {', '.join(_KINDS)}, position_ids"
        )
    size = _fixed(ports)
    tokenizer = _tokenizer(folder, size)
    for text in texts:
        encoded = tokenizer.encode(*text)
        yield {name: _row(encoded, name) for name in ports}


def _row(encoded: Any, name: str) -> NDArray[np.int64]:
    values = range(len(encoded.ids)) if name == "position_ids" else getattr(encoded, _KINDS[name])
    return np.array([values], np.int64)


def _fixed(ports: dict[str, ov.Output]) -> int | None:
    """The number of tokens that a network is made for, None where any do."""
    for name, port in ports.items():
        shape = port.get_partial_shape()
        if len(shape) != 2:
            raise ConfigError(f"input {name!r} has shape {shape}, expected [samples,tokens]")
        if shape[1].is_static:
            return int(shape[1].get_length())
    return None


def _tokenizer(folder: Path, size: int | None) -> Any:
    package = optional("tokenizers", "tokenizers", "texts", "samples")
    try:
        found = package.Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # it raises nothing narrower
        raise ConfigError(f"file {str(folder / 'tokenizer.json')!r} can't be read: {error}") from error
    found.enable_truncation(size or _longest(folder))
    if size is None:
        found.no_padding()
    else:
        token = _padding(folder)
        found.enable_padding(length=size, pad_token=token, pad_id=found.token_to_id(token) or 0)
    return found


def _longest(folder: Path) -> int:
    """Tokens that a text may have: what the files say, and not more than is usual."""
    said = [_LONGEST]
    for name, key in (
        ("config.json", "max_position_embeddings"),
        ("tokenizer_config.json", "model_max_length"),
    ):
        values = read_mapping(folder / name) if (folder / name).is_file() else {}
        value = values.get(key)
        if isinstance(value, (int, float)) and value > 0:
            said.append(int(value))
    return min(said)


def _padding(folder: Path) -> str:
    values = (
        read_mapping(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    )
    token = values.get("pad_token", "[PAD]")
    return str(token.get("content", "[PAD]") if isinstance(token, dict) else token or "[PAD]")
