"""Our INT8 beside what others publish of theirs, on a user's own ImageNet or COCO and float models.

    python benchmarks/published.py --imagenet FOLDER resnet18.onnx timm/dla34=models/dla34.xml
    python benchmarks/published.py --coco FOLDER yolo26n_openvino_model/yolo26n.xml

Published figures are those of `benchmarks/published.json`, which names its sources. A model is known by the name of its
file, or by NAME before it. What others lost compares with what we lose where the float figure is about theirs: another
one means other images, or other preprocessing, which is told of.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from published_data import Data, Feeding, Figure, Images, coco, imagenet
from tables import Column, Record, machine, table

from openvino.tools.pot import DefaultQuantization, IEEngine, Pipeline, load_model
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.utils.errors import ConfigError, PotError, nearest

PUBLISHED = Path(__file__).with_name("published.json")
SAMPLES = 300
FAR = 0.005
"""By how much a float figure may be another than the published one before that is told of."""

COLUMNS: tuple[Column, ...] = (
    ("network", lambda r: r["name"]),
    ("metric", lambda r: r["metric"]),
    ("images", lambda r: f"{r['images']}"),
    ("float", lambda r: _shown(r["float"])),
    ("INT8", lambda r: _shown(r["int8"])),
    ("lost", lambda r: _shown(r["float"] - r["int8"])),
    ("published float", lambda r: _shown(r["published"]["float"])),
    ("published INT8", lambda r: _shown(r["published"].get("int8"))),
    ("lost there", lambda r: _shown(_lost(r["published"], "int8"))),
    ("with bias correction", lambda r: _shown(_lost(r["published"], "int8_bias_correction"))),
    ("by", lambda r: r["of"]),
)


def _shown(figure: float | None) -> str:
    return "" if figure is None or math.isnan(figure) else f"{figure + 0.0:.4f}"


def _lost(figures: Mapping[str, float], key: str) -> float | None:
    return figures["float"] - figures[key] if key in figures else None


def known() -> dict[str, dict[str, Any]]:
    """Name of a network -> its published figures, of whom and on what."""
    found = {}
    for each in json.loads(PUBLISHED.read_text("utf-8")):
        about = {key: each[key] for key in ("of", "data", "metric")}
        found.update({name: {**about, "published": figures} for name, figures in each["figures"].items()})
    return found


def counterpart(name: str) -> tuple[str, dict[str, Any]]:
    """The network that a name means, and what is published of it.

    Raises:
        ConfigError: nothing is, or two networks are meant.
    """
    published = known()
    plain = _plain(name)
    meant = [each for each in published if plain in (_plain(each), _plain(each).rpartition("/")[2])]
    if len(meant) != 1:
        near = nearest(plain, [*published, *(each.rpartition("/")[2] for each in published)])
        raise ConfigError(
            f"nothing is published of {name!r}{near}; a name before the file says which network it is, "
            f"NAME=FILE, one of {', '.join(published)}"
        )
    return meant[0], published[meant[0]]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").removesuffix("_openvino_model")


def asked(model: str) -> tuple[str, Path]:
    """The name and the file of ``NAME=FILE`` or ``FILE``.

    Raises:
        ConfigError: there is no such file.
    """
    name, _, file = model.rpartition("=")
    path = Path(file)
    if not path.is_file():
        raise ConfigError(f"model {file!r} does not exist, expected a file that OpenVINO reads")
    return name or path.stem, path


def prepared(name: str, file: Path, options: argparse.Namespace) -> tuple[Record, CompressedModel, Data]:
    """What is published of a network, the network, and the data that it is evaluated on.

    Raises:
        ConfigError: nothing is, or the data is not there or not for this model.
    """
    network, about = counterpart(name)
    folder = options.imagenet if about["data"] == "imagenet" else options.coco
    if folder is None:
        raise ConfigError(f"{network!r} is published on {about['data']}, expected --{about['data']} FOLDER")
    model = read(file, options.size)
    network_of = model.submodels[0].model
    found = (
        imagenet(folder, network_of, _feeding(file, options))
        if about["data"] == "imagenet"
        else coco(folder, network_of)
    )
    return {"name": network, **about}, model, found


def read(file: Path, size: int | None) -> CompressedModel:
    """The model of a file, whose images are of a size where it leaves that open.

    Raises:
        ModelError: it is none.
    """
    model = load_model(str(file))
    shape = model.submodels[0].model.input(0).partial_shape
    if size is None or shape.is_static or len(shape) != 4:
        return model
    fixed = model.submodels[0].model.clone()
    fixed.reshape({fixed.input(0): [1, shape[1], size, size]})
    return load_model(fixed)


def measured(model: CompressedModel, data: Data, options: argparse.Namespace) -> dict[str, Any]:
    """The figure in float and in INT8."""
    images = Images(data, options.limit)
    engine = IEEngine({"device": "CPU"}, images, Figure(data))
    pipeline = Pipeline(engine)
    before = pipeline.evaluate(model)["figure"]
    calibration = IEEngine({"device": "CPU"}, Images(data, options.samples))
    made = DefaultQuantization({"stat_subset_size": options.samples}, calibration).run(model)
    after = pipeline.evaluate(made)["figure"]
    return {"images": len(images), "float": before, "int8": after}


def _feeding(file: Path, options: argparse.Namespace) -> Feeding:
    said = Feeding.beside(file)
    own = {key: getattr(options, key) for key in ("mean", "std", "crop", "interpolation")}
    return Feeding(**{key: getattr(said, key) if value is None else value for key, value in own.items()})


def remarks(records: Sequence[Record]) -> Iterator[str]:
    """What keeps figures from being compared."""
    for record in records:
        theirs = record["published"]["float"]
        if abs(record["float"] - theirs) > FAR:
            yield (
                f"{record['name']}: in float {record['float']:.4f}, published {theirs:.4f} ({record['metric']}): other "
                "images or other preprocessing, so compare what is lost, with care"
            )


def command_line() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "models", nargs="+", metavar="[NAME=]FILE", help="float models, in any format that OpenVINO reads"
    )
    parser.add_argument(
        "--imagenet", type=Path, metavar="FOLDER", help="a folder for each class, or images and val.txt"
    )
    parser.add_argument("--coco", type=Path, metavar="FOLDER", help="of COCO, or as Ultralytics has it")
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help=f"to calibrate with (default: {SAMPLES})"
    )
    parser.add_argument("--limit", type=int, help="images to evaluate on at most, for a quick look")
    parser.add_argument("--size", type=int, help="of images, for inputs that leave it open")
    parser.add_argument("--mean", type=_three, help="of ImageNet's models, R,G,B from 0 to 1")
    parser.add_argument("--std", type=_three, help="the same of what divides")
    parser.add_argument("--crop", type=float, help="part of the shorter side that is kept (default: .875)")
    parser.add_argument("--interpolation", choices=("bilinear", "bicubic"), help="default: bilinear")
    return parser


def _three(text: str) -> tuple[float, ...]:
    found = tuple(float(part) for part in text.split(","))
    if len(found) != 3:
        raise argparse.ArgumentTypeError(f"expected three numbers, found {text!r}")
    return found


def main() -> None:
    """Check everything, measure, print the table."""
    parser = command_line()
    options = parser.parse_args()
    try:
        models = [asked(model) for model in options.models]
        found = [prepared(name, file, options) for name, file in models]  # before any long work
        records = [{**about, **measured(model, data, options)} for about, model, data in found]
    except PotError as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    print(f"{machine()}\n\n{table(records, COLUMNS)}")
    for remark in remarks(records):
        print(remark, file=sys.stderr)


if __name__ == "__main__":
    main()
