"""A device's table as far as what was seen of the device bears it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openvino.tools.pot.hardware.rows import Probed, Row
from openvino.tools.pot.hardware.schema import Device, Operation


def as_seen(device: Device, probed: Probed) -> Device:
    """A table with what was seen in place of what it says.

    A fault goes that no form shows any more. An operation goes of which no plain form runs in 8 bits, and rightly. Of
    others zero points are fixed where a free one was seen to run in float or to be wrong, and free where it was not.

    Args:
        device: the table.
        probed: rows of the device with the OpenVINO that runs.
    """
    rows = probed.by_form
    faults = {
        fault: said
        for fault, said in device.faults.items()
        if not _all_good(rows, device.shown.get(fault, ()))
    }
    operations, floats = {}, dict(device.floats)
    for name, operation in device.operations.items():
        known = [rows[form] for form in operation.shown if form in rows]
        if known and not any(row.is_good for row in known):
            floats[name] = _why(known[0], probed)
        else:
            operations[name] = operation.model_copy(update={"symmetric": _symmetric(operation, rows)})
    changed = {"faults": faults, "operations": operations, "floats": floats, "measured": True}
    return device.model_copy(update=changed)


def _all_good(rows: Mapping[str, Row], forms: Sequence[str]) -> bool:
    """Whether all of some forms are known to run in 8 bits, and rightly; not where there are none."""
    return bool(forms) and all(form in rows and rows[form].is_good for form in forms)


def _symmetric(operation: Operation, rows: Mapping[str, Row]) -> str:
    row = rows.get(operation.shown_by_zero_point)
    if row is None or operation.symmetric not in ("never", "always"):
        return operation.symmetric
    return "never" if row.is_good else "always"


def _why(row: Row, probed: Probed) -> str:
    did = f"it runs in {row.ran}" if row.right else f"it {row.ran}" if row.right is None else "it is wrong"
    return f"OpenVINO {probed.openvino} was asked: in 8 bits {did} on {probed.device_name}"
