"""Stand-ins for parts of POT that have no counterpart."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, NoReturn

from openvino.tools.pot.utils.errors import GoneError


class _Gone(ABCMeta):
    """The type of stand-ins, which are classes: scripts may derive from them, beside ABC too, and ask isinstance."""

    sentence: str

    def _say(cls, *_: Any, **__: Any) -> NoReturn:
        raise GoneError(cls.sentence)

    __call__ = __iter__ = __len__ = __getitem__ = __contains__ = _say
    register = _say  # which ABCMeta has, and POT's registries were asked for

    def __bool__(cls) -> bool:  # else it would be asked for its length
        return True

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        cls._say()


def stand_in(path: str, name: str, instead: str) -> type:
    """Something to import under a name of POT's, which says what to use in its place wherever it is used.

    Args:
        path: of the module, below POT's package.
        name: in the module.
        instead: the sentence, without the name.
    """
    whole = f"{path}.{name}" if path else name
    module = f"openvino.tools.pot.{path}".rstrip(".")  # where it is found again, by pickle too
    return _Gone(name, (), {"sentence": f"POT's {whole} is not there: {instead}", "__module__": module})
