"""How a pass goes through a network, where memory is short."""

from __future__ import annotations

from dataclasses import dataclass

from openvino.tools.pot.graph.segments import Layers


@dataclass(frozen=True)
class Parts:
    """A network that is measured part by part.

    Attributes:
        layers: of the network, with what was appended.
        cuts: places of the last operation of each part but the last one.
        together: samples that go through a part before the next one is compiled.
    """

    layers: Layers
    cuts: tuple[int, ...]
    together: int


@dataclass(frozen=True)
class Way:
    """What a pass does to need little memory; as it stands here, nothing.

    Only ``share`` changes what is measured.

    Attributes:
        streams: samples that the device works on at a time, a thread each; 0: as many as it likes.
        parts: in which the network is measured; None: as a whole.
        share: of the vectors that are kept otherwise.
    """

    streams: int = 0
    parts: Parts | None = None
    share: float = 1.0


QUICK = Way()
"""The one without a bound."""
