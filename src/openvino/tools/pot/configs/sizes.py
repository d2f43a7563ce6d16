"""Sizes of memory as people write them."""

from __future__ import annotations

import re
from typing import Any

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([kmgt]?)(i?)b\s*", re.IGNORECASE)


def size_in_bytes(value: Any) -> Any:
    """A number of bytes, where it is a text such as ``4GB``, ``800 MB`` or ``1.5GiB``; anything else as it is.

    Raises:
        ValueError: a text is no such number.
    """
    if not isinstance(value, str) or value.strip().isdigit():
        return int(value) if isinstance(value, str) else value
    found = _SIZE.fullmatch(value)
    if found is None:
        raise ValueError(f"expected bytes, such as '4GB', '800MB' or 800000000, found {value!r}")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(unit.lower() or " "))
