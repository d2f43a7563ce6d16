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
# # Quantize a classifier of texts
#
# A BERT of six layers, MiniLM with a head of its own, says whether two sentences mean the same. This notebook quantizes
# it to INT8 and looks at what changed:
#
# 1. accuracy and F1 on pairs that it was not trained on,
# 2. its answers, pair by pair,
# 3. the size of the weights and the time of a request.
#
# `pip install ".[notebooks,samples]"` in the root of the source tree installs what it needs. The network and the
# sentences are downloaded once, 84 MB; the [README](README.md) says where they come from. Files are left in
# `results/text_classification` of the working directory.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from quantize import (
    AccuracyAndF1,
    SentencePairs,
    classifier,
    load_minilm,
    load_tokenizer,
    read_head,
    read_pairs,
)

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.report import measure
from openvino.tools.pot.utils.logger import init_logger

init_logger(level="ERROR")  # "INFO" tells what is done, "WARNING" warns of few calibration pairs
OUTPUT = Path("results/text_classification")

# %% [markdown]
# ## Network and sentences
#
# `quantize` is the script beside this notebook. `classifier` builds the network from its weights; for a network of your
# own, `load_model("bert.xml")` takes its place. `SentencePairs` is the data loader: the three inputs of a BERT for both
# sentences, and the label. Pairs to calibrate with are some of those that the head was trained on; labels are not
# needed for that.

# %%
tokenizer = load_tokenizer(64)
model = load_model(classifier(load_minilm(), read_head()))

calibration = SentencePairs(read_pairs("train").spread(300), tokenizer)
pairs = read_pairs("test").spread(400)
evaluation = SentencePairs(pairs, tokenizer)
print(f"{len(calibration)} pairs to calibrate with, {len(evaluation)} to evaluate with")
for index in (0, 100, 200, 300):
    first, second = pairs.sentences[index]
    print(f"{'same' if pairs.labels[index] else 'other':5} | {first[:50]} | {second[:50]}")

# %% [markdown]
# ## Quantize
#
# `model_type` tells that the network is a transformer. Without it, that is found out from the graph.

# %%
params = {"target_device": "CPU", "model_type": "transformer", "stat_subset_size": 300}
algorithms = [{"name": "DefaultQuantization", "params": params}]
int8_model = create_pipeline(algorithms, IEEngine({"device": "CPU"}, calibration)).run(model)
compress_model_weights(int8_model)
paths = [
    Path(save_model(each, OUTPUT, name)[0]["model"])
    for each, name in ((model, "same_meaning_float"), (int8_model, "same_meaning_int8"))
]
print(f"Saved {paths[1].as_posix()}")

# %% [markdown]
# ## Accuracy and F1
#
# `AccuracyAndF1` is a metric of the script beside this notebook. F1 is the harmonic mean of precision and recall of
# pairs that mean the same.

# %%
evaluator = create_pipeline([], IEEngine({"device": "CPU"}, evaluation, AccuracyAndF1()))
before, after = (evaluator.evaluate(each) for each in (model, int8_model))
print(f"accuracy: float {before['accuracy']:.4f}, INT8 {after['accuracy']:.4f}")
print(f"F1: float {before['f1']:.4f}, INT8 {after['f1']:.4f}")

# %% [markdown]
# ## Answers, before and after
#
# How sure a network is of "yes" is the difference of its two scores. Each point of the plot is a pair of sentences.
# Where it lies on the line, nothing has changed; in the two shaded corners, the answers of both networks differ.

# %%
compiled = [measure.compile_single(path) for path in paths]
feeds = [inputs for inputs, _ in evaluation]
sure = np.array([[np.diff(network(feed)[0][0])[0] for feed in feeds] for network in compiled])
differ = (sure[0] > 0) != (sure[1] > 0)
print(f"answers that differ: {differ.sum()} of {len(feeds)}")

figure, axes = plt.subplots(figsize=(5, 4.2))
points = axes.scatter(sure[0], sure[1], c=pairs.scores, s=8, cmap="viridis")
limit = np.abs(sure).max() * 1.05
axes.fill_between([-limit, 0], 0, limit, color="tab:red", alpha=0.1)
axes.fill_between([0, limit], -limit, 0, color="tab:red", alpha=0.1)
axes.axline((0, 0), slope=1, color="tab:gray", linewidth=1)
axes.set(xlabel="sure of yes, float", ylabel="sure of yes, INT8", xlim=(-limit, limit), ylim=(-limit, limit))
figure.colorbar(points, label="people's score, 0 to 5", fraction=0.046)
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Size and speed
#
# Sizes are those of the `.bin` files, times the medians of requests, one at a time.

# %%
sizes = [measure.weights_size(path) / 1e6 for path in paths]
times = [1e3 * seconds for seconds in measure.latencies(compiled, feeds[:10], repeats=30, warm_up=3)]
layers = [measure.heavy_layers(network) for network in compiled]
print(f"layers in INT8: {sum(layer.is_int8 for layer in layers[1])} of {len(layers[1])}")

figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for place, values, title in zip(axes, (sizes, times), ("weights, MB", "one request, ms"), strict=True):
    bars = place.bar(["float", "INT8"], values, color=["tab:gray", "tab:blue"])
    place.bar_label(bars, fmt="%.1f")
    place.set(title=title, ylim=(0, 1.15 * max(values)))
figure.tight_layout()
plt.show()

# %% [markdown]
# [quantize.py](quantize.py) does the same from the command line. What to change for a network and texts of your own
# is in the [README](README.md); the parameters of `DefaultQuantization` are in [docs/api.md](../../docs/api.md).
