"""What a shell offers for the values of flags: files of the right kind, names, devices, nodes of the model."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

from openvino.tools.pot.configs.options import ModelType, TargetDevice

Completer = Callable[..., Iterable[str]]

_MODELS = ("xml", "onnx", "tflite", "pb", "pdmodel")
_FILES: Mapping[str, tuple[str, ...]] = {
    "model": _MODELS,
    "models": _MODELS,
    "int8": _MODELS,
    "verified": _MODELS,
    "weights": ("bin",),
    "config": ("json", "yml", "yaml"),
    "ac_config": ("json", "yml", "yaml"),
    "search": ("json",),
    "script": ("py",),
    "data_source": (),
    "report": ("html",),
    "output": ("json",),
}
"""Argument -> endings of the files that it takes; none: any file."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "target_device": get_args(TargetDevice),
    "model_type": get_args(ModelType),
    "layout": ("NCHW", "NHWC", "CHW", "HWC"),
}
"""Argument -> words that it takes in any case, so that they are no choices to the parser."""

_FOLDERS = ("output_dir", "stat_cache", "apply")
_DATA = frozenset({"Parameter", "Constant", "Result"})


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, and end the process, if it asks; without argcomplete do nothing."""
    try:
        import argcomplete
        from argcomplete.completers import (
            DirectoriesCompleter,
            FilesCompleter,
            SuppressCompleter,
        )
    except ImportError:
        return
    completers: dict[str, Completer] = {name: FilesCompleter(endings) for name, endings in _FILES.items()}
    completers |= {name: DirectoriesCompleter() for name in _FOLDERS}
    completers |= {"ignored": nodes, "device": devices}
    completers |= {name: _these(words) for name, words in _WORDS.items()}
    for action in _all_actions(parser):
        if action.dest in completers:
            action.completer = completers[action.dest]  # type: ignore[attr-defined] # argcomplete's way
    argcomplete.autocomplete(parser, default_completer=SuppressCompleter())


def _these(words: tuple[str, ...]) -> Completer:
    return lambda **_: words


def _all_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _all_actions(command)


def nodes(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """The operations of the model that stands before; none where it can't be read."""
    path = getattr(parsed_args, "model", None)
    if not path:
        return []
    from openvino.tools.pot.utils.runtime import core

    try:
        model = core().read_model(path)
    except RuntimeError:
        return []
    return [node.get_friendly_name() for node in model.get_ordered_ops() if node.get_type_name() not in _DATA]


def devices(**_: Any) -> list[str]:
    """Those that OpenVINO finds here."""
    from openvino.tools.pot.utils.runtime import core

    return list(core().available_devices)
