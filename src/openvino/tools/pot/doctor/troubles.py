"""What stands in the way of the processor, the devices and the self-test, each with what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from openvino.tools.pot.doctor.facts import Device, Processor, SelfTest, Trial, Trouble
from openvino.tools.pot.doctor.processor import BF16, VNNI

_LITTLE_MEMORY = 2 << 30
_DROP, _LEAST = 0.02, 20.0
"""Accuracy that the embedded network may lose, and dB that it must follow to; it loses nothing, at 45 dB."""

_SLOWER = 1.0
_X86 = frozenset({"x86_64", "AMD64", "i386", "i686"})
_NEWEST = (3, 14)


def troubles_of_python(
    version: tuple[int, int] = (sys.version_info[0], sys.version_info[1]),
) -> Iterator[Trouble]:
    """A Python that nobody has tried yet; an older one than there may be is not installed into at all."""
    if version > _NEWEST:
        yield Trouble(
            name="python",
            weight="note",
            finding=f"Python {version[0]}.{version[1]} is newer than what openvino-pot was tried with",
            remedy="Python {}.{} if something fails".format(*_NEWEST),
        )


def troubles_of_processor(found: Processor) -> Iterator[Trouble]:
    """Instruction sets that are missing or that change what is compared, and little memory."""
    known = frozenset(found.instructions)
    if known and found.architecture in _X86 and not known & VNNI:
        yield Trouble(
            name="no_vnni",
            weight="note",
            finding="the processor has none of AVX-VNNI, AVX512-VNNI and AMX: sums of 8-bit products can saturate, and "
            "INT8 gains little time",
            remedy="nothing: the default saturation_fix widens the ranges where that could happen",
        )
    if known & BF16:
        yield Trouble(
            name="bf16",
            weight="note",
            finding="float models run in bf16 here unless told otherwise: INT8 gains less time beside that",
            remedy="compare with INFERENCE_PRECISION_HINT f32, or as users run it: pot -q ... -e",
        )
    if not known:
        yield Trouble(
            name="instructions",
            weight="note",
            finding="this system does not say which instruction sets the processor has",
        )
    if found.free is not None and found.free < _LITTLE_MEMORY:
        yield Trouble(
            name="memory",
            weight="note",
            finding=f"{found.free / 1e6:,.0f} MB of memory are free",
            remedy="--max-memory bounds what quantizing takes",
        )


def troubles_of_devices(found: Sequence[Device]) -> Iterator[Trouble]:
    """No CPU, on which statistics are measured, and devices that plans know little of."""
    if not any(device.name == "CPU" for device in found):
        names = ", ".join(device.name for device in found) or "none"
        yield Trouble(
            name="no_cpu",
            weight="problem",
            finding=f"OpenVINO finds no device CPU, on which samples are run by default; it finds: {names}",
            remedy="pip install --force-reinstall openvino",
        )
    for device in found:
        if device.known == "none":
            yield Trouble(
                name="not_probed",
                weight="note",
                finding=f"nobody has asked {device.name} with this OpenVINO what it runs in 8 bits",
                remedy=f"pot probe --device {device.name}",
            )


def troubles_of_self_test(found: SelfTest) -> Iterator[Trouble]:
    """What the embedded network did otherwise than it does."""
    if found.failure:
        yield Trouble(
            name="self_test",
            weight="problem",
            finding=f"the embedded network can't be quantized: {found.failure}",
            remedy="install both in a fresh virtual environment; report it if that changes nothing",
        )
    for trial in found.trials:
        yield from _of_trial(trial)


def _of_trial(trial: Trial) -> Iterator[Trouble]:
    if trial.failure:
        yield Trouble(
            name="device_fails",
            weight="problem" if trial.device == "CPU" else "note",
            finding=f"{trial.device} does not run the embedded network: {trial.failure}",
            remedy=f"a newer driver of {trial.device}, or another device",
        )
        return
    lost = (trial.float_accuracy or 0) - (trial.int8_accuracy or 0)
    if lost > _DROP or (trial.decibels is not None and trial.decibels < _LEAST):
        yield Trouble(
            name="wrong_int8",
            weight="problem",
            finding=f"{trial.device} computes the embedded network in INT8 otherwise than in float: {lost:.1%} of the "
            f"images less are told right, at {_decibels(trial)}",
            remedy=f"pot probe --device {trial.device} says what it computes wrongly, and plans go by that then",
        )
    if not trial.int8_layers:
        yield Trouble(
            name="no_int8",
            weight="note",
            finding=f"{trial.device} runs no layer of an INT8 model in 8 bits: models get smaller, and not faster",
            remedy=f"pot probe --device {trial.device} says what it runs in 8 bits",
        )
    elif trial.int8_seconds and trial.float_seconds and trial.int8_seconds > _SLOWER * trial.float_seconds:
        yield Trouble(
            name="slower",
            weight="note",
            finding=f"on {trial.device} the embedded network is slower in INT8 than in float32",
            remedy="run it again while the machine does nothing else; pot diagnose says where time goes",
        )


def _decibels(trial: Trial) -> str:
    return "no figure" if trial.decibels is None else f"{trial.decibels:.0f} dB"
