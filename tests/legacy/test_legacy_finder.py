"""Old module names lead to today's things, in one process, only when imported, and never in place of a real one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from old_models import run_script

# What scripts import, by module; every name must be there.
IMPORTS = {
    "openvino.runtime": (
        *("Core", "Model", "CompiledModel", "InferRequest", "AsyncInferQueue", "Tensor", "Type", "Shape"),
        *(
            "PartialShape",
            "Dimension",
            "Layout",
            "Output",
            "ConstOutput",
            "Input",
            "Node",
            "Strides",
            "AxisSet",
        ),
        *(
            "AxisVector",
            "Coordinate",
            "CoordinateDiff",
            "DiscreteTypeInfo",
            "Extension",
            "ProfilingInfo",
            "RTMap",
        ),
        *(
            "Version",
            "OVAny",
            "get_batch",
            "set_batch",
            "serialize",
            "shutdown",
            "save_model",
            "compile_model",
        ),
        *(
            "tensor_from_file",
            "get_version",
            "layout_helpers",
            "properties",
            "op",
            "utils",
            "passes",
            "exceptions",
        ),
        *(f"opset{number}" for number in range(1, 14)),
        "__version__",
    ),
    **{f"openvino.runtime.opset{number}": ("parameter", "add") for number in range(1, 14)},
    "openvino.runtime.opset8.ops": ("gather",),
    "openvino.runtime.op": ("Constant", "Parameter", "Result"),
    "openvino.runtime.op.util": ("VariableInfo", "Variable", "SliceInputDescription"),
    "openvino.runtime.passes": ("Manager", "ModelPass", "MatcherPass", "Matcher", "WrapType", "GraphRewrite"),
    "openvino.runtime.passes.graph_rewrite": ("GraphRewrite",),
    "openvino.runtime.passes.manager": ("Manager",),
    "openvino.runtime.properties": ("hint", "device", "num_streams", "enable_profiling"),
    "openvino.runtime.properties.hint": ("inference_precision", "performance_mode"),
    "openvino.runtime.utils": ("replace_node", "numpy_to_c"),
    "openvino.runtime.utils.types": ("get_element_type", "get_dtype", "NumericType", "as_node"),
    "openvino.runtime.utils.decorators": ("nameable_op",),
    "openvino.runtime.utils.input_validation": ("check_valid_attributes",),
    "openvino.runtime.utils.node_factory": ("NodeFactory",),
    "openvino.runtime.utils.data_helpers": ("tensor_from_file",),
    "openvino.runtime.exceptions": ("OVTypeError", "UserInputError"),
    "openvino.runtime.ie_api": ("Core", "Model", "CompiledModel", "InferRequest", "compile_model"),
    "openvino.runtime.opset_utils": ("_get_node_factory",),
    "openvino.pyopenvino": ("Model", "Node"),
    "openvino.pyopenvino.passes": ("Serialize", "ConstantFolding"),
    "openvino.offline_transformations": (
        *(
            "serialize",
            "apply_moc_transformations",
            "apply_moc_legacy_transformations",
            "apply_pot_transformations",
        ),
        *("apply_low_latency_transformation", "apply_make_stateful_transformation", "generate_mapping_file"),
        *("apply_pruning_transformation", "apply_fused_names_cleanup", "compress_model_transformation"),
        *("compress_quantize_weights_transformation", "convert_sequence_to_tensor_iterator_transformation"),
        *("ApplyMOCTransformations", "ApplyLowLatencyTransformation", "CompressModelTransformation"),
    ),
    "openvino.inference_engine": (
        *("IECore", "IENetwork", "ExecutableNetwork", "InferRequest", "Blob", "TensorDesc", "StatusCode"),
        *("WaitMode", "ResizeAlgorithm", "ColorFormat", "MeanVariant", "PreProcessInfo", "get_version"),
        *("DataPtr", "CDataPtr", "InputInfoPtr", "InputInfoCPtr", "VariableState", "read_network"),
    ),
    "openvino.inference_engine.ie_api": ("IECore", "IENetwork", "Blob", "TensorDesc"),
    "openvino.inference_engine.constants": ("StatusCode", "WaitMode"),
    "openvino.tools.mo": ("convert_model", "InputCutInfo", "LayoutMap"),
    "openvino.tools.mo.convert": ("convert_model", "InputCutInfo", "LayoutMap"),
    "compression.api": ("DataLoader", "Metric", "Engine"),
}


def script(tmp_path: Path, text: str, name: str = "script.py") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def output(tmp_path: Path, text: str, **environment: str) -> str:
    """What a script prints, which must end well and print no warning."""
    finished = run_script(script(tmp_path, text), cwd=tmp_path, PYTHONWARNINGS="error", **environment)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return finished.stdout


@pytest.mark.process
def test_all_names_that_scripts_import_are_there(tmp_path: Path) -> None:
    lines = [f"from {module} import {', '.join(names)}" for module, names in IMPORTS.items()]
    output(tmp_path, "\n".join([*lines, *(f"import {module}" for module in IMPORTS)]))


@pytest.mark.process
def test_old_names_are_the_things_of_today(tmp_path: Path) -> None:
    text = """
import openvino
import openvino.runtime as ov
from openvino import runtime
from openvino.runtime import opset8 as ops, passes
from openvino.tools import mo
import openvino.tools.mo.convert
import openvino.inference_engine as ie
from openvino.inference_engine import constants, ie_api
import openvino.tools.pot.legacy.inference_engine.constants as own

assert openvino.runtime is ov is runtime
assert ov.Core is openvino.Core and ov.Model is openvino.Model
assert ops.parameter is openvino.opset8.parameter
assert ov.passes is passes and passes.MatcherPass is openvino.passes.MatcherPass
assert mo.convert_model is mo.convert.convert_model
assert ie.StatusCode is constants.StatusCode is own.StatusCode and ie_api.IECore is ie.IECore
assert ie.__doc__ and openvino.opset8.__spec__.name == "openvino.opset8"
"""
    output(tmp_path, text)


@pytest.mark.process
def test_runtime_is_there_without_being_imported(tmp_path: Path) -> None:
    text = """
import openvino as ov
ov.runtime.Core(), ov.runtime.opset13, ov.runtime.passes.Manager()
try: ov.runtimes
except AttributeError as error: print(error)
"""
    assert output(tmp_path, text) == "module 'openvino' has no attribute 'runtimes'\n"


@pytest.mark.process
def test_nothing_is_loaded_until_it_is_imported(tmp_path: Path) -> None:
    text = "import sys\nprint(*sorted(name for name in sys.modules if 'pot.legacy' in name))"
    loaded = output(tmp_path, text).split()
    package = "openvino.tools.pot.legacy"
    assert loaded == [package, *(f"{package}.{name}" for name in ("finder", "programs", "script"))]


@pytest.mark.parametrize("name", ["openvino.runtime", "openvino.inference_engine", "openvino.tools.mo"])
@pytest.mark.process
def test_a_real_module_wins(tmp_path: Path, name: str) -> None:
    """A folder on the search path, as OpenVINO's packages take in such folders."""
    real = tmp_path / "real" / Path(*name.split("."))
    real.mkdir(parents=True)
    (real / "__init__.py").write_text("here = True\n")
    (real / "part.py").write_text("here = True\n")
    text = f"import {name}, {name}.part\nimport sys\nassert {name}.here and {name}.part.here\n"
    output(tmp_path, text + f"assert not hasattr({name}, 'Core')", PYTHONPATH=str(tmp_path / "real"))


@pytest.mark.process
def test_the_finder_is_the_last_and_only_one(tmp_path: Path) -> None:
    text = """
import sys
from openvino.tools.pot.legacy import finder
finder.install()
found = [isinstance(each, finder.LegacyFinder) for each in sys.meta_path]
assert found[-1] and found.count(True) == 1
"""
    output(tmp_path, text)


@pytest.mark.process
def test_other_processes_know_nothing_of_it(tmp_path: Path) -> None:
    text = """
import subprocess, sys
import openvino.runtime
code = "import openvino, sys; assert not hasattr(openvino, 'runtime'); import openvino.runtime"
finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
assert "No module named 'openvino.runtime'" in finished.stderr, finished.stderr
"""
    output(tmp_path, text)
    with pytest.raises(ModuleNotFoundError):
        __import__("openvino.runtime")


@pytest.mark.process
def test_the_rest_of_model_optimizer_is_said_to_be_gone(tmp_path: Path) -> None:
    text = """
for name in ("openvino.tools.mo.front.tf", "openvino.tools.mo.utils.error"):
    try:
        __import__(name)
    except ImportError as error:
        print(error)
try:
    from openvino.tools.mo import main
except ImportError as error:
    print(error.name)
try:
    import openvino.runtime.nothing
except ModuleNotFoundError as error:
    print(error)
"""
    lines = output(tmp_path, text).splitlines()
    gone = "was a part of Model Optimizer, which OpenVINO no longer has"
    assert lines[0].startswith(f"module 'openvino.tools.mo.front' {gone}")
    assert lines[1].startswith(f"module 'openvino.tools.mo.utils' {gone}")
    assert lines[2:] == ["openvino.tools.mo", "No module named 'openvino.runtime.nothing'"]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there the package is real, see the next test")
@pytest.mark.process
def test_the_names_before_2022_beside_the_standard_library_of_python_3_14(tmp_path: Path) -> None:
    """There ``compression`` is a package of the standard library's, with parts such as ``zstd``."""
    standard = tmp_path / "stdlib" / "compression"
    standard.mkdir(parents=True)
    (standard / "__init__.py").write_text("")
    (standard / "zstd.py").write_text("level = 3\n")
    text = """
import compression, sys
import compression.zstd
from compression.api import DataLoader, Metric
from compression.graph.model_utils import compress_model_weights
from compression.engines.ie_engine import IEEngine
import openvino.tools.pot as pot
assert compression.zstd.level == 3 and compression.__file__.startswith(sys.argv[1])
assert DataLoader is pot.DataLoader and IEEngine is pot.IEEngine
try: import compression.nothing
except ModuleNotFoundError as error: print(error)
"""
    folder = str(standard.parent)
    finished = run_script(script(tmp_path, text), folder, cwd=tmp_path, PYTHONPATH=folder)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "No module named 'compression.nothing'\n"
    alone = script(tmp_path, "import compression.api", "alone.py")
    launcher = "import runpy, sys; runpy.run_path(sys.argv[1])"
    assert run_script(alone, cwd=tmp_path, launcher=launcher, PYTHONPATH=folder).returncode != 0


@pytest.mark.skipif(sys.version_info < (3, 14), reason="there is no such package yet")
def test_the_names_before_2022_beside_the_standard_library(tmp_path: Path) -> None:
    output(tmp_path, "import compression.zstd\nfrom compression.graph.model_utils import load_model")


@pytest.mark.process
def test_passes_by_their_names_of_2022(tmp_path: Path) -> None:
    text = """
import numpy as np
import openvino.runtime.opset8 as ops
from openvino.runtime import Core, Model
from openvino.runtime.passes import Manager, ConstantFolding
x, one = ops.parameter([1, 3], name="x"), ops.constant(np.ones(1, np.float32))
model = Model([ops.add(x, ops.add(one, one))], [x], "m")
manager = Manager()
manager.register_pass("ConstantFolding")
manager.register_pass(pass_name="Serialize", xml_path="a.xml", bin_path="a.bin")
manager.register_pass("Serialize", "b.xml", "b.bin")
manager.register_pass("Serialize", output_files=("c.xml", "c.bin"))
manager.register_pass(ConstantFolding())
manager.run_passes(model)
assert len(model.get_ops()) == 4
for name in "abc":
    Core().read_model(f"{name}.xml")
try: manager.register_pass("ConstantFoldin")
except ValueError as error: print(error)
"""
    assert output(tmp_path, text) == "there is no pass 'ConstantFoldin'; did you mean 'ConstantFolding'?\n"
