"""The order of the packages: each may import itself, its neighbours on the same line and lines below."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from rooms import DOCUMENT, LAYERS, ROOT, table

POT = ROOT / "src/openvino/tools/pot"
RANK = {name: rank for rank, rooms in enumerate(LAYERS) for name in rooms}
PREFIX = ["openvino", "tools", "pot"]
FILES = sorted(POT.rglob("*.py"))


def imported_names(source: str, module: list[str]) -> Iterator[list[str]]:
    """The parts of every absolute name that the source imports; module is its own name's parts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module[: len(module) - node.level] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            yield from ([*base, alias.name] for alias in node.names)


def layer_of(name: list[str]) -> str:
    """The room of a module; some stand elsewhere than their folder, under a name that others know them by."""
    if ".".join(name[3:5]) in RANK:
        return ".".join(name[3:5])
    return name[3] if len(name) > 3 and name[3] in RANK else "__init__"


def broken_rules(source: str, module: list[str]) -> list[str]:
    """What the source may not import from where it stands."""
    own = layer_of(module)
    broken = []
    for name in imported_names(source, module):
        if name[:3] == PREFIX:
            layer = layer_of(name)
            if RANK[layer] < RANK[own]:
                broken.append(f"{own} imports {layer}")
        elif name[0] == "openvino" and own in ("arithmetic", "datasets"):
            broken.append(f"{own} imports OpenVINO")
    return broken


def test_every_module_has_a_layer() -> None:
    assert {file.relative_to(POT).parts[0].removesuffix(".py") for file in FILES} <= set(RANK)


def test_every_layer_has_a_module() -> None:
    for name in RANK:
        path = POT.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_table_of_rooms_is_that_of_the_list() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    written = text.partition("<!-- rooms: begin -->\n")[2].partition("\n<!-- rooms: end -->")[0]
    assert written == table(), "python tests/rooms.py writes it anew"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(POT)))
def test_imports_point_downwards(file: Path) -> None:
    module = [*PREFIX, *file.relative_to(POT).with_suffix("").parts]
    assert broken_rules(file.read_text(encoding="utf-8"), module) == []


def module_of(file: Path) -> str:
    return ".".join([*PREFIX, *file.relative_to(POT).with_suffix("").parts]).removesuffix(".__init__")


def imported_modules(source: str, module: str, known: set[str]) -> set[str]:
    """The modules of the package that a source imports anywhere, at its head or when something is called."""
    names = (".".join(name) for name in imported_names(source, module.split(".")))
    return {each for name in names for each in (name, name.rpartition(".")[0]) if each in known} - {module}


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that import each other, none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.long
def test_no_files_import_each_other() -> None:
    known = {module_of(file): file for file in FILES}
    # Packages offer names out of their own modules, which is no circle of files.
    packages = {module for module, file in known.items() if file.name == "__init__.py"}
    imports = {
        module: imported_modules(file.read_text(encoding="utf-8"), module, set(known)) - packages
        for module, file in known.items()
    }
    assert circle(imports) == []


def test_the_search_for_circles_itself() -> None:
    source = "def f():\n    from openvino.tools.pot.graph import view\n"
    assert imported_modules(source, "a", {"openvino.tools.pot.graph.view"}) == {
        "openvino.tools.pot.graph.view"
    }
    assert circle({"a": {"b"}, "b": {"a"}, "c": {"a"}}) in (["a", "b", "a"], ["b", "a", "b"])


@pytest.mark.parametrize(
    ("own", "source", "broken"),
    [
        ("graph", "from ..configs import a\nimport openvino as ov\nfrom ..graph.b import c", []),
        ("graph", "from ..engines.b import c", ["graph imports engines"]),
        ("hardware", "from openvino.tools.pot import graph", ["hardware imports graph"]),
        ("algorithms", "def f():\n    import openvino.tools.pot.cli", ["algorithms imports cli"]),
        ("configs", "from openvino.tools.pot import DataLoader", ["configs imports __init__"]),
        ("arithmetic", "from openvino.tools.pot.utils import a\nimport numpy", []),
        ("arithmetic", "import openvino.opset13 as ops", ["arithmetic imports OpenVINO"]),
        ("arithmetic", "from openvino import Model", ["arithmetic imports OpenVINO"]),
        ("datasets", "from openvino import Model", ["datasets imports OpenVINO"]),
    ],
)
def test_the_check_itself(own: str, source: str, broken: list[str]) -> None:
    assert broken_rules(source, [*PREFIX, own, "module"]) == broken
