"""Variables of the environment that change results, speed, or where things are looked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openvino.tools.pot.doctor.facts import Trouble, Variable


@dataclass(frozen=True)
class Effect:
    """What a variable changes.

    Attributes:
        words: for people.
        is_path: it holds folders, which are nobody's business: how many is told.
        trouble: the name of what is wrong where it is set; empty: nothing is.
    """

    words: str
    is_path: bool = False
    trouble: str = ""


_HELD_BACK = "kernels for other instruction sets than the processor's: slower, and of other last bits"
EFFECTS: Mapping[str, Effect] = {
    "OPENVINO_POT_CACHE": Effect("where what devices were seen to do is kept", True),
    "XDG_CACHE_HOME": Effect("where caches are", True),
    "LOCALAPPDATA": Effect("where caches are on Windows", True),
    "PYTHONPATH": Effect("where Python looks first", True),
    "LD_LIBRARY_PATH": Effect("where libraries are looked for first", True),
    "INTEL_OPENVINO_DIR": Effect("an OpenVINO beside pip's was set up", True),
    "ONEDNN_MAX_CPU_ISA": Effect(_HELD_BACK, trouble="held_back"),
    "DNNL_MAX_CPU_ISA": Effect(_HELD_BACK, trouble="held_back"),
    "ONEDNN_DEFAULT_FPMATH_MODE": Effect("float kernels may round to bf16 or f16", trouble="held_back"),
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": Effect("kernels of models that are gone which stay in memory"),
    "OMP_NUM_THREADS": Effect("threads of workers on other machines, and of OpenMP"),
    "OPENBLAS_NUM_THREADS": Effect("threads of NumPy's products"),
    "MKL_NUM_THREADS": Effect("threads of NumPy's products where MKL computes them"),
    "OPENVINO_LOG_LEVEL": Effect("what OpenVINO prints"),
    "DATA_DIR": Effect("where Accuracy Checker's paths start", True),
    "ANNOTATIONS_DIR": Effect("where Accuracy Checker's dataset_meta starts", True),
    "DEFINITIONS_FILE": Effect("completes Accuracy Checker's configurations", True),
    "CI": Effect("OpenVINO's telemetry sends nothing"),
}


def variables(environment: Mapping[str, str] = os.environ) -> tuple[Variable, ...]:
    """Those that are set, in the order of the table."""
    return tuple(
        Variable(name=name, value=_shown(environment[name], effect), effect=effect.words)
        for name, effect in EFFECTS.items()
        if environment.get(name)
    )


def _shown(value: str, effect: Effect) -> str:
    if not effect.is_path:
        return value
    count = sum(bool(part) for part in value.split(os.pathsep))
    return "1 path" if count == 1 else f"{count} paths"


def troubles_of_environment(environment: Mapping[str, str] = os.environ) -> Iterator[Trouble]:
    """Variables that change what is computed."""
    for name, effect in EFFECTS.items():
        if effect.trouble and environment.get(name):
            yield Trouble(
                name=effect.trouble,
                weight="note",
                finding=f"{name} is {environment[name]}: {effect.words}",
                remedy=f"unset {name} before figures are compared",
            )
