"""Values that wait in a file while memory is wanted for other things."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from typing import IO, Any, Generic, TypeVar

from openvino.tools.pot.utils.logger import get_logger

T = TypeVar("T")

logger = get_logger(__name__)


class Aside(Generic[T]):
    """One value, which can be pickled; taken, it is in memory, and put back, in a file that nobody else sees.

    The file has no name and is gone with the process, however that ends. Where there is no room for it, the value
    stays in memory.

    Args:
        value: the first.
    """

    def __init__(self, value: T) -> None:
        self._value: T | None = None
        self._file: IO[Any] | None = None
        self.put(value)

    def put(self, value: T) -> None:
        """Keep a value in place of what was there."""
        if self._file is not None:
            self._file.close()
        self._value, self._file = None, None
        try:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the value
            weakref.finalize(self, file.close)
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
        except OSError as error:
            logger.debug("kept in memory: %s", error)
            self._value = value
        else:
            self._file = file

    def take(self) -> T:
        """The value, read from its file."""
        if self._file is None:
            return self._value  # type: ignore[return-value]
        self._file.seek(0)
        return pickle.load(self._file)  # type: ignore[no-any-return]
