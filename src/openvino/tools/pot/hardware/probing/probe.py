"""A device asked about all forms, and what came of it kept."""

from __future__ import annotations

from openvino.tools.pot.hardware.probing.asking import rows_of
from openvino.tools.pot.hardware.probing.forms import all_forms
from openvino.tools.pot.hardware.rows import Probed
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.progress import track, work
from openvino.tools.pot.utils.runtime import core, device_name, version


@work("probe")
def probe(device: str = "CPU", *, quick: bool = False) -> Probed:
    """Ask a device what it runs in 8 bits, and whether that is right.

    Each form is a small model of one operation, compiled and run in a process of its own as long as it takes others
    with it: compared with the same model written as plain arithmetic in float32, and with its time in float.

    Args:
        device: OpenVINO's name of it, such as CPU or GPU.0.
        quick: few forms of each operation, and no times: less than 20 seconds in place of two minutes.

    Returns:
        A row for each form, always in the same order. Nothing is kept: ``Probed.keep`` does that.

    Raises:
        ConfigError: OpenVINO finds no such device.
    """
    known = core().available_devices
    if device.partition(".")[0] not in {name.partition(".")[0] for name in known}:
        raise ConfigError(f"device is {device!r}, found {', '.join(known)} on this machine")
    forms = all_forms(quick)
    rows = tuple(track(rows_of(forms, device, timed=not quick), len(forms), "Probe"))
    return Probed(
        device=device,
        device_name=device_name(device),
        capabilities=tuple(sorted(core().get_property(device, "OPTIMIZATION_CAPABILITIES"))),
        openvino=version(),
        quick=quick,
        rows=rows,
    )
