"""Names of settings and of metrics: the Inference Engine's, and what OpenVINO calls them now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, reason

_RENAMED = {
    "CPU_THREADS_NUM": "INFERENCE_NUM_THREADS",
    "CPU_THROUGHPUT_STREAMS": "NUM_STREAMS",
    "GPU_THROUGHPUT_STREAMS": "NUM_STREAMS",
    "CPU_BIND_THREAD": "ENABLE_CPU_PINNING",
    "ENFORCE_BF16": "INFERENCE_PRECISION_HINT",
}
_VALUES = {
    "NUM_STREAMS": {
        "CPU_THROUGHPUT_AUTO": "AUTO",
        "GPU_THROUGHPUT_AUTO": "AUTO",
        "CPU_THROUGHPUT_NUMA": "NUMA",
    },
    "ENABLE_CPU_PINNING": {"NUMA": "YES", "HYBRID_AWARE": "YES"},
    "INFERENCE_PRECISION_HINT": {"YES": "bf16", "NO": "f32"},
}
# Settings whose feature is gone, with the value at which they asked for nothing.
_GONE = {"DYN_BATCH_ENABLED": "NO", "DYN_BATCH_LIMIT": "0", "DUMP_EXEC_GRAPH_AS_DOT": ""}


def todays_config(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Settings under the names of today.

    Raises:
        ConfigError: one asks for what OpenVINO no longer has.
    """
    settings = {}
    for key, value in (config or {}).items():
        old = key.removeprefix("KEY_")
        if old in _GONE:
            if str(value) != _GONE[old]:
                raise ConfigError(f"config key {key!r} is {value!r}, but OpenVINO no longer has this feature")
            continue
        new = _RENAMED.get(old, old)
        settings[new] = _VALUES.get(new, {}).get(str(value), value) if old in _RENAMED else value
    return settings


def ask(get_property: Callable[[str], Any], name: str) -> Any:
    """A metric or setting by its old name.

    Raises:
        ConfigError: there is none of this name.
    """
    old = name.removeprefix("KEY_")
    try:
        if old in ("SUPPORTED_METRICS", "SUPPORTED_CONFIG_KEYS"):
            access = "RO" if old == "SUPPORTED_METRICS" else "RW"
            return sorted(key for key, kind in get_property("SUPPORTED_PROPERTIES").items() if kind == access)
        return get_property(_RENAMED.get(old, old))
    except RuntimeError as error:
        raise ConfigError(f"there is no metric or config key {name!r}: {reason(error)}") from error
