"""What all tests share; this file's place also lets them import ``builders``."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from builders import logger_as_before

# The cores may be shared: a slow example says nothing about the code.
settings.register_profile("pot", deadline=None, max_examples=50)
settings.load_profile("pot")


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    """Undo what a test, or what it runs, sets about logging: others read warnings."""
    with logger_as_before():
        yield
