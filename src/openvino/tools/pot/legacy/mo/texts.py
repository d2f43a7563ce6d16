"""The small language of Model Optimizer's arguments: lists of names with something in brackets."""

from __future__ import annotations

import re
from typing import NamedTuple

from openvino.tools.pot.utils.errors import ConfigError

_PART = re.compile(r"(?P<name>[^\[\](){}]*)(?P<content>\[[^\[\]]*\]|\([^()]*\))?(?P<rest>.*)")


class Part(NamedTuple):
    """One entry of a list, such as ``data[1,3,8,8]{f32}``: a name, what is in brackets, what follows."""

    name: str
    content: str | None
    rest: str


def split(text: str) -> list[str]:
    """The entries of a list: ``text`` parted at the commas that are in no brackets."""
    entries, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and depth == 0:
            entries.append(text[start:position].strip())
            start = position + 1
    return [*entries, text[start:].strip()]


def parts(argument: str, text: str) -> list[Part]:
    """The entries of a list, each parted into name and content.

    Args:
        argument: the name of the argument, for errors.
        text: its value.

    Raises:
        ConfigError: brackets don't fit.
    """
    found = []
    for entry in split(text):
        match = _PART.fullmatch(entry)
        if match is None or (match["content"] is None and match["rest"][:1] not in ("", "{")):
            raise ConfigError(f"convert_model: {argument} is {text!r}, in which {entry!r} can't be read")
        content = match["content"]
        found.append(Part(match["name"].strip(), content and content[1:-1].strip(), match["rest"].strip()))
    return found
