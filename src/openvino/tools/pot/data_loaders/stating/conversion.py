"""What Model Optimizer and ``ovc`` wrote of the arguments that a model was converted with.

Means, scales and the reversal of channels that it was given are operations of the converted graph: its images are fed
without them.
"""

from __future__ import annotations

from typing import Any

from openvino.tools.pot.data_loaders.stating.sources import Source, truth
from openvino.tools.pot.data_loaders.stating.statement import Statement

_ABSENT = ("", "()", "[]", "{}", "None", "False")


def read(source: Source) -> Statement | None:
    """What they say, None where they say nothing of images.

    Raises:
        UnclearError: a value is not understood.
    """
    values = source.part("conversion_parameters")
    where = f"conversion parameters of {source.name}"
    embedded = [key for key in ("mean_values", "scale_values", "scale") if _is_given(values.get(key))]
    reversed_ = truth(where, "reverse_input_channels", values.get("reverse_input_channels", False))
    if not embedded and not reversed_:
        return None
    raw: dict[str, Any] = {"mean": (0.0,), "scale": (1.0,)} if embedded else {}
    # People reverse channels of networks that want RGB, to feed them what OpenCV reads.
    return Statement(where, "BGR" if reversed_ else None, **raw)


def _is_given(value: Any) -> bool:
    return value is not None and str(value).strip() not in _ABSENT
