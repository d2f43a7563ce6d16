"""How long the steps of a run take, for whoever listens at the debug level."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from openvino.tools.pot.utils.logger import get_logger

logger = get_logger(__name__)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Log what a step took; its name and its seconds are attributes of the record, ``step`` and ``seconds``."""
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    logger.debug("%s took %.3f s", step, seconds, extra={"step": step, "seconds": seconds})
