"""How exports are told apart: for each tool, the files and records that its own loader reads.

- Ultralytics: ``*_openvino_model/`` with an ``.xml``, its ``.bin`` and ``metadata.yaml``, or one ``.onnx`` with the
  same in its records.
- Geti: ``deployment/project.json`` and ``deployment/<task>/model/model.xml``.
- Anomalib: a network with ``metadata.json`` (1.x), or with outputs ``pred_score`` and ``pred_label`` (2.x).
- OTX and others of Model API: a network with ``model_info`` among its records.
- Optimum: ``openvino_model.xml`` and ``config.json``.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openvino.tools.pot.adoption.export import NETWORKS, Export, networks_in, only
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.graph.load import read_network
from openvino.tools.pot.graph.records import records_of
from openvino.tools.pot.utils.errors import ConfigError

_OF_ULTRALYTICS = "_openvino_model"
_TASKS = {
    "SequenceClassification": "OVModelForSequenceClassification",
    "TokenClassification": "OVModelForTokenClassification",
    "QuestionAnswering": "OVModelForQuestionAnswering",
    "MaskedLM": "OVModelForMaskedLM",
    "ImageClassification": "OVModelForImageClassification",
    "CausalLM": "OVModelForCausalLM",
    "LMHeadModel": "OVModelForCausalLM",
}
"""How the name of an architecture ends -> the class of Optimum's that opens it."""


def ultralytics(folder: Path) -> Export | None:
    """A folder with ``metadata.yaml``, or an ``.onnx`` file that says the same of itself."""
    if folder.is_file():
        return _of_onnx(folder)
    if not (folder / "metadata.yaml").is_file():
        return None
    facts = read_mapping(folder / "metadata.yaml")
    if not {"stride", "names", "imgsz"} <= set(facts):
        return None
    network = only(networks_in(folder), "Ultralytics", folder)
    stem = folder.name.removesuffix(_OF_ULTRALYTICS)
    return Export(
        "Ultralytics",
        folder,
        network.relative_to(folder),
        f"{stem}_int8{_OF_ULTRALYTICS}",
        _yolo(facts.get("task")),
    )


def _of_onnx(file: Path) -> Export | None:
    if file.suffix.lower() != ".onnx":
        return None
    said = records_of(read_network(file)).get("framework", {})
    if not isinstance(said, dict) or not {"stride", "names", "imgsz"} <= set(said):
        return None
    facts = {key: _as_written(value) for key, value in said.items()}
    return Export(
        "Ultralytics",
        file.parent,
        Path(file.name),
        f"{file.stem}_int8{_OF_ULTRALYTICS}",
        _yolo(facts.get("task")),
        adds={"metadata.yaml": _as_yaml(facts)},
        alone=True,
    )


def _yolo(task: Any) -> str:
    return f'ultralytics.YOLO("{{folder}}", task="{task}")' if task else 'ultralytics.YOLO("{folder}")'


def _as_written(text: Any) -> Any:
    """What a record holds: exporters write all but texts as Python would."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _as_yaml(facts: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    written = io.StringIO()
    YAML(typ="safe", pure=True).dump(facts, written)
    return written.getvalue()


def geti(folder: Path) -> Export | None:
    """A deployment of Geti, or the folder around it; one with several tasks is a chain, of which each is by itself."""
    inner = next(
        (path for path in (folder / "deployment", folder) if (path / "project.json").is_file()), None
    )
    if inner is None:
        return None
    networks = sorted(inner.glob("*/model/model.xml"))
    if len(networks) > 1:
        tasks = ", ".join(path.parents[1].name for path in networks)
        raise ConfigError(
            f"folder {str(folder)!r} is a chain of tasks, whose second is fed with what the first finds: expected one "
            f"task, found {tasks}; adopt the folders model/ of the tasks, each with its own images"
        )
    network = only(networks, "Geti", folder)
    return Export(
        "Geti",
        folder,
        network.relative_to(folder),
        f"{folder.name}_int8",
        'geti_sdk.deployment.Deployment.from_folder("{folder}")',
    )


def anomalib(folder: Path) -> Export | None:
    """A network with Anomalib's thresholds beside it, or with its outputs."""
    networks = networks_in(folder)
    beside = folder / "metadata.json"
    thresholds = read_mapping(beside) if networks and beside.is_file() else {}
    if {"image_threshold", "pixel_threshold"} & set(thresholds):
        network, told = only(networks, "Anomalib", folder), ', metadata="{folder}/metadata.json"'
    elif len(networks) == 1 and {"pred_score", "pred_label"} <= _outputs(networks[0]):
        network, told = networks[0], ""
    else:
        return None
    return Export(
        "Anomalib",
        folder,
        network.relative_to(folder),
        f"{folder.name}_int8",
        f'anomalib.deploy.OpenVINOInferencer("{{network}}"{told})',
    )


def _outputs(network: Path) -> set[str]:
    return {name for output in read_network(network).outputs for name in output.get_names()}


def model_api(folder: Path) -> Export | None:
    """A network that says of itself how Model API runs it, as those of OTX and Geti do."""
    networks = networks_in(folder) if folder.is_dir() else []
    told = [path for path in networks if "model_type" in _info(path)]
    if not told:
        return None
    network = only(networks, "Model API", folder)
    return Export(
        "Model API",
        folder,
        network.relative_to(folder),
        f"{folder.name}_int8",
        'model_api.models.Model.create_model("{network}")',
    )


def _info(network: Path) -> dict[str, Any]:
    found = records_of(read_network(network)).get("model_info")
    return found if isinstance(found, dict) else {}


def optimum(folder: Path) -> Export | None:
    """A folder of Optimum with one network in it; parts of pipelines and pairs of coder and decoder are others."""
    if not (folder / "config.json").is_file() or not list(folder.glob("openvino*_model.xml")):
        return None
    networks = sorted(folder.glob("openvino*_model.xml"))
    if len(networks) > 1 or networks[0].name != "openvino_model.xml":
        parts = ", ".join(path.name for path in networks)
        raise ConfigError(
            f"folder {str(folder)!r} is a network of several parts, each fed with what others give: expected "
            f"openvino_model.xml alone, found {parts}; pot -q weights makes the weights of each smaller without data"
        )
    names = [str(name) for name in read_mapping(folder / "config.json").get("architectures") or ()]
    opened = next((_TASKS[end] for end in _TASKS for name in names if name.endswith(end)), None)
    tokenizer = Path("tokenizer.json")
    seen = (folder / "preprocessor_config.json").is_file()
    return Export(
        "Optimum",
        folder,
        Path(networks[0].name),
        f"{folder.name}_int8",
        f'optimum.intel.{opened or "OVModelForFeatureExtraction"}.from_pretrained("{{folder}}")',
        tokenizer=tokenizer if (folder / tokenizer).is_file() and not seen else None,
        generates=opened == "OVModelForCausalLM",
    )


FAMILIES: tuple[Callable[[Path], Export | None], ...] = (ultralytics, geti, optimum, anomalib, model_api)
"""In the order in which they are asked: those told by names of files come first, those whose networks are read last,
as a tokenizer that lies beside a network is one only for readers with its extension."""


def found_in(path: Path) -> Export:
    """What a folder, or an ``.onnx`` file, is an export of.

    Raises:
        ConfigError: it is not there, of none of the families, or of one whose parts can't be quantized alone.
    """
    if not path.exists():
        raise ConfigError(f"folder {str(path)!r} does not exist")
    if path.name in ("", ".."):
        path = path.resolve()  # whose name the result gets
    for family in FAMILIES if path.is_dir() else (ultralytics,):
        found = family(path)
        if found is not None:
            return found
    networks = [path.name] if path.is_file() and path.suffix in NETWORKS else networks_in(path)
    hint = f"; quantize {Path(networks[0]).name} with pot -q default" if networks else ""
    raise ConfigError(
        f"{str(path)!r} is no export that is known: expected one of Ultralytics, Geti, Anomalib, Model API (OTX) or "
        f"Optimum{hint}"
    )
