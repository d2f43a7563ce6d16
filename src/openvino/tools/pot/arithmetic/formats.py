"""How numbers are stored: one entry for each format, by its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """Integers of so many bits."""

    bits: int

    @property
    def levels(self) -> int:
        """As many as the bits tell apart."""
        return 1 << self.bits

    @property
    def narrow(self) -> int:
        """Levels of a range with zero in the middle: all but the lowest number, which has no counterpart."""
        return self.levels - 1

    @property
    def wide(self) -> bool:
        """Whether a byte doesn't hold it: it has levels to spare, and constants stay floats under a FakeQuantize."""
        return self.bits > 8

    @property
    def highest(self) -> int:
        """The largest signed number."""
        return self.narrow // 2


FORMATS: dict[str, Format] = {"i8": Format(8), "i16": Format(16), "i32": Format(32)}
"""Name -> format; device tables name them."""

BYTE = FORMATS["i8"]
