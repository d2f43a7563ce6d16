"""Samples, and loaders of them, that can't be right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from misuses import IMAGES, Misuse, Sum, check, evaluated, giving, loader, raising, run

import builders
from openvino.tools.pot import DataLoader, IEEngine, quantize
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.samplers.creator import create_sampler


def short(data: Any, **params: Any) -> Any:
    return quantize(builders.network(), data, **params)


def failing_iterator(error: type[BaseException]) -> Any:
    yield IMAGES[0]
    raise error("of the iterator")


def nested(depth: int) -> Any:
    found: Any = 1.0
    for _ in range(depth):
        found = [found]
    return found


class Array:
    """What says that it is an array, and is none."""

    ndim = 4
    __array__ = raising(ValueError, "no array")


class Tensor:
    """What has a method of torch's tensors, and is none."""

    detach = raising(RuntimeError, "no tensor")


class Unsized:
    def __getitem__(self, index: int) -> Any:
        return IMAGES[index]


class Unindexed:
    def __len__(self) -> int:
        return 4


class MuteError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


# What is given to ``quantize`` as data.
DATA: dict[str, tuple[Any, str]] = {
    "nothing": (None, "data is a NoneType"),
    "a number": (5, "data is a int"),
    "a truth": (True, "data is a bool"),
    "an object": (object(), "data is a object"),
    "a function": (raising(ValueError), "data is a function"),
    "a class of loaders": (builders.Items, "has no length"),
    "a mapping": ({"x": IMAGES[0]}, "data is a dict"),
    "an empty list": ([], "the data loader is empty"),
    "an empty array": (np.zeros((0, 3, 8, 8)), "the data loader is empty"),
    "an empty iterator": (iter([]), "the data loader is empty"),
    "a text": ("images", "sample 0: input 'x' expects numbers"),
    "bytes": (b"images", "sample 0: input 'x' expects shape"),
    "a range": (range(4), "sample 0: input 'x' expects shape"),
    "a set of numbers": ({1, 2}, "sample 0: input 'x' expects shape"),
    "an array without axes": (np.array(5.0), "data"),
    "a number of NumPy's": (np.float32(5), "data"),
    "what has no length": (Unsized(), "data is a Unsized"),
    "what has no items": (Unindexed(), "data is a Unindexed"),
    "one sample in place of a list": (IMAGES[0][0], "sample 0: input 'x' expects shape"),
    "texts": (["a.png", "b.png"], "sample 0: input 'x' expects numbers"),
    "Nones": ([None, None], "sample 0: input 'x' expects numbers"),
    "objects": ([object()], "sample 0: input 'x' expects numbers"),
    "functions": ([raising(ValueError)], "sample 0: input 'x' expects numbers"),
    "dates": ([np.zeros((1, 3, 8, 8), "datetime64[s]")], "sample 0: input 'x' expects numbers"),
    "records": ([np.zeros((1, 3, 8, 8), [("a", "f4")])], "sample 0: input 'x' expects numbers"),
    "objects in arrays": ([np.full((1, 3, 8, 8), None)], "sample 0: input 'x' expects numbers"),
    "letters": ([np.full((1, 3, 8, 8), "a")], "sample 0: input 'x' expects numbers"),
    "complex numbers": ([IMAGES[0] * 1j], "sample 0: input 'x' expects numbers"),
    "uneven lists": ([([[1.0], [1.0, 2.0]], 0)], "sample 0: input 'x' expects"),
    "numbers of any length": ([([10**400], 0)], "sample 0: input 'x' expects"),
    "lists too deep": ([(nested(100), 0)], "sample 0: input 'x' expects"),
    "sets": ([{1, 2}], "sample 0: input 'x' expects numbers"),
    "an empty tuple": ([()], "sample 0: the data loader gave a tuple of 0 elements"),
    "an empty list as a sample": ([[]], "sample 0: the data loader gave a list of 0 elements"),
    "four parts": ([(1, 2, 3, 4)], "sample 0: the data loader gave a tuple of 4 elements"),
    "an empty mapping": ([{}], "sample 0: no data for input 'x'"),
    "a mapping of another name": ([{"y": IMAGES[0]}], "sample 0: the model has no input 'y'"),
    "a mapping of no names": ([{None: IMAGES[0]}], "sample 0: the model has no input 'None'"),
    "a mapping of numbers": ([{7: IMAGES[0]}], "sample 0: the model has no input '7'"),
    "a mapping to nothing": ([{"x": None}], "sample 0: input 'x' expects numbers"),
    "an axis of no size": ([np.zeros((1, 3, 0, 8))], "sample 0: input 'x' expects shape"),
    "no row": ([np.zeros((0, 3, 8, 8))], "sample 0: input 'x' expects shape"),
    "too many axes": ([np.zeros((1,) * 60)], "sample 0: input 'x' expects shape"),
    "all NaN": ([np.full((1, 3, 8, 8), np.nan)], "sample 0: input 'x' holds NaN"),
    "all infinite": ([np.full((1, 3, 8, 8), np.inf)], "sample 0: input 'x' holds NaN"),
    "too large for float": ([np.full((1, 3, 8, 8), 1e300)], "sample 0: input 'x' holds values beyond f32"),
    "what can't be made an array": ([Array()], "sample 0"),
    "what is no tensor": ([Tensor()], "sample 0"),
    "a generator as a sample": ([(number for number in range(4))], "sample 0: input 'x' expects numbers"),
    "a memory of bytes": ([memoryview(b"1234")], "sample 0: input 'x' expects shape"),
    "later another shape": ([*IMAGES, IMAGES[0][..., :7]], "sample 4: input 'x' expects shape"),
    "later NaN": ([*IMAGES, IMAGES[0] * np.nan], "sample 4: input 'x' holds NaN"),
    "later nothing": ([*IMAGES, None], "sample 4: input 'x' expects numbers"),
}
CASES: dict[str, Misuse] = {
    f"quantize with {name}": Misuse(lambda data=data: short(data), part)
    for name, (data, part) in DATA.items()
}
CASES |= {
    "an iterator that fails": Misuse(lambda: short(failing_iterator(OSError)), "data", OSError),
    "an iterator that fails with our error's base": Misuse(
        lambda: short(failing_iterator(RuntimeError)), "data", RuntimeError
    ),
}

# What ``len`` of a loader comes to.
LENGTHS: dict[str, tuple[Any, type[BaseException] | None]] = {
    "negative": (giving(-1), ValueError),
    "beyond what Python counts to": (giving(10**30), OverflowError),
    "huge": (giving(sys.maxsize), None),
    "a float": (giving(4.0), TypeError),
    "a text": (giving("4"), TypeError),
    "nothing": (giving(None), TypeError),
    "raising": (raising(OSError, "no disk"), OSError),
    "absent": (None, TypeError),
    "zero": (giving(0), None),
}


def search_over(own: Any) -> Any:
    return run(own, Sum(), "AccuracyAwareQuantization", maximal_drop=1e9)


def sampled(own: Any) -> Any:
    engine = IEEngine({}, own)
    engine.set_model(builders.network())
    return engine.predict(sampler=BatchSampler(own))


USES: dict[str, Any] = {
    "DefaultQuantization": run,
    "AccuracyAwareQuantization": search_over,
    "evaluate": lambda own: evaluated(data_loader=own),
    "BatchSampler": sampled,
    "create_sampler": lambda own: create_sampler(IEEngine({}, own), 4),
}


for length, (method, cause) in LENGTHS.items():
    for use, call in USES.items():
        if length in ("huge", "zero") and use == "create_sampler":
            continue
        CASES[f"a length that is {length}, {use}"] = Misuse(
            lambda call=call, method=method: call(loader(__len__=method)), "the data loader", cause
        )

# What a loader does when it is asked for a sample.
ITEMS: dict[str, tuple[Any, str, type[BaseException] | None]] = {
    "raising OSError": (
        raising(OSError, "no disk"),
        "sample 0: the data loader raised OSError: no disk",
        OSError,
    ),
    "raising KeyError": (raising(KeyError, 0), "sample 0: the data loader raised KeyError", KeyError),
    "raising IndexError": (raising(IndexError), "sample 0: the data loader raised IndexError", IndexError),
    "raising StopIteration": (raising(StopIteration), "sample 0: the data loader raised Stop", StopIteration),
    "raising RuntimeError": (
        raising(RuntimeError, "x"),
        "sample 0: the data loader raised Runtime",
        RuntimeError,
    ),
    "raising MemoryError": (
        raising(MemoryError),
        "sample 0: the data loader raised MemoryError",
        MemoryError,
    ),
    "raising RecursionError": (
        raising(RecursionError),
        "sample 0: the data loader raised Recu",
        RecursionError,
    ),
    "raising AssertionError": (
        raising(AssertionError),
        "sample 0: the data loader raised Ass",
        AssertionError,
    ),
    "raising in lines": (
        raising(ValueError, "a\nb\n"),
        "sample 0: the data loader raised ValueError: ",
        ValueError,
    ),
    "raising a sentence": (
        raising(ValueError, "It is."),
        "sample 0: the data loader raised ValueE",
        ValueError,
    ),
    "raising at length": (
        raising(ValueError, "x" * 5000),
        "sample 0: the data loader raised ValueE",
        ValueError,
    ),
    "raising what can't be printed": (
        raising(MuteError),
        "sample 0: the data loader raised Mute",
        MuteError,
    ),
    "giving nothing": (giving(None), "sample 0: input 'x' expects numbers", None),
    "giving a text": (giving("cat.png"), "sample 0: input 'x' expects numbers", None),
    "giving an object": (giving((object(), 0)), "sample 0: input 'x' expects numbers", None),
    "giving no array": (giving((Array(), 0)), "sample 0: ", ValueError),
    "giving no tensor": (giving((Tensor(), 0)), "sample 0: ", RuntimeError),
    "giving five parts": (giving((1, 2, 3, 4, 5)), "sample 0: the data loader gave a tuple of 5", None),
    "giving a mapping in a mapping": (
        giving({"x": {"x": IMAGES[0]}}),
        "sample 0: input 'x' expects numbers",
        None,
    ),
    "being no method": (5, "sample 0: the data loader raised TypeError", TypeError),
    "of another signature": (lambda self: IMAGES[0], "sample 0: the data loader raised TypeError", TypeError),
}
for name, (method, part, cause) in ITEMS.items():
    for use in ("DefaultQuantization", "AccuracyAwareQuantization", "evaluate"):
        CASES[f"a loader {name}, {use}"] = Misuse(
            lambda call=USES[use], method=method: call(loader(__getitem__=method)), part, cause
        )

# What is given to an engine as a loader.
LOADERS: dict[str, Any] = {
    "a number": 5,
    "an object": object(),
    "a function": raising(ValueError),
    "a class of loaders": builders.Items,
    "a generator": iter(IMAGES),
    "what has no length": Unsized(),
    "a mapping": {"x": IMAGES[0]},
    "a set": {1, 2},
    "a text": "images",
}
CASES |= {
    f"{name} as a loader, {use}": Misuse(lambda call=USES[use], own=own: call(own), "")
    for name, own in LOADERS.items()
    for use in ("DefaultQuantization", "evaluate")
}


class Iterated:
    """As loaders of PyTorch are, over which quantizers of others go."""

    def __len__(self) -> int:
        return 4

    def __iter__(self) -> Iterator[Any]:
        return iter(IMAGES)


CASES |= {
    f"what can only be iterated, {name}": Misuse(
        lambda call=call: call(Iterated()),
        "sample 0: the data loader, a Iterated, can only be iterated, expected one with __getitem__",
    )
    for name, call in USES.items()
    if name != "create_sampler"  # which an engine may go through in its own way
}


@pytest.mark.parametrize("case", CASES)
def test_misused_data_are_refused_in_a_sentence(case: str) -> None:
    check(CASES[case])


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("member", ["__len__", "__getitem__"])
@pytest.mark.parametrize("use", ["DefaultQuantization", "evaluate"])
def test_interruptions_in_a_loader_pass_through(error: Any, member: str, use: str) -> None:
    with pytest.raises(error):
        USES[use](loader(**{member: raising(error)}))


def test_a_loader_may_be_anything_with_a_length_and_items() -> None:
    class Own:
        __len__, __getitem__ = giving(4), giving((IMAGES[0], 0))

    assert not isinstance(Own(), DataLoader)
    assert run(Own()).check is not None
