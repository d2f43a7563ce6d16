"""Images as ``preprocessor_config.json`` has them fed, beside what transformers' own processors make of them.

Each processor of transformers that makes one image of three channels of another stores its settings beside a network of
one convolution; ``load_images`` reads them. Pictures are made, of other proportions than any network's. Prints what
departs and, with ``--write``, the table of docs/feeding.md.

Needs ``pip install transformers torch torchvision pillow``, for this alone.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from PIL import Image
from tables import Column, Record, table
from workflow import ROOT, write_between

from openvino.tools.pot import load_images
from openvino.tools.pot.data_loaders.stating.reading import statements
from openvino.tools.pot.data_loaders.stating.sources import source_of

SIZES = ((170, 250), (260, 210), (150, 310))
ALIKE = 0.02
"""Of the range, the mean difference up to which images are fed alike: rounding, or a row further."""

COLUMNS: Sequence[Column] = (
    ("processors", lambda r: r["what"]),
    ("how many", lambda r: str(len(r["names"]))),
    ("which", lambda r: ", ".join(r["names"])),
)


def pictures(folder: Path) -> list[Path]:
    """Clouds with a block each."""
    chance = np.random.default_rng(0)
    paths = []
    for number, (height, width) in enumerate(SIZES):
        small = chance.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
        image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        image.paste((230, 60, 20), (10, 20, 60, 50))
        paths.append(folder / f"{number}.png")
        image.save(paths[-1])
    return paths


def processors() -> Iterator[tuple[str, Any]]:
    """Those that can be made without settings."""
    import transformers

    for name in dir(transformers):
        if name.endswith("ImageProcessor") and not name.startswith(("Base", "Auto")):
            try:
                yield name.removesuffix("ImageProcessor"), getattr(transformers, name)()
            except Exception:  # of any kind: some need further packages
                continue


def theirs(processor: Any, files: Sequence[Path]) -> list[NDArray[Any]] | None:
    """What a processor makes of pictures, None where that is not one image of three channels."""
    found = []
    for file in files:
        try:
            made = processor(images=Image.open(file).convert("RGB"), return_tensors="np")["pixel_values"]
        except Exception:  # of any kind: some take pairs, or text beside
            return None
        found.append(np.asarray(made))
        if found[-1].ndim != 4 or found[-1].shape[:2] != (1, 3):
            return None
    return found


def network(shape: Sequence[int], folder: Path) -> Path:
    """One convolution of an input of that shape."""
    pixels = op.parameter(ov.PartialShape(list(shape)), np.float32, name="pixel_values")
    weights = op.constant(np.ones((8, 3, 3, 3), np.float32))
    model = ov.Model([op.convolution(pixels, weights, [1, 1], [1, 1], [1, 1], [1, 1])], [pixels], "one")
    ov.save_model(model, folder / "openvino_model.xml")
    return folder / "openvino_model.xml"


def judged(processor: Any, made: Sequence[NDArray[Any]], files: Sequence[Path], folder: Path) -> str:
    """Which row a processor belongs to."""
    processor.save_pretrained(folder)
    fixed = len({each.shape for each in made}) == 1
    path = network(made[0].shape if fixed else (1, 3, -1, -1), folder)
    images = load_images(list(files), path)
    fed = [np.asarray(images[number][0]) for number in range(len(files))]
    unclear = bool(statements(source_of(ov.Core().read_model(path), path))[1])
    alike = all(
        own.shape == their.shape and np.abs(own - their).mean() <= ALIKE * np.ptp(their)
        for own, their in zip(fed, made, strict=True)
    )
    if alike:
        return "fed alike"
    return "sizes are not understood: warned of" if unclear else "fed otherwise, without a word"


def main() -> int:
    """Compare all; the exit code is 1 where one is fed otherwise without a word."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/feeding.md")
    options = parser.parse_args()
    logging.getLogger("openvino.tools.pot").setLevel(logging.ERROR)
    rows: dict[str, list[str]] = {}
    with TemporaryDirectory() as folder:
        files = pictures(Path(folder))
        for name, processor in processors():
            made = theirs(processor, files)
            if made is not None:
                (Path(folder) / name).mkdir()
                rows.setdefault(judged(processor, made, files, Path(folder) / name), []).append(name)
    records: list[Record] = [{"what": what, "names": names} for what, names in sorted(rows.items())]
    body = table(records, COLUMNS)
    print(body)
    if options.write:
        import transformers

        write_between(
            ROOT / "docs/feeding.md", "processors", f"transformers {transformers.__version__}.\n\n{body}"
        )
    return int("fed otherwise, without a word" in rows)


if __name__ == "__main__":
    sys.exit(main())
