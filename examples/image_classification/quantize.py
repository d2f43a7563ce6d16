"""Quantize an image classifier, and compare its accuracy, size and speed before and after.

python examples/image_classification/quantize.py

Without arguments it takes the digits network that comes with the package, and writes its images into files first.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.classification import Accuracy, ImageNetDataLoader
from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser
from openvino.tools.pot.datasets.images import pillow
from openvino.tools.pot.demo import digits
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.report.comparison import Comparison, metric_row, model_rows
from openvino.tools.pot.utils.errors import PotError

OUTPUT = Path("results/image_classification")
ENGINE = {"device": "CPU"}


def main() -> None:
    """Quantize the model of the arguments, and print what comes of it."""
    options = parse(sys.argv[1:] or digits_arguments(OUTPUT / "digits"))
    model = load_model({"model_name": "float", "model": options.model, "weights": options.weights})

    # Calibration needs no labels. Images of its own keep the accuracy below honest.
    labelled = {"data_source": options.dataset, "annotation_file": options.annotation_file}
    labelled["has_background"] = options.has_background
    unlabelled = {"data_source": options.calibration} if options.calibration else labelled
    evaluation = ImageNetDataLoader({**labelled, **preprocessing(options)}, model)
    calibration = ImageNetDataLoader({**unlabelled, **preprocessing(options)}, model)

    params = {"target_device": "CPU", "stat_subset_size": options.samples}
    if options.preset:
        params["preset"] = options.preset
    algorithms = [{"name": "DefaultQuantization", "params": params}]
    quantized = create_pipeline(algorithms, IEEngine(ENGINE, calibration)).run(model)
    compress_model_weights(quantized)
    path = Path(save_model(quantized, OUTPUT, f"{Path(options.model).stem}_int8")[0]["model"])

    comparison = compare(model, path, evaluation)
    comparison.save(OUTPUT / "comparison.json")
    print(comparison.table())
    print(f"Saved {path}")


def preprocessing(options: Namespace) -> dict[str, Any]:
    """How an image becomes what the model takes. It is resized to the sizes of the model's input in any case."""
    return {
        "preprocessing": [{"type": "crop", "central_fraction": options.central_fraction}],
        "color_order": options.color_order,
        "mean_values": options.mean_values,
        "scale_values": options.scale_values,
        "layout": options.layout,
    }


def compare(model: CompressedModel, quantized: Path, images: ImageNetDataLoader) -> Comparison:
    """Accuracy, size and speed of the float model and of the saved INT8 one."""
    evaluator = create_pipeline([], IEEngine(ENGINE, images, Accuracy(top_k=1)))
    accuracies = [evaluator.evaluate(each)["accuracy@top1"] for each in (model, load_model(quantized))]
    feeds = [images[index][1] for index in range(min(50, len(images)))]
    return Comparison(
        metric_row(f"top-1 accuracy, {len(images)} images", accuracies),
        model_rows([model.submodels[0].model, quantized], feeds),
    )


def parse(arguments: list[str]) -> Namespace:
    """The arguments that samples share, and those of images."""
    parser = get_common_argparser()
    add = parser.add_argument
    add("-a", "--annotation-file", required=True, help="text file with a line 'file label' for each image")
    add("-c", "--calibration", help="folder of images to calibrate with (default: those of --dataset)")
    add("--has-background", action="store_true", help="the model knows a class before those of the file")
    add("--color-order", choices=("BGR", "RGB"), default="BGR", help="what the model takes (default: BGR)")
    add("--mean-values", type=float, nargs="+", help="subtracted from pixels, one number or one a channel")
    add("--scale-values", type=float, nargs="+", help="that pixels are divided by then, likewise")
    add("--central-fraction", type=float, default=1.0, help="part of height and width to keep (default: 1)")
    add("--layout", help="of the model's input, such as NHWC, where its shape doesn't tell")
    add("--preset", choices=("performance", "mixed", "accuracy"), help="(default: what suits each tensor)")
    add("--samples", type=int, default=300, help="images to calibrate with at most (default: 300)")
    return parser.parse_args(arguments)


def digits_arguments(folder: Path) -> list[str]:
    """The arguments for the embedded network, whose images are written into a folder."""
    data = digits.load()
    write_images(folder / "calibration", data.calibration_images)
    names = write_images(folder / "evaluation", data.evaluation_images)
    pairs = zip(names, data.evaluation_labels, strict=True)
    annotation_file = folder / "labels.txt"
    annotation_file.write_text("".join(f"{name} {label}\n" for name, label in pairs), encoding="utf-8")
    dataset = ["-d", str(folder / "evaluation"), "-a", str(annotation_file)]
    # Pixels of files are 0 to 255, those of the network 0 to 1.
    return ["-m", str(data.model_path), *dataset, "-c", str(folder / "calibration"), "--scale-values", "255"]


def write_images(folder: Path, images: NDArray[np.float32]) -> list[str]:
    """Write grey images ``[count, 1, height, width]`` with values 0 to 1 as PNG files; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{index:03}.png" for index in range(len(images))]
    for name, pixels in zip(names, np.rint(255 * images[:, 0]).astype(np.uint8), strict=True):
        pillow().fromarray(pixels).save(folder / name)
    return names


if __name__ == "__main__":
    try:
        main()
    except PotError as error:
        sys.exit(f"error: {error}")
