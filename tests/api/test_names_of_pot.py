"""Every name that POT's wheels had can be imported: `pot_names.json` holds what `scripts/pot_names.py` read in them."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import inspect
import json
import pickle
import pydoc
import subprocess
import sys
import typing
from abc import ABC
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from openvino.tools.pot.paths.table import PATHS, Same
from openvino.tools.pot.utils.errors import GoneError

POT = "openvino.tools.pot"
ROOT = Path(__file__).resolve().parents[2]
LISTED = json.loads(Path(__file__).with_name("pot_names.json").read_text("utf-8"))
OLD = sys.version_info < (3, 14)
# What public scripts import, of what no page of POT's told them to: its own tests, a debugger of its graphs, NNCF.
PUBLIC = """
from openvino.tools.pot.algorithms.algorithm_selector import COMPRESSION_ALGORITHMS
from openvino.tools.pot.algorithms.quantization import fake_quantize as fqut
from openvino.tools.pot.algorithms.quantization import utils as ut
from openvino.tools.pot.algorithms.quantization.fake_quantize import compute_stats_layouts, get_num_levels
from openvino.tools.pot.algorithms.quantization.fake_quantize_configuration import \\
    read_all_fake_quantize_configurations, get_configurations_by_preset
from openvino.tools.pot.algorithms.quantization.minmax.algorithm import MinMaxQuantization
from openvino.tools.pot.configs.hardware_config import HardwareConfig
from openvino.tools.pot.engines.ac_engine import ACEngine
from openvino.tools.pot.graph import model_utils as mu
from openvino.tools.pot.graph import node_utils as nu
from openvino.tools.pot.graph.graph_utils import save_graph
from openvino.tools.pot.graph.pattern_utils import get_clamp_mult_const_pattern, \\
    get_softmax_reshape_transpose_gather_matmul_pattern
from openvino.tools.pot.graph.transformer import GraphTransformer
from openvino.tools.pot.statistics.collector import StatisticsCollector
from openvino.tools.pot.statistics.function_selector import AGGREGATION_FN, ACTIVATIONS_STATS_FN, WEIGHTS_STATS_FN, \\
    get_aggregation_function, get_stats_function_for_activations, get_stats_function_for_weights, PERCHANNEL, PERTENSOR
from openvino.tools.pot.statistics.functions import activations as asf
from openvino.tools.pot.statistics.functions import weights as wsf
from openvino.tools.pot.statistics.statistics import TensorStatistic
import openvino.tools.pot.algorithms.quantization.accuracy_aware.algorithm as aware
assert nu.get_node_input and asf.min_per_tensor and wsf.abs_max_per_filter and aware.logger.name == "openvino.tools.pot"
"""


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("package", [POT, *(["compression"] if OLD else [])])
@pytest.mark.parametrize("path", LISTED, ids=str)
def test_each_module_has_all_the_names_that_it_had(path: str, package: str) -> None:
    if not path and package != POT:
        pytest.skip("the package itself is a namespace, and on Python 3.14 the standard library's")
    module = importlib.import_module(f"{package}.{path}".rstrip("."))
    for name in [*LISTED[path]["defined"], *LISTED[path]["imported"]]:
        found = getattr(module, name)
        if isinstance(found, type):
            assert pickle.loads(pickle.dumps(found)) is found
        assert not path or name in dir(module) or name in LISTED[path]["imported"]
    assert module.__name__ in pydoc.render_doc(module)
    assert dict(inspect.getmembers(module)).keys() >= set(LISTED[path]["defined"]) or not path


def test_the_list_is_of_releases_before_and_after_the_move() -> None:
    for path, name in (
        ("optimization.tpe.multinode", "Multinode"),  # up to 2021.4
        ("algorithms.quantization.accuracy_aware.mixed_precision", "INT4MixedQuantization"),
        ("algorithms.quantization.ranger.algorithm", "Ranger"),  # 2022.1 alone
        ("algorithms.quantization.accuracy_aware_common.algorithm", "AccuracyAwareCommon"),
        ("graph.npu_patterns", "get_npu_ignored_patterns"),  # 2023.3
    ):
        assert name in LISTED[path]["defined"]


@pytest.mark.parametrize("path", [path for path in LISTED if path and ".3d" not in path], ids=str)
def test_a_star_gives_the_names_that_have_no_file_and_those_of_the_table(path: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {POT}.{path} import *", names)
    said = vars(importlib.import_module(f"{POT}.{path}")).get("__all__")
    assert names.keys() >= set(PATHS[path] if said is None else said)


@pytest.mark.process
def test_what_public_scripts_import_is_there_in_a_fresh_process() -> None:
    subprocess.run([sys.executable, "-c", PUBLIC], check=True, timeout=120)


@pytest.mark.process
def test_walking_through_all_modules_finds_them_and_breaks_nothing() -> None:
    code = (
        f"import pkgutil, {POT} as pot\n"
        f"found = [each.name for each in pkgutil.walk_packages(pot.__path__, '{POT}.')]\n"
        f"assert '{POT}.graph.model_utils' in found\n"
        "import inspect; inspect.getmodule(pot.Pipeline); inspect.stack()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.process
def test_a_stand_in_comes_out_of_a_pickle_in_another_process() -> None:
    transformer = importlib.import_module(f"{POT}.graph.transformer").GraphTransformer
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).__name__)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(transformer),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.decode().strip() == "GraphTransformer"


def test_stand_ins_are_classes_for_all_that_only_looks_at_classes() -> None:
    transformer: Any = importlib.import_module(f"{POT}.graph.transformer").GraphTransformer

    class Own(transformer, ABC):  # type: ignore[misc]
        """As scripts may derive."""

    def function(argument: transformer | None) -> None: ...

    assert copy.deepcopy(transformer) is transformer
    assert typing.get_type_hints(function, {"transformer": transformer})["argument"] == transformer | None
    assert issubclass(Own, transformer) and not isinstance(Own, transformer)
    assert "instead" not in str(inspect.signature(transformer))
    importlib.reload(importlib.import_module(f"{POT}.graph.transformer"))
    with pytest.raises(GoneError, match="GraphTransformer is not there"):
        Own()


def test_all_imported_names_lead_to_what_the_module_had_imported() -> None:
    accuracy_aware = importlib.import_module(f"{POT}.algorithms.quantization.default.algorithm")
    assert accuracy_aware.MinMaxQuantization is importlib.import_module(POT).MinMaxQuantization
    selector = importlib.import_module(
        f"{POT}.algorithms.quantization.minmax.algorithm"
    ).COMPRESSION_ALGORITHMS
    with pytest.raises(GoneError, match="COMPRESSION_ALGORITHMS is not there: nothing is registered"):
        selector.register("Own")


def test_names_are_read_out_of_a_module_with_where_they_came_from() -> None:
    pot_names = script("pot_names")
    text = (
        "import numpy as np\nfrom addict import Dict\n"
        "from ..utils.logger import get_logger\nfrom . import passes as p\n"
        "from compression.graph import editor\nlogger = get_logger(__name__)\n_own = A, B = 1, 2\n"
        "try:\n    import torch\n    T = True\nexcept ImportError:\n    F = False\n"
        "class C: pass\nif __name__ == '__main__':\n    D = 1\n"
    )
    assert pot_names.bound("graph.model", False, text) == {
        "get_logger": ("utils.logger", "get_logger"), "p": ("graph", "passes"), "editor": ("graph", "editor"),
        "logger": None, "A": None, "B": None, "T": None, "F": None, "C": None,
    }  # fmt: skip
    assert pot_names.bound("graph", True, "from .load import load_model") == {
        "load_model": ("graph.load", "load_model")
    }


def test_the_page_says_what_the_table_does() -> None:
    import_paths = script("import_paths")
    assert import_paths.PAGE.read_text("utf-8") == import_paths.page(LISTED), "run scripts/import_paths.py"
    text = import_paths.page(LISTED).replace(r"\[", "[")  # which is no link
    for path, names in LISTED.items():
        for name in set(names["defined"]) - {"logger"}:
            entry = PATHS[path][name]
            assert f"`{name}`" in text and f"`{path or POT}`" in text
            assert isinstance(entry, Same) or entry in text
