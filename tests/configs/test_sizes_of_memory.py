"""Sizes of memory as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from openvino.tools.pot import DefaultQuantization
from openvino.tools.pot.configs.sizes import size_in_bytes
from openvino.tools.pot.utils.errors import ConfigError


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("4GB", 4_000_000_000),
        ("800 mb", 800_000_000),
        ("1.5GiB", 3 * 2**29),
        ("123b", 123),
        ("5000", 5000),
        (5000, 5000),
        (None, None),
    ],
)
def test_a_size_is_a_number_or_a_text_with_a_unit(said: Any, meant: int | None) -> None:
    assert size_in_bytes(said) == meant


@pytest.mark.parametrize("said", ["much", "4 G", "-1GB", "4GB!", ""])
def test_other_texts_are_refused(said: str) -> None:
    with pytest.raises(ConfigError, match=r"max_memory: .*expected bytes, such as '4GB'"):
        DefaultQuantization({"max_memory": said})


@pytest.mark.parametrize("said", [0, True, "0GB"])
def test_there_is_no_bound_of_nothing(said: Any) -> None:
    with pytest.raises(ConfigError, match="max_memory"):
        DefaultQuantization({"max_memory": said})
