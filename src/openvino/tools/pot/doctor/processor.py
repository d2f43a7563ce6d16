"""What computes here, as the system says it: each asks Linux, macOS or Windows in the way that it has."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from openvino.tools.pot.doctor.facts import Processor

_LISTED: Mapping[str, str] = {
    "sse4_2": "SSE4.2",
    "avx2": "AVX2",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX512-VNNI",
    "avx512_bf16": "AVX512-BF16",
    "avx512_fp16": "AVX512-FP16",
    "amx_int8": "AMX-INT8",
    "amx_bf16": "AMX-BF16",
    "amx_fp16": "AMX-FP16",
    "asimd": "NEON",
    "asimddp": "DotProd",
    "i8mm": "I8MM",
    "bf16": "BF16",
    "sve": "SVE",
}
"""What Linux calls an instruction set -> what people do."""

_OF_NUMPY: Mapping[str, str] = {
    "SSE42": "SSE4.2",
    "AVX2": "AVX2",
    "AVX512F": "AVX-512",
    "AVX512VNNI": "AVX512-VNNI",
    "ASIMD": "NEON",
    "ASIMDDP": "DotProd",
    "SVE": "SVE",
}
"""The same of what NumPy finds on all systems, which is less."""

VNNI = frozenset({"AVX-VNNI", "AVX512-VNNI", "AMX-INT8"})
"""Those with which an x86 adds up products of 8 bits without saturation."""

BF16 = frozenset({"AVX512-BF16", "AMX-BF16", "BF16"})

_FACTS, _MEMORY = Path("/proc/cpuinfo"), Path("/proc/meminfo")
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def processor(usable: int) -> Processor:
    """What computes here.

    Args:
        usable: cores that this process may use.
    """
    fields = _fields(_FACTS)
    memory, free = _memory()
    return Processor(
        name=fields.get("model name", "") or platform.processor(),
        architecture=platform.machine(),
        instructions=tuple(instructions(fields)),
        cores=os.cpu_count() or 1,
        usable=usable,
        memory=memory,
        free=free,
    )


def instructions(fields: Mapping[str, str]) -> list[str]:
    """Instruction sets that matter, from what Linux says of the first processor, else from what NumPy finds.

    Args:
        fields: of ``/proc/cpuinfo``; none elsewhere than on Linux.
    """
    flags = set((fields.get("flags") or fields.get("Features", "")).split())
    if flags:
        return [name for flag, name in _LISTED.items() if flag in flags]
    with suppress(ImportError):
        core = importlib.import_module(
            "numpy._core._multiarray_umath"
        )  # of numpy.show_runtime, which prints it
        found: Mapping[str, bool] = getattr(core, "__cpu_features__", {})
        return [name for feature, name in _OF_NUMPY.items() if found.get(feature)]
    return []


def _fields(file: Path) -> dict[str, str]:
    """``name : value`` of each line, up to the first empty one; none where the system has no such file."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    lines = text.partition("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _memory() -> tuple[int | None, int | None]:
    """Bytes of memory, and those of them that are free, as far as the system says."""
    if sys.platform == "win32":
        return _of_windows()
    fields = _fields(_MEMORY)
    if "MemTotal" not in fields:
        return _pages(), None
    total, free = (int(fields.get(name, "0").split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    most = min((total, *_container_limits()))
    return most, min(free, most)


def _container_limits() -> Iterator[int]:
    for file in _LIMITS:
        with suppress(OSError, ValueError):  # "max" where there is none
            yield int(file.read_text(encoding="ascii"))


def _pages() -> int | None:
    """Bytes of memory where POSIX is all that there is, as on macOS."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


class _Status(ctypes.Structure):
    """``MEMORYSTATUSEX`` of Windows."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("free", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 5),
    )


def _of_windows() -> tuple[int | None, int | None]:
    status = _Status(length=ctypes.sizeof(_Status))
    found = getattr(ctypes, "windll").kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # noqa: B009 - Windows'
    return (int(status.total), int(status.free)) if found else (None, None)
