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
# # Quantize an image classifier
#
# A small residual network recognises handwritten digits. It comes with the package, together with its images, so
# nothing is downloaded. This notebook quantizes it to INT8 and looks at what changed:
#
# 1. the accuracy, and the images on which float and INT8 disagree,
# 2. how many calibration images it takes,
# 3. the size of the weights and the time of a request.
#
# `pip install ".[notebooks]"` in the root of the source tree installs what it needs. Files are left in
# `results/image_classification` of the working directory.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from openvino.tools.pot import (
    DataLoader,
    IEEngine,
    compress_model_weights,
    create_pipeline,
    load_model,
    save_model,
)
from openvino.tools.pot.api.samples.classification import Accuracy
from openvino.tools.pot.demo import digits
from openvino.tools.pot.report import measure
from openvino.tools.pot.report.fidelity import signal_to_noise
from openvino.tools.pot.utils.logger import init_logger

init_logger(level="ERROR")  # "INFO" tells what is done, "WARNING" warns of few calibration images
OUTPUT = Path("results/image_classification")


# %% [markdown]
# ## Data
#
# A data loader gives a sample and its label. Samples must be what the network gets at inference: here float32 of
# shape `[1, 32, 32]` with values from 0 to 1. Calibration needs no labels. It has images of its own, so that the
# accuracy is measured on images that it has not seen.


# %%
class Images(DataLoader):
    """Images and their labels."""

    def __init__(self, images, labels):
        super().__init__()
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], int(self.labels[index])


data = digits.load()
calibration = Images(data.calibration_images, data.calibration_labels)
evaluation = Images(data.evaluation_images, data.evaluation_labels)
print(f"{len(calibration)} images to calibrate with, {len(evaluation)} to evaluate with")

# %% [markdown]
# ## Quantize
#
# `stat_subset_size` is how many calibration images are used, from the first on.

# %%
model = load_model({"model_name": "digits", "model": data.model_path})


def quantized_with(samples):
    """The network in INT8, calibrated with a number of images."""
    params = {"target_device": "CPU", "stat_subset_size": samples}
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": params}], IEEngine({"device": "CPU"}, calibration)
    )
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    return quantized


int8_model = quantized_with(300)
int8_path = Path(save_model(int8_model, OUTPUT, "digits_int8")[0]["model"])
print(f"Saved {int8_path.as_posix()}")

# %% [markdown]
# ## Accuracy
#
# `pipeline.evaluate` needs a metric and labels. Beside the accuracy stands the fidelity: how close the outputs are
# to those of the float network, in dB. 20 dB means that they changed by a tenth, 40 dB by a hundredth. It shows
# small changes, which do not turn a prediction, and so is the finer measure.

# %%
engine = IEEngine({"device": "CPU"}, evaluation, Accuracy(top_k=1))
evaluator = create_pipeline([], engine)


def accuracy_of(model):
    """Share of the evaluation images that are recognised."""
    return evaluator.evaluate(model)["accuracy@top1"]


def fidelity_of(quantized):
    """Decibels, of the one output that the network has."""
    (decibels,) = signal_to_noise(engine, model, quantized).values()
    return decibels


float_accuracy, int8_accuracy = accuracy_of(model), accuracy_of(int8_model)
print(f"accuracy: float {float_accuracy:.2%}, INT8 {int8_accuracy:.2%}")
print(f"fidelity: {fidelity_of(int8_model):.1f} dB")

# %% [markdown]
# A few images with both predictions. Those that either network gets wrong come first, in red.

# %%
compiled = [measure.compile_single(path) for path in (data.model_path, int8_path)]
predictions = np.array(
    [[network([image[np.newaxis]])[0].argmax() for image in evaluation.images] for network in compiled]
)
agree = predictions[0] == predictions[1]
right = (predictions == evaluation.labels).all(axis=0)
print(f"float and INT8 agree on {agree.sum()} of {len(evaluation)} images")

figure, grid = plt.subplots(2, 5, figsize=(8, 4))
for axes, index in zip(grid.flat, np.argsort(right, kind="stable")[:10], strict=True):
    axes.imshow(evaluation.images[index, 0], cmap="gray_r")
    before, after = predictions[:, index]
    title = f"float {before}, INT8 {after}\nlabel {evaluation.labels[index]}"
    axes.set_title(title, fontsize=9, color="black" if right[index] else "tab:red")
    axes.axis("off")
figure.tight_layout()
plt.show()

# %% [markdown]
# ## How many calibration images?
#
# The same quantization with fewer images. One of the 600 evaluation images is 0.17 points of accuracy, so small steps
# of the upper curve mean little. On this easy network five images keep the accuracy; the fidelity shows that more
# images still bring the outputs closer.

# %%
counts = [5, 10, 30, 100, 300]
networks = [quantized_with(count) for count in counts]
accuracies = [accuracy_of(network) for network in networks]
fidelities = [fidelity_of(network) for network in networks]

figure, (upper, lower) = plt.subplots(2, 1, figsize=(6, 5), sharex=True)
upper.axhline(100 * float_accuracy, color="tab:gray", linestyle="--", label="float")
upper.plot(counts, [100 * value for value in accuracies], "o-", label="INT8")
upper.set(ylabel="accuracy, %", ylim=(96, 100))
upper.legend()
lower.plot(counts, fidelities, "o-")
lower.set(xscale="log", xticks=counts, xticklabels=counts, xlabel="calibration images", ylabel="fidelity, dB")
lower.minorticks_off()
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Size and speed
#
# Size is that of the `.bin` file. Speed is the median time of a single request; the two networks take turns. How much
# faster INT8 is depends on the processor, and on what else it does.

# %%
sizes = [measure.weights_size(path) / 1000 for path in (data.model_path, int8_path)]
feeds = [[image[np.newaxis]] for image in evaluation.images[:50]]
times = [1000 * seconds for seconds in measure.latencies(compiled, feeds)]
layers = [measure.heavy_layers(network) for network in compiled]
for name, own in zip(("float", "INT8"), layers, strict=True):
    print(f"{name}: {sum(layer.is_int8 for layer in own)} of {len(own)} layers compute in INT8")

figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for place, values, title, form in zip(
    axes, (sizes, times), ("weights, kB", "one request, ms"), ("%.0f", "%.2f"), strict=True
):
    bars = place.bar(["float", "INT8"], values, color=["tab:gray", "tab:blue"])
    place.bar_label(bars, fmt=form)
    place.set(title=title, ylim=(0, 1.15 * max(values)))
figure.tight_layout()
plt.show()

# %% [markdown]
# [quantize.py](quantize.py) does the same for any classifier, with a folder of images and a file of labels. The
# parameters of `DefaultQuantization` are described in [docs/api.md](../../docs/api.md).
