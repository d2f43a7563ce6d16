"""What all tests share; this file's place also lets them import ``builders``."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from openvino.tools.pot.utils import progress
from openvino.tools.pot.utils.logger import get_logger

# The cores may be shared: a slow example says nothing about the code.
settings.register_profile("pot", deadline=None, max_examples=50)
settings.load_profile("pot")


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    """Undo what a test, or what it runs, sets about logging: others read warnings."""
    logger = get_logger()
    kept = logger.handlers[:], logger.level, logger.propagate, progress.enabled
    yield
    logger.handlers[:], logger.level, logger.propagate, progress.enabled = kept
