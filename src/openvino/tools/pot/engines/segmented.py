"""A network that runs part by part, so that never more than one part of it is compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.engines.stream import Feed, Outputs, run_stream
from openvino.tools.pot.graph.segments import Segment
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.statistics.way import Parts
from openvino.tools.pot.utils.memory import hand_back

T = TypeVar("T")
Values = dict[TensorId | str, NDArray[np.generic]]


def run_in_parts(
    parts: Parts, feeds: Iterator[tuple[T, Feed]], compiled: Callable[[ov.Model], Any], requests: int
) -> Iterator[tuple[T, Outputs]]:
    """Yield ``(tag, outputs)`` for each ``(tag, feed)``, in the order of the feeds.

    Some samples go through the first part, then through the second one: what parts hand on waits for as many samples as
    go together.

    Args:
        parts: of the network.
        feeds: tags and feeds, which must be left alone until their outputs are there.
        compiled: compiles a part.
        requests: parallel requests.

    Raises:
        DataError: OpenVINO refused a feed or failed on it; names its tag.
    """
    segments = list(parts.layers.segments(parts.cuts))
    while some := list(islice(feeds, parts.together)):
        tags = [tag for tag, _ in some]
        values = [Values(feed.items()) for _, feed in some]
        del some
        results: list[dict[int, NDArray[np.generic]]] = [{} for _ in tags]
        for number, segment in enumerate(segments):
            _run(segment, tags, values, results, compiled, requests)
            needed = {tensor for later in segments[number + 1 :] for tensor in later.takes.values()}
            for own in values:
                for tensor in own.keys() - needed:
                    del own[tensor]
            hand_back()
        for tag, found in zip(tags, results, strict=True):
            yield tag, [found[number] for number in sorted(found)]


def _run(
    segment: Segment,
    tags: Sequence[T],
    values: Sequence[Values],
    results: Sequence[dict[int, NDArray[np.generic]]],
    compiled: Callable[[ov.Model], Any],
    requests: int,
) -> None:
    """Run one part; what it gives is added to the values, or to the results."""
    if not segment.gives:
        return
    fed = (
        (tag, {name: own[tensor] for name, tensor in segment.takes.items()})
        for tag, own in zip(tags, values, strict=True)
    )
    found = run_stream(compiled(segment.model), fed, requests)
    for (_, outputs), own, result in zip(found, values, results, strict=True):
        for given, output in zip(segment.gives, outputs, strict=True):
            if isinstance(given, TensorId):
                own[given] = output
            else:
                result[given] = output
