"""What a device was seen to do, form by form, as frozen data."""

from __future__ import annotations

from functools import cached_property

from openvino.tools.pot.utils.form import Facts


class Row(Facts):
    """What a device does with one form of an operation.

    Attributes:
        form: in words.
        ran: the precision that ran: ``i8``, ``f32``, ``bf16``, ``f16``; or ``does not compile``, ``does not run``,
            ``crashes``, ``hangs``.
        right: whether outputs are what the model is defined to give; None where there are none.
        error: root mean square of the error, in units of how much outputs vary; None where it is no number.
        time: of a request, relative to that of the same form in float; None where it was not measured.
        note: what the device said.
    """

    form: str
    ran: str
    right: bool | None = None
    error: float | None = None
    time: float | None = None
    note: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it runs in 8 bits, and rightly."""
        return self.ran == "i8" and bool(self.right)


class Probed(Facts):
    """What a device was seen to do, all forms.

    Attributes:
        schema_version: of this form.
        device: OpenVINO's name of it.
        device_name: what it calls itself.
        capabilities: what OpenVINO says of its precisions.
        openvino: the version that ran, ``2026.4.1``.
        quick: whether few forms of each operation were asked about.
        rows: the forms, in the order in which they were asked.
    """

    schema_version: int = 1
    device: str
    device_name: str
    capabilities: tuple[str, ...]
    openvino: str
    quick: bool = False
    rows: tuple[Row, ...]

    @cached_property
    def by_form(self) -> dict[str, Row]:
        """The rows by what they are of."""
        return {row.form: row for row in self.rows}
