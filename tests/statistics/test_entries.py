"""Files of statistics: what was written is read, in place, and what is damaged is not."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvino.tools.pot.statistics.cache import OtherSizes, StatisticsCache, _read, _write
from openvino.tools.pot.statistics.kept import Kept

KEY = "0" * 32


def kept(*sizes: int) -> Kept:
    found = Kept()
    for number, size in enumerate(sizes):
        found.once(number, lambda size=size: np.arange(size, dtype=np.float32))
    return found


def written(entry: Kept | OtherSizes) -> bytes:
    file = BytesIO()
    _write(file, entry)
    return file.getvalue()


@given(st.lists(st.integers(0, 100), max_size=5))
def test_what_is_read_is_what_was_written(sizes: list[int]) -> None:
    found = _read(memoryview(bytearray(written(kept(*sizes)))))
    for number, size in enumerate(sizes):
        values = found.once(number, lambda: None)
        assert np.array_equal(values, np.arange(size, dtype=np.float32))
        assert values.ctypes.data % 4 == 0
    assert not found.has_more


def test_arrays_stay_where_they_were_read_and_may_be_written() -> None:
    content = np.frombuffer(bytearray(written(kept(1000))), np.uint8)
    values = _read(content.data).once(0, lambda: None)
    assert np.shares_memory(values, content) and values.flags.writeable


def test_arrays_in_another_order_and_with_gaps_are_kept() -> None:
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    found = Kept()
    for name, values in (("columns", np.asfortranarray(whole)), ("gaps", whole[:, ::2])):
        found.once(name, lambda values=values: values)
    read = _read(memoryview(bytearray(written(found))))
    assert np.array_equal(read.once("columns", lambda: None), whole)
    assert np.array_equal(read.once("gaps", lambda: None), whole[:, ::2])


@given(st.data())
def test_a_changed_byte_or_a_missing_end_is_seen(data: st.DataObject) -> None:
    content = bytearray(written(kept(20, 3)))
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[place:]
    with pytest.raises(ValueError, match="it is damaged"):
        _read(memoryview(content))


def test_entries_of_one_key_have_names_of_their_own(tmp_path: Path) -> None:
    cache = StatisticsCache(tmp_path, 10_000)
    entries = [OtherSizes({"x": (1, size)}, size) for size in (2, 3)]
    for entry in (*entries, *entries):
        cache.add(KEY, entry)
    cache.add(KEY, kept(3))
    cache.add(KEY, kept(4))  # takes the place of the one before
    assert len(list(tmp_path.iterdir())) == 3
    found = [each for each in cache.entries(KEY) if isinstance(each, OtherSizes)]
    assert sorted(each.position for each in found) == [2, 3]
