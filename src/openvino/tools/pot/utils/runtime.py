"""OpenVINO's runtime, once for the whole process."""

from __future__ import annotations

import os
from functools import cache

import openvino as ov

# The CPU would run float models in bf16 otherwise, which distorts ranges and every comparison.
FLOAT32 = {"INFERENCE_PRECISION_HINT": "f32"}

# As each of many streams has it, where the CPU fuses what it does not fuse for several threads.
IN_ONE_THREAD = {**FLOAT32, "INFERENCE_NUM_THREADS": 1}

# Devices would round what packed weights are multiplied with to 8 bits, as they go.
UNROUNDED = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def core() -> ov.Core:
    """The one Core of this package, which is never destroyed.

    Each Core with a CPU plugin sets up the stack that signal handlers run on, and puts back the one it found
    when it goes. When Cores don't go in the reverse order of their making, that is one that is gone too, and
    the next Ctrl-C ends the process by a segmentation fault.
    """
    return ov.Core()


def device_name(device: str) -> str:
    """What a device calls itself."""
    try:
        return str(core().get_property(device.partition(".")[0], "FULL_DEVICE_NAME"))
    except RuntimeError:
        return device


def version() -> str:
    """Of OpenVINO, without its build: ``2026.4.1``."""
    return str(ov.get_version()).partition("-")[0]
