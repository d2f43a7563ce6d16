"""The rooms of the package in the order of dependency, and their table in docs/architecture.md.

python tests/rooms.py    # writes the table anew
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/architecture.md"

# Each room may import itself, its neighbours of the same line and the lines below.
LAYERS: tuple[Mapping[str, str], ...] = (
    {
        "__main__": "the command `python -m openvino.tools.pot`",
        "demo": "the command `python -m openvino.tools.pot.demo`",
        "app": "POT's name for the functions of `cli`",
        "api.samples": "loaders, metrics, engines and command lines of POT's samples, which stand in `api` for "
        "their names alone",
    },
    {"__init__": "the names that users import"},
    {
        "cli": "the command `pot`: arguments, checks, results; POT's class `Config` over the sections of "
        "`configs`"
    },
    {"legacy": "modules that OpenVINO dropped, for `pot run-script`; nothing else imports it"},
    {
        "adoption": "folders as other tools export them, and the same in INT8",
        "verification": "whether a model is what it says it is, and devices and settings agree on it",
        "doctor": "whether a machine is fit to quantize, and what stands in the way",
    },
    {"diagnosis": "what INT8 loses, where and why, and what helps"},
    {"shortcut": "`quantize`"},
    {"pipeline": "lists of algorithms made runnable", "report": "figures about models"},
    {"workers": "passes over samples made by the workers of an executor"},
    {"algorithms": "each a short composition of the rooms below"},
    {
        "placement": "where quantizers go",
        "statistics": "what to measure",
        "engines": "how samples flow through a compiled model",
        "samplers": "which samples, in which order",
        "data_loaders": "samples for a model from files, or made up",
        "accuracy_checker": "configurations of Accuracy Checker, and the engine that runs as they say",
    },
    {
        "graph": "the only room that edits models: reading, saving, views, names, and `edits`, one kind of edit "
        "a file"
    },
    {
        "hardware": "devices as data, and what they are asked",
        "arithmetic": "arithmetic on arrays, which may not import OpenVINO",
        "datasets": "files, annotations, images and metrics, which don't either",
        "demo.digits": "the embedded network and its images",
    },
    {
        "configs": "configuration files and parameters of algorithms, checked",
        "api": "what users subclass",
    },
    {
        "utils": "errors, logging, progress, locks and folders of results",
        "version": "the package's version",
        "paths": "POT's import paths",
    },
)


def table() -> str:
    """The rooms as a table of Markdown, one line of the order a row."""
    rows = ["| room | what it does |", "| --- | --- |"]
    for rooms in LAYERS:
        names = ", ".join(f"`{name.replace('.', '/')}`" for name in rooms)
        rows.append(f"| {names} | {'; '.join(rooms.values())} |")
    return "\n".join(rows)


def main() -> None:
    """Write the table into the document."""
    sys.path.append(str(ROOT))
    from benchmarks.tables import write_between

    write_between(DOCUMENT, "rooms", table())


if __name__ == "__main__":
    main()
