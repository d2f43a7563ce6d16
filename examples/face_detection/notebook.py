# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quantize a cascade that finds faces
#
# MTCNN finds faces with three networks: P-Net looks at all sizes of an image and proposes boxes, R-Net and O-Net judge
# and move them. This notebook quantizes all three in one run and looks at what changed:
#
# 1. the boxes, before and after, on the same photographs,
# 2. how many calibration images it takes,
# 3. the sizes of the weights and the time for an image.
#
# `pip install ".[notebooks,samples]"` in the root of the source tree installs what it needs. The networks and the
# photographs are downloaded once, 16 MB; the [README](README.md) says where they come from. Files are left in
# `results/face_detection` of the working directory.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import openvino as ov
from quantize import SHAPES, mtcnn_config, write_faces

from openvino.tools.pot import compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    MTCNNEngine,
    Recall,
    WiderFaceLoader,
)
from openvino.tools.pot.api.samples.face_detection.utils import calculate_iou
from openvino.tools.pot.report import measure
from openvino.tools.pot.utils.logger import init_logger

init_logger(level="ERROR")  # "INFO" tells what is done, "WARNING" warns of few calibration images
OUTPUT = Path("results/face_detection")

# %% [markdown]
# ## Networks and images
#
# The images are made: faces, pasted into pieces of photographs. What the float cascade finds at these places is the
# reference. So the recall tells whether INT8 finds what float finds; it says nothing about how good MTCNN is. The faces
# to calibrate with and those to evaluate with are different pictures.

# %%
model = load_model(mtcnn_config())
detector = MTCNNEngine({"device": "CPU"})
detector.set_model(model)

calibration = write_faces(OUTPUT / "calibration", detector.detect, count=20, seed=0)
evaluation = WiderFaceLoader(
    {**write_faces(OUTPUT / "evaluation", detector.detect, count=15, seed=1), "min_height": 20}
)
images = [image for _, image in evaluation]
faces = [np.array(annotation["bboxes"], float) for (_, annotation), _ in evaluation]
print(f"{len(images)} images to evaluate with, on which float finds {sum(map(len, faces))} faces")

# %% [markdown]
# ## Quantize
#
# `MTCNNEngine` does the work between the networks. What each network is fed in that way is what its ranges come from.
# No preset is named, as the presets lose more faces on photographs; the [README](README.md) has the figures.


# %%
def quantized_with(samples):
    """The three networks in INT8, calibrated with a number of images."""
    params = {"target_device": "CPU", "stat_subset_size": samples}
    engine = MTCNNEngine({"device": "CPU"}, WiderFaceLoader(calibration))
    quantized = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine).run(model)
    compress_model_weights(quantized)
    return quantized


int8_model = quantized_with(20)
float_files, int8_files = save_model(model, OUTPUT / "float"), save_model(int8_model, OUTPUT / "int8")
for entry in int8_files:
    print(f"Saved {Path(entry['model']).as_posix()}")

# %% [markdown]
# ## The boxes, before and after
#
# Recall is the share of the float cascade's faces that INT8 finds, where boxes overlap by at least half. The overlap
# itself, intersection over union, is the finer measure. That of the float cascade is not quite 1, as the reference is
# in whole pixels. In the pictures, boxes of float are orange, those of INT8 blue and dashed.


# %%
def boxes_of(model):
    """For each image the boxes that a cascade finds, rows of x_min, y_min, x_max, y_max, score."""
    engine = MTCNNEngine({"device": "CPU"})
    engine.set_model(model)
    return [engine.detect(image) for image in images]


def recall_of(boxes):
    """Share of the faces that are found."""
    metric = Recall()
    for found, ((_, annotation), _) in zip(boxes, evaluation, strict=True):
        metric.update([found], [annotation])
    return metric.avg_value["recall"]


def overlap_of(boxes):
    """Mean overlap of each face with the best of the boxes."""
    pairs = zip(faces, boxes, strict=True)
    return np.concatenate([calculate_iou(own, found).max(axis=1, initial=0) for own, found in pairs]).mean()


float_boxes, int8_boxes = boxes_of(model), boxes_of(int8_model)
float_recall, int8_recall = recall_of(float_boxes), recall_of(int8_boxes)
print(f"recall: float {float_recall:.4f}, INT8 {int8_recall:.4f}")
print(f"overlap with the faces: float {overlap_of(float_boxes):.3f}, INT8 {overlap_of(int8_boxes):.3f}")

# %%
figure, grid = plt.subplots(1, 4, figsize=(9, 2.2))
for axes, image, before, after in zip(grid, images, float_boxes, int8_boxes, strict=False):
    axes.imshow(image)
    for boxes, colour, line in ((before, "tab:orange", "-"), (after, "deepskyblue", "--")):
        for left, top, right, bottom in boxes[:, :4]:
            size = right - left, bottom - top
            axes.add_patch(plt.Rectangle((left, top), *size, fill=False, color=colour, linestyle=line, lw=2))
    axes.set_title(f"boxes: float {len(before)}, INT8 {len(after)}", fontsize=9)
    axes.axis("off")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## How many calibration images?
#
# The same quantization with fewer images. One image already feeds the networks many sizes and pieces of it, so few will
# do here. On photographs that differ more, take more.

# %%
counts = [1, 3, 10, 20]
found = [*(boxes_of(quantized_with(count)) for count in counts[:-1]), int8_boxes]
recalls = [recall_of(boxes) for boxes in found]
overlaps = [overlap_of(boxes) for boxes in found]

figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(counts, recalls, "o-", label="recall")
axes.plot(counts, overlaps, "s--", label="mean overlap")
axes.set(xscale="log", xticks=counts, xticklabels=counts, xlabel="calibration images", ylim=(0.8, 1.02))
axes.minorticks_off()
axes.legend(loc="lower right")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Size and speed
#
# Sizes are those of the `.bin` files. A request is one size of an image for P-Net, 256 pieces for R-Net, 16 for O-Net.
# Speed is the median time; the networks before and after take turns. How much faster INT8 is depends on the processor,
# and on what else it does.

# %%
names = list(SHAPES)
sizes, times = [], []
for name, *pair in zip(names, float_files, int8_files, strict=True):
    networks = [ov.Core().read_model(entry["model"]) for entry in pair]
    for network in networks:
        network.reshape(SHAPES[name])
    compiled = [measure.compile_single(network) for network in networks]
    feed = np.random.default_rng(0).uniform(0, 255, SHAPES[name]).astype(np.float32)
    sizes.append([measure.weights_size(entry["model"]) / 1000 for entry in pair])
    times.append([1000 * seconds for seconds in measure.latencies(compiled, [feed], repeats=50)])
    layers = [measure.heavy_layers(network) for network in compiled]
    print(f"{name}: {sum(layer.is_int8 for layer in layers[1])} of {len(layers[1])} layers compute in INT8")

figure, axes = plt.subplots(1, 2, figsize=(8, 3))
for place, values, title, form in zip(
    axes, (sizes, times), ("weights, kB", "one request, ms"), ("%.0f", "%.1f"), strict=True
):
    for side, (name, colour) in enumerate((("float", "tab:gray"), ("INT8", "tab:blue"))):
        bars = place.bar(
            np.arange(3) + 0.4 * side, [pair[side] for pair in values], 0.4, color=colour, label=name
        )
        place.bar_label(bars, fmt=form, fontsize=8)
    place.set(title=title, xticks=np.arange(3) + 0.2, xticklabels=names, ylim=(0, 1.15 * np.max(values)))
axes[0].legend()
figure.tight_layout()
plt.show()

# %% [markdown]
# [quantize.py](quantize.py) does the same from the command line. What to change for networks and images of your own is
# in the [README](README.md), also for another cascade; the parameters of `DefaultQuantization` are in
# [docs/api.md](../../docs/api.md).
