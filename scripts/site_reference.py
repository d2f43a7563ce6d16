"""Pages of the site that are made from the code: docstrings of the public names, and flags of the command."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.resources import files

from openvino.tools import pot

from openvino.tools.pot.accuracy_checker.adapters import ADAPTERS
from openvino.tools.pot.accuracy_checker.postprocessing import POSTPROCESSING
from openvino.tools.pot.cli.arguments import make_parser
from openvino.tools.pot.datasets.formats import CONVERTERS
from openvino.tools.pot.datasets.metrics import METRICS
from openvino.tools.pot.datasets.preprocessing import STEPS

GROUPS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "functions": (
        "Functions",
        "What does a whole task in one call.",
        ("quantize", "load_images", "compress_weights", "diagnose", "compare", "frontier", "verify", "Processes"),
    ),
    "workflow": (
        "POT's workflow",
        "What POT's scripts are made of.",
        (
            "DataLoader", "Metric", "Engine", "IEEngine", "load_model", "create_pipeline", "Pipeline",
            "compress_model_weights", "save_model",
        ),
    ),
    "algorithms": (
        "Algorithms",
        "Each takes its parameters and an engine; `run(model)` gives a new model. "
        "[The API](../api.md) has all parameters.",
        (
            "DefaultQuantization", "AccuracyAwareQuantization", "MinMaxQuantization", "FastBiasCorrection",
            "BiasCorrection", "ActivationChannelAlignment", "OverflowCorrection", "WeightCompression",
            "DataFreeQuantization", "RangeSupervision", "OutlierChannelSplitting", "RangeOptimization",
            "QuantNoiseEstimator", "TunableQuantization", "MagnitudeSparsity", "WeightSparsity",
        ),
    ),
}  # fmt: skip
"""Page -> its title, a sentence, and the public names on it."""


def documented(group: str) -> str:
    """A page of docstrings, which mkdocstrings fills in."""
    title, sentence, names = GROUPS[group]
    parent = f"{pot.__name__.rpartition('.')[0]}."
    places = (f"::: {getattr(pot, name).__module__.removeprefix(parent)}.{name}" for name in names)
    return "\n\n".join((f"# {title}", sentence, *places)) + "\n"


def flags() -> str:
    """All flags of the command and of its subcommands, as the parser knows them."""
    parser = make_parser()
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    helps = {choice.dest: choice.help for choice in commands._choices_actions}
    parts = [
        "# All flags",
        "Made from the command's own parser. [The command](../command_line.md) says more of each, with examples.",
        "## `pot`",
        *_groups(parser),
    ]
    for name, command in commands.choices.items():
        parts += [f"## `pot {name}`", f"{_sentence(helps[name] or '')}", *_groups(command)]
    return "\n\n".join(parts) + "\n"


def _groups(parser: argparse.ArgumentParser) -> Iterator[str]:
    for group in parser._action_groups:
        rows = [_row(action) for action in group._group_actions if _is_told(action)]
        if rows:
            yield "\n".join((f"| {group.title} | |", "| --- | --- |", *rows))


def _is_told(action: argparse.Action) -> bool:
    others = (argparse._HelpAction, argparse._SubParsersAction)
    return action.help != argparse.SUPPRESS and not isinstance(action, others)


def _row(action: argparse.Action) -> str:
    value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
    if action.choices is not None and not action.metavar:
        value = ", ".join(map(str, action.choices))
    names = ", ".join(f"`{flag}`" for flag in action.option_strings) or f"`{value}`"
    taken = f" {value}" if action.option_strings and value else ""
    told = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    if action.default not in (None, False, argparse.SUPPRESS, []) and "default" not in told:
        told += f"{'; ' if told else ''}default: {action.default}"
    return f"| {names}{_plain(taken)} | {_plain(told)} |"


def _plain(words: str) -> str:
    """Words in which Markdown sees no links and no columns."""
    return re.sub(r"([\[\]|*_<])", r"\\\1", words)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


_PARTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "adapters": ("Adapters", ADAPTERS),
    "converters": ("Converters of annotations", CONVERTERS),
    "preprocessing": ("Preprocessing", STEPS),
    "postprocessing": ("Postprocessing", POSTPROCESSING),
    "metrics": ("Metrics", METRICS),
}


def accuracy_checker() -> str:
    """Which parts of Accuracy Checker there are, and which are refused by name."""
    known = json.loads(files("openvino.tools.pot.accuracy_checker").joinpath("names.json").read_text("utf-8"))
    parts = [
        "# Accuracy Checker, part by part",
        "[The command](../command_line.md#accuracy_checker) says what each part takes. What is not here is refused by "
        "its name, before anything is read; `DefaultQuantization` goes without it where it can.",
    ]
    for key, (title, here) in _PARTS.items():
        missing = sorted({*known[key]} - {*here})
        rows = (("here", sorted(here)), ("not here", missing))
        table = "\n".join(
            f"| {state} | {', '.join(f'`{name}`' for name in names)} |" for state, names in rows
        )
        parts += [f"## {title}", f"| | |\n| --- | --- |\n{table}"]
    return "\n\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "flags": flags,
    "accuracy_checker": accuracy_checker,
    **{group: partial(documented, group) for group in GROUPS},
}
"""Page of the reference -> what makes it."""
