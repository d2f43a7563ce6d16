"""The way from a machine to what an examination says of it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any, TypeVar

from openvino.tools.pot.doctor.environment import troubles_of_environment, variables
from openvino.tools.pot.doctor.facts import Device, Examination, Place, SelfTest, Trouble
from openvino.tools.pot.doctor.installed import (
    POT,
    packages,
    troubles_of_files,
    troubles_of_packages,
    version_of,
)
from openvino.tools.pot.doctor.processor import processor
from openvino.tools.pot.doctor.troubles import (
    troubles_of_devices,
    troubles_of_processor,
    troubles_of_python,
    troubles_of_self_test,
)
from openvino.tools.pot.utils.errors import said
from openvino.tools.pot.version import __version__

T = TypeVar("T")


def examine(with_self_test: bool = True) -> Examination:
    """Look at what is installed, at the processor and the devices, and try the embedded network on each of these.

    What can't be found out, as with an OpenVINO that does not work, is a trouble rather than an error.

    Args:
        with_self_test: whether the network is tried; it takes some seconds.
    """
    troubles = [
        *troubles_of_python(),
        *troubles_of_packages(),
        *troubles_of_files(),
        *troubles_of_environment(),
    ]
    openvino = _unless_it_fails(_openvino_version, version_of("openvino"), troubles)
    usable = _unless_it_fails(_usable, 1, troubles)
    machine = processor(usable)
    devices: tuple[Device, ...] | None = _unless_it_fails(_devices, None, troubles)
    troubles += [
        *troubles_of_processor(machine),
        *(troubles_of_devices(devices) if devices is not None else ()),
    ]
    tested = None
    if with_self_test and devices:
        tested = _unless_it_fails(lambda: _self_test(devices), None, troubles)
    if tested is not None:
        troubles += troubles_of_self_test(tested)
    troubles = sorted(dict.fromkeys(troubles), key=lambda trouble: trouble.weight != "problem")
    found = Examination(
        versions={
            "openvino-pot": __version__,
            "openvino": openvino,
            "numpy": version_of("numpy"),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
        },
        packages=packages(),
        processor=machine,
        devices=devices or (),
        places=tuple(_places()),
        environment=variables(),
        self_test=tested,
        troubles=tuple(troubles),
        **_verdict(troubles, tested, with_self_test),
    )
    return Examination.model_validate(without_home(found.model_dump()))


def without_home(value: Any, home: str | None = None) -> Any:
    """The same with ``~`` in the place of the user's own folder, which may hold a name, in all texts.

    Args:
        value: plain data.
        home: the folder; absent: the user's.
    """
    home = os.path.expanduser("~") if home is None else home  # noqa: PTH111 - a user need not have one
    if isinstance(value, str):
        return re.sub(rf"{re.escape(home)}(?![\w-])", "~", value) if len(home) > 1 else value
    if isinstance(value, dict):
        return {key: without_home(each, home) for key, each in value.items()}
    return (
        type(value)(without_home(each, home) for each in value) if isinstance(value, (list, tuple)) else value
    )


def _unless_it_fails(find: Callable[[], T], otherwise: T, troubles: list[Trouble]) -> T:
    """What is found; where that fails, a trouble says how: whoever asks a doctor has something that does not work."""
    try:
        return find()
    except Exception as error:
        finding = f"OpenVINO does not work here: {said(error)}"
        remedy = "install openvino and openvino-pot in a fresh virtual environment: python -m venv fresh"
        troubles.append(Trouble(name="openvino", weight="problem", finding=finding, remedy=remedy))
        return otherwise


def _openvino_version() -> str:
    import openvino

    return str(openvino.get_version())


def _usable() -> int:
    from openvino.tools.pot.utils.runtime import processors

    return processors()


def _devices() -> tuple[Device, ...]:
    from openvino.tools.pot.hardware.kept import known
    from openvino.tools.pot.utils.runtime import core, device_name

    return tuple(
        Device(
            name=name,
            full_name=device_name(name),
            capabilities=tuple(map(str, core().get_property(name, "OPTIMIZATION_CAPABILITIES"))),
            known=known(name.partition(".")[0]),
        )
        for name in core().available_devices
    )


def _self_test(devices: tuple[Device, ...]) -> SelfTest:
    from openvino.tools.pot.doctor.selftest import self_test

    return self_test([device.name for device in devices])


def _places() -> Iterator[Place]:
    yield Place(what="openvino-pot", path=str(POT))
    try:
        openvino = str(metadata.distribution("openvino").locate_file("openvino"))
    except metadata.PackageNotFoundError:
        openvino = "not installed by pip"
    yield Place(what="openvino", path=openvino)
    yield Place(what="python", path=sys.executable or "unknown")
    try:
        from openvino.tools.pot.hardware.kept import cache_folder
    except Exception:  # an OpenVINO that does not work was told of before
        return
    folder = cache_folder()
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
    yield Place(what="cache", path=str(folder), bytes=sum(sizes), files=len(sizes))


def _verdict(troubles: list[Trouble], tested: SelfTest | None, wanted: bool) -> dict[str, Any]:
    problems = [trouble for trouble in troubles if trouble.weight == "problem"]
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return {"verdict": "problems", "sentence": f"{count}: {problems[0].finding}"}
    if tested is None or not wanted:
        return {"verdict": "fit", "sentence": "nothing stands in the way; the self-test was left out"}
    names = ", ".join(trial.device for trial in tested.trials if not trial.failure)
    return {"verdict": "fit", "sentence": f"this machine quantizes, and runs INT8 models on {names}"}
