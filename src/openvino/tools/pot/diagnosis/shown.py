"""A diagnosis that notebooks show."""

from __future__ import annotations

from html import escape

from openvino.tools.pot.diagnosis import facts
from openvino.tools.pot.diagnosis.page import page


class Diagnosis(facts.Diagnosis):
    """What INT8 loses, where, why, and what was seen to help; see ``facts``."""

    def _repr_html_(self) -> str:
        """The page, in a frame of a notebook."""
        text = escape(page(self), quote=True)
        return f'<iframe srcdoc="{text}" style="width: 100%; height: 900px; border: 0"></iframe>'
