"""Every import path that POT had leads to something of ours, or to what says what to use where it is called."""

from __future__ import annotations

import importlib
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openvino.tools import pot

import builders
from openvino.tools.pot.algorithms import ALGORITHMS
from openvino.tools.pot.algorithms.algorithm_selector import get_algorithm
from openvino.tools.pot.app.argparser import get_common_argument_parser
from openvino.tools.pot.arithmetic.fake_quantize import get_num_levels
from openvino.tools.pot.configs.files import read_mapping as read_config_from_file
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.engines.creator import create_engine
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.graph import node_utils as utils
from openvino.tools.pot.graph.model import CompressedModel, SubModel
from openvino.tools.pot.graph.model_utils import Node, get_node_by_name
from openvino.tools.pot.graph.special_operations import OPERATIONS_WITH_BIAS, is_eltwise
from openvino.tools.pot.hardware.listing import load_hardware_config
from openvino.tools.pot.paths.helpers import convert_output_key, create_tmp_dir, write_config_to_file
from openvino.tools.pot.paths.helpers import no_telemetry as send_event
from openvino.tools.pot.paths.table import MOVED, PATHS, Same
from openvino.tools.pot.samplers.creator import create_sampler
from openvino.tools.pot.utils.errors import ConfigError, GoneError, ModelError, PotError
from openvino.tools.pot.utils.logger import stdout_redirect
from openvino.tools.pot.version import get_version

POT = "openvino.tools.pot"
OLD = sys.version_info < (3, 14)
GONE = sorted({entry for names in PATHS.values() for entry in names.values() if isinstance(entry, str)})
KNOWN = {
    *(name for names in PATHS.values() for name, entry in names.items() if isinstance(entry, Same)),
    *(*ALGORITHMS, *pot.__all__, *DefaultQuantizationParameters.model_fields),
    *("Core", "environ", "data_free", "plan", "examples", "optimize", "postprocess_output", "node"),
}
# What the issue names of scripts that were found.
SCRIPTS = """
from openvino.tools.pot.graph.nx_model import CompressedModel
from openvino.tools.pot.graph import node_utils
import openvino.tools.pot.graph.special_operations as ops
from openvino.tools.pot.version import get_version
from openvino.tools.pot.engines.creator import create_engine
from openvino.tools.pot.data_loaders.creator import create_data_loader
from openvino.tools.pot.algorithms.algorithm_selector import get_algorithm
from openvino.tools.pot.algorithms.quantization.utils import load_hardware_config, get_tensor_statistics
from openvino.tools.pot.algorithms.quantization.fake_quantize import get_num_levels
from openvino.tools.pot.algorithms.quantization.minmax.algorithm import MinMaxQuantization
import openvino.tools.pot.statistics.statistics
from openvino.tools.pot.statistics.statistics import TensorStatistic
from openvino.tools.pot.app.argparser import get_common_argument_parser
from openvino.tools.pot.utils.logger import stdout_redirect
from openvino.tools.pot import QUANTIZATION_ALGORITHMS, BiasCorrection
from openvino.tools.pot.api.samples.object_detection.obejct_detection_sample import COCOLoader, main
from openvino.tools.pot.graph.transformer import *
assert GraphTransformer.__name__ == "GraphTransformer"
"""


def full(path: str, package: str = POT) -> str:
    return f"{package}.{path}" if path else package


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_names_are_ours_or_say_what_to_use(path: str) -> None:
    module = importlib.import_module(full(path))
    for name, entry in PATHS[path].items():
        found = getattr(module, name)
        if isinstance(entry, Same):
            home = importlib.import_module(full(entry.module or path))
            assert found is getattr(home, entry.name or name)
        else:
            assert found is getattr(module, name), "one thing, not a new one each time"
            with pytest.raises(GoneError, match=re.escape(f"{name} is not there: {entry}")):
                found(1, model=2)


@pytest.mark.skipif(not OLD, reason="there the name is the standard library's")
@pytest.mark.parametrize("path", [*(path for path in PATHS if path), *MOVED], ids=str)
def test_names_of_before_2022_are_the_same_things(path: str) -> None:
    old = importlib.import_module(full(path, "compression"))
    new = importlib.import_module(full(MOVED.get(path, path)))
    for name in PATHS[MOVED.get(path, path)]:
        assert getattr(old, name) is getattr(new, name)


@pytest.mark.parametrize("sentence", GONE)
def test_sentences_name_something_that_there_is(sentence: str) -> None:
    dotted_names = re.findall(r"openvino\.tools\.pot[\w.]*\w", sentence)
    assert dotted_names or KNOWN & set(re.findall(r"\w+", sentence))
    for dotted in dotted_names:
        module, _, name = dotted.rpartition(".")
        assert hasattr(importlib.import_module(module), name) or importlib.import_module(dotted)


def in_a_process_of_its_own(source: str) -> None:
    subprocess.run([sys.executable, "-c", source], check=True, timeout=120)


@pytest.mark.process
def test_imports_of_old_scripts_work_in_a_fresh_process() -> None:
    in_a_process_of_its_own(SCRIPTS)


@pytest.mark.skipif(not OLD, reason="there the name is the standard library's")
@pytest.mark.parametrize(
    "first", ["compression.graph.nx_model", "compression.custom.metric", "compression.version"]
)
@pytest.mark.process
def test_a_path_of_before_2022_may_be_the_first_import(first: str) -> None:
    in_a_process_of_its_own(f"import {first}; from compression.graph.nx_model import CompressedModel")


@pytest.mark.parametrize(
    "name",
    [
        "graph.nx_modle",
        "graph.nx_model.more",
        "nothing",
        "algorithms.quantization.minmax.algorithms",
        "graph.view.x",
    ],
)
def test_modules_that_pot_did_not_have_are_not_found(name: str) -> None:
    for package in (POT, *(["compression"] if OLD else [])):
        with pytest.raises(ModuleNotFoundError, match=re.escape(full(name, package))):
            importlib.import_module(full(name, package))


@pytest.mark.parametrize("path", ["", "graph", "graph.nx_model", "graph.model_utils", "utils.logger"])
def test_names_that_pot_did_not_have_are_not_there(path: str) -> None:
    module = importlib.import_module(full(path))
    with pytest.raises(AttributeError, match="has no attribute 'load_modle'"):
        module.load_modle  # noqa: B018
    with pytest.raises(ImportError, match="load_modle"):
        exec(f"from {full(path)} import load_modle")


def test_a_stand_in_may_be_derived_from_and_asked_for_but_not_used() -> None:
    transformer: Any = importlib.import_module(f"{POT}.graph.transformer").GraphTransformer
    patterns: Any = importlib.import_module(f"{POT}.graph.special_patterns").IGNORED_PATTERNS
    registry: Any = importlib.import_module(f"{POT}.algorithms.algorithm_selector").COMPRESSION_ALGORITHMS

    class Own(transformer):  # type: ignore[misc]
        """As scripts derive."""

    assert not isinstance(1, transformer)
    assert not hasattr(transformer, "insert")
    for use in (
        *(
            Own,
            lambda: list(patterns),
            lambda: patterns["blocks"],
            lambda: len(patterns),
            lambda: "x" in patterns,
        ),
        lambda: registry.register("mine"),
    ):
        with pytest.raises(PotError, match="is not there: "):
            use()


# What does its work under its old name.


def names_of(nodes: list[Node]) -> list[str]:
    return [node.name for node in nodes]


def test_nodes_are_asked_for_their_neighbours_values_and_shapes() -> None:
    network = builders.network()
    second = get_node_by_name(network, "conv2")
    assert names_of(utils.get_node_inputs(second)) == ["relu1", "conv2/weights"]
    assert utils.get_node_input(second, 1).type == "Constant"
    assert (
        names_of(utils.get_node_output(second, 0)) == names_of(utils.get_all_node_outputs(second)) == ["add2"]
    )
    assert utils.get_input_shape(second, 0).tolist() == [1, 4, 8, 8]
    assert utils.get_output_shape(second, 0).tolist() == [1, 5, 8, 8]
    assert utils.get_node_data_type(second) == np.float32
    weights = builders.weights((5, 4, 3, 3), 1)
    np.testing.assert_array_equal(utils.get_node_value(utils.get_weights_for_node(second)), weights)
    np.testing.assert_array_equal(utils.get_input_data_value(second, 1), weights)
    bias = utils.get_bias_for_node(second)
    assert bias is not None and bias.name == "bias2"
    assert utils.get_bias_for_node(get_node_by_name(network, "relu1")) is None
    assert utils.get_quantized_input_key(second) == "relu1"
    assert names_of(utils.get_first_convolutions([get_node_by_name(network, "x")])) == ["conv1"]
    assert utils.check_const_input(second) and utils.check_input_data_is_const(second)
    assert not utils.check_input_data_is_const(second, 0)
    assert not utils.node_with_quantized_weights(second)
    for wrong, found in (
        (lambda: utils.get_node_value(second), "is no Constant but a Convolution"),
        (lambda: utils.get_node_input(second, 2), "'conv2' has 2 inputs, expected one with index 2"),
        (lambda: utils.get_weights_for_node(get_node_by_name(network, "relu1")), "has no weights"),
    ):
        with pytest.raises(ModelError, match=found):
            wrong()


@pytest.mark.parametrize("compressed", [False, True])
def test_nodes_of_a_quantized_model(compressed: bool) -> None:
    model = builders.quantized(builders.network(), builders.images())
    if compressed:
        pot.compress_model_weights(model)
    second = get_node_by_name(model, "conv2")
    assert utils.get_node_input(second, 0).type == "FakeQuantize"
    assert utils.check_const_input(second)
    assert utils.node_with_quantized_input_and_bias(second)
    assert utils.node_with_quantized_weights(second)


def test_names_in_a_cascade_have_their_models_name() -> None:
    model = CompressedModel(
        [SubModel("one", builders.network()), SubModel("two", builders.network())], "m", True
    )
    second = get_node_by_name(model, "two_conv2")
    assert utils.get_quantized_input_key(second) == "two_relu1"


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([3.0, 3.0], 0),
        ([0, 1], 1),
        (np.arange(17), 17),  # as POT counted, in bins
        (np.arange(15) * 0.013, 14),
        ([0, 1, 3.5], 4),
        (np.arange(128).reshape(2, 64), 128),
        (np.arange(129), -1),
        (np.random.default_rng(0).normal(size=500), -1),
    ],
)
def test_levels_of_an_array_are_those_that_pot_counted(values: Any, levels: int) -> None:
    assert get_num_levels(np.asarray(values)) == levels


def test_an_engine_is_made_of_its_section() -> None:
    items = builders.Items(builders.images())
    engine = create_engine({"type": "simplified", "device": "CPU"}, data_loader=items, metric=None)
    assert type(engine) is SimplifiedEngine
    assert engine.data_loader is items
    assert create_engine({"type": "data_free", "generate_data": True}, data_loader=items).data_loader is items
    for section in ({}, {"type": "simplifeid"}, {"type": "data_free"}):
        with pytest.raises(ConfigError, match="engine config: "):
            create_engine(section)
    with pytest.raises(ConfigError, match=r"nothing\.yml"):
        create_engine({"type": "accuracy_checker", "config": "nothing.yml"})


def test_a_sampler_takes_some_samples_of_an_engine() -> None:
    engine = create_engine({"type": "simplified"}, data_loader=builders.Items(list("abcd")))
    assert list(create_sampler(engine, 3, batch_size=2)) == [["a", "b"], ["c"]]
    assert list(create_sampler(engine, [3, 1])) == [["d"], ["b"]]
    assert sorted(create_sampler(engine, 4, shuffle_data=True)) == [["a"], ["b"], ["c"], ["d"]]


def test_a_device_is_listed_by_operation() -> None:
    head, bits, *rows = load_hardware_config({"target_device": "CPU"})
    assert (head, bits) == ({"target_device": "CPU"}, {"primary_bitwidth": 8})
    assert rows[0]["type"] == "Convolution"
    assert rows[0]["quantization"]["weights"] == [{"bits": 8, "granularity": "perchannel"}]
    assert {"type": "MaxPool"} in rows
    assert load_hardware_config({"target_device": "GNA"})[1] == {"primary_bitwidth": 16}
    with pytest.raises(ConfigError, match="target_device"):
        load_hardware_config({"target_device": "CPPU"})


def test_what_a_function_prints_goes_to_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def talks(number: int, more: int = 0) -> int:
        print("loud")
        print("and clear", file=sys.stderr)
        return number + more

    with builders.logger_as_before(), caplog.at_level(logging.DEBUG, POT):
        logging.getLogger(POT).propagate = True
        assert stdout_redirect(talks, 1, more=2) == 3
    assert capsys.readouterr() == ("", "")
    assert caplog.messages == ["loud", "and clear"]


def test_small_names_do_what_they_say(tmp_path: Path) -> None:
    assert get_version() == pot.__version__
    assert get_algorithm("DefaultQuantization") is pot.DefaultQuantization
    with pytest.raises(ConfigError, match="did you mean 'MinMaxQuantization'"):
        get_algorithm("MinMaxQuantisation")
    assert list(ALGORITHMS) == [*pot.QUANTIZATION_ALGORITHMS, *pot.SPARSITY_ALGORITHMS]
    assert get_common_argument_parser().parse_args(["-c", "x.json", "-e"]).evaluate
    assert [operation["type"] for operation in OPERATIONS_WITH_BIAS] == ["Convolution", "MatMul"]
    assert is_eltwise(get_node_by_name(builders.network(), "add1"))
    write_config_to_file({"model": {"model_name": "m"}}, tmp_path / "config.json")
    assert read_config_from_file(tmp_path / "config.json") == {"model": {"model_name": "m"}}
    with create_tmp_dir(tmp_path) as folder:
        assert Path(folder).parent == tmp_path
    assert convert_output_key(("y", 0)) == "y.0"
    assert send_event("action", "label") is None


@pytest.mark.process
def test_all_paths_are_attributes_of_the_package() -> None:
    below = [path for path in PATHS if path and not path.startswith("api.samples.")]
    in_a_process_of_its_own(
        "from operator import attrgetter; from openvino.tools import pot\n"
        f"for path in {below}: assert attrgetter(path)(pot).__name__.endswith(path)"
    )


@pytest.mark.process
def test_paths_are_attributes_too_as_pot_had_imported_all_of_itself() -> None:
    code = (
        "from openvino.tools import pot\n"
        "print(pot.graph.nx_model.CompressedModel.__name__)\n"
        "print(pot.algorithms.algorithm_selector.get_algorithm('DefaultQuantization').__name__)\n"
        "pot.utils.logger.init_logger(level='ERROR')\n"
        "print(pot.engines.ie_engine.IEEngine.__name__, pot.samplers.batch_sampler.BatchSampler.__name__)\n"
        "print(hasattr(pot.graph, 'nx_modell'))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.split() == [
        "CompressedModel", "DefaultQuantization", "IEEngine", "BatchSampler", "False",
    ]  # fmt: skip
