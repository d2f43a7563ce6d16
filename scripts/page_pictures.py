"""Make the pictures of a diagnosis's page in docs/images, in a browser without a window.

They are of the demo's network, quantized as somebody did who had one far too bright image among those for calibration.

python scripts/page_pictures.py    # on a machine that does nothing else: the page shows times
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from openvino.tools.pot import quantize
from openvino.tools.pot.demo import digits
from openvino.tools.pot.diagnosis import diagnose
from openvino.tools.pot.diagnosis.page import page

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"
_WIDTH = 1100
_SAMPLES = 100
_BRIGHT = 30
_EXTREMES = {"range_estimator": {"min": {"aggregator": "min"}, "max": {"aggregator": "max"}}}


def main() -> None:
    """Diagnose, open the page as who wants it light and as who wants it dark, save the top of it."""
    sys.path.append(str(ROOT / "tests"))
    from headless import Page, browser

    program = browser()
    if program is None:
        sys.exit("no browser is here: apt-get install chromium-headless-shell")
    data = digits.load()
    images = data.calibration_images[:_SAMPLES]
    spoiled = np.concatenate([images[:-1], _BRIGHT * images[-1:]])
    quantized = quantize(data.model_path, spoiled, activations=_EXTREMES)
    facts = diagnose(data.model_path, quantized, data=images, samples=_SAMPLES)
    with tempfile.TemporaryDirectory() as folder, Page(program, Path(folder)) as shown:
        file = Path(folder) / "page.html"
        file.write_text(page(facts), encoding="utf-8")
        for scheme in ("light", "dark"):
            shown.prefer(scheme)
            shown.open(file, width=_WIDTH)
            bottom = shown.value("document.querySelector('.legend').getBoundingClientRect().bottom")
            shown.picture(IMAGES / f"diagnosis-{scheme}.png", bottom + 8)


if __name__ == "__main__":
    main()
