"""A process that asks a device about forms, one line of input and of output each: a device may crash, or never end.

python -m openvino.tools.pot.hardware.probing.child CPU [timed]
"""

from __future__ import annotations

import os
import sys

from openvino.tools.pot.hardware.probing.forms import all_forms
from openvino.tools.pot.hardware.probing.measure import LONGEST, measured
from openvino.tools.pot.hardware.rows import Row
from openvino.tools.pot.utils.errors import reason


def main() -> None:
    """Answer the names of forms with rows of JSON until there are no more."""
    device, timed = sys.argv[1], "timed" in sys.argv[2:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # as whoever asks writes, on Windows too
    os.dup2(2, 1)  # what plugins print must not come between the rows
    forms = {form.name: form for form in all_forms()}
    for line in sys.stdin:
        name = line.rstrip("\n")
        try:
            row = measured(forms[name], device, timed)
        except RuntimeError as error:
            row = Row(form=name, ran="unknown", note=reason(error)[:LONGEST])
        print(row.model_dump_json(), file=answers, flush=True)


if __name__ == "__main__":
    main()
