"""What is right for single samples of a zoo entry; needs numpy alone, so that a peer's environment can use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Judge = Callable[[NDArray[Any], int], bool]
"""Whether an output is right for the sample of an index."""


def judge_of(folder: Path) -> Judge | None:
    """That of the entry in a folder, None where only the whole set has a score."""
    facts = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    if facts["score"] not in ("top1", "ctc_words"):
        return None
    with np.load(folder / "data.npz", allow_pickle=False) as data:
        labels = data["eval_y"]
    if facts["score"] == "top1":
        return lambda output, index: bool(output.argmax() == labels[index])
    characters: Sequence[str] = facts["characters"]
    return lambda output, index: _line(output[0], characters) == str(labels[index]).replace(" ", "")


def _line(scores: NDArray[Any], characters: Sequence[str]) -> str:
    """The text of a recognized line, without repeats, blanks and spaces."""
    best = scores.argmax(-1)
    kept = best[(best != 0) & (best != np.concatenate([[0], best[:-1]]))]
    return "".join(characters[place] for place in kept).replace(" ", "")
