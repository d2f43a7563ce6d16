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
# # Quantize a sentence encoder
#
# MiniLM, a BERT of six layers, turns a text into a vector. How alike two texts are is the cosine of their vectors. This
# notebook quantizes the network to INT8 and looks at what changed:
#
# 1. the cosines of pairs of texts, and how well they agree with people's judgements,
# 2. how many calibration texts it takes,
# 3. the size of the weights and the time of a request.
#
# `pip install ".[notebooks,samples]"` in the root of the source tree installs what it needs. The network and the texts
# are downloaded once, 110 MB; the [README](README.md) says where they come from. Files are left in
# `results/text_similarity` of the working directory.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from quantize import Agreement, Texts, encoder, judgements, load_minilm, load_tokenizer, read_texts

from openvino.tools.pot import IEEngine, compress_model_weights, create_pipeline, load_model, save_model
from openvino.tools.pot.report import measure
from openvino.tools.pot.utils.logger import init_logger

init_logger(level="ERROR")  # "INFO" tells what is done, "WARNING" warns of few calibration texts
OUTPUT = Path("results/text_similarity")

# %% [markdown]
# ## Network and texts
#
# `quantize` is the script beside this notebook. `encoder` builds the network from its weights; for a network of your
# own, `load_model("bert.xml")` takes its place. `Texts` is the data loader: the three inputs of a BERT for each text.
# There are 300 short news to calibrate with, and 50 others to evaluate with.

# %%
tokenizer = load_tokenizer()
model = load_model(encoder(load_minilm(), heads=12))

texts = read_texts("lee.cor")
calibration = Texts(read_texts("lee_background.cor"), tokenizer)
evaluation = Texts(texts, tokenizer)
pairs, scores = judgements()
print(
    f"{len(calibration)} texts to calibrate with, {len(pairs)} pairs of {len(evaluation)} texts to evaluate with"
)

# %% [markdown]
# ## Quantize
#
# `model_type` tells that the network is a transformer. Without it, that is found out from the graph.


# %%
def quantized_with(samples):
    """The network in INT8, calibrated with a number of texts."""
    params = {"target_device": "CPU", "model_type": "transformer", "stat_subset_size": samples}
    pipeline = create_pipeline(
        [{"name": "DefaultQuantization", "params": params}], IEEngine({"device": "CPU"}, calibration)
    )
    quantized = pipeline.run(model)
    compress_model_weights(quantized)
    return quantized


int8_model = quantized_with(300)
paths = [
    Path(save_model(each, OUTPUT, name)[0]["model"])
    for each, name in ((model, "minilm_float"), (int8_model, "minilm_int8"))
]
print(f"Saved {paths[1].as_posix()}")

# %% [markdown]
# ## Agreement with people
#
# Several people judged how alike the two texts of each pair are. Spearman's correlation tells whether the network ranks
# the pairs as people do. `Agreement` is a metric of the script beside this notebook.

# %%
evaluator = create_pipeline([], IEEngine({"device": "CPU"}, evaluation, Agreement(pairs, scores)))


def spearman_of(model):
    """Correlation of the ranks of cosines and judgements."""
    return evaluator.evaluate(model)["spearman"]


float_spearman, int8_spearman = spearman_of(model), spearman_of(int8_model)
print(f"Spearman: float {float_spearman:.4f}, INT8 {int8_spearman:.4f}")

# %% [markdown]
# ## Cosines, before and after
#
# A text's vector is the mean over its tokens. Each point of the plot is a pair of texts. Where it lies on the line, the
# cosine has not changed.

# %%
compiled = [measure.compile_single(path) for path in paths]
feeds = [{name: ids[np.newaxis] for name, ids in inputs.items()} for inputs, _ in evaluation]


def cosines_of(network):
    """The cosine of each pair."""
    states = [network(feed)[0][0] for feed in feeds]
    vectors = np.stack(
        [own[mask > 0].mean(axis=0) for own, (_, mask) in zip(states, evaluation, strict=True)]
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(axis=1)


float_cosines, int8_cosines = (cosines_of(network) for network in compiled)
changes = np.abs(int8_cosines - float_cosines)
print(f"change of a cosine: {changes.mean():.4f} in the mean, {changes.max():.4f} at most")

figure, axes = plt.subplots(figsize=(5, 4.2))
points = axes.scatter(float_cosines, int8_cosines, c=scores, s=8, cmap="viridis")
axes.axline((0, 0), slope=1, color="tab:gray", linewidth=1)
axes.set(xlabel="cosine, float", ylabel="cosine, INT8", aspect="equal")
figure.colorbar(points, label="people's judgement, 0 to 1", fraction=0.046)
figure.tight_layout()
plt.show()

# %% [markdown]
# A few pairs: the three that people find most alike, three from the middle, and the one whose cosine changed most.

# %%
order = np.argsort(-scores, kind="stable")
middle = len(order) // 2
print(f"{'people':>6} {'float':>6} {'INT8':>6}")
for index in [*order[:3], *order[middle : middle + 3], changes.argmax()]:
    print(f"{scores[index]:6.2f} {float_cosines[index]:6.3f} {int8_cosines[index]:6.3f}", end="  ")
    print(" | ".join(f"{texts[number][:42]} ..." for number in pairs[index]))

# %% [markdown]
# ## How many calibration texts?
#
# The same quantization with fewer texts. How much a cosine changes is the finer measure: small steps of Spearman's
# correlation go both ways.

# %%
counts = [5, 30, 100, 300]
networks = [*(quantized_with(count) for count in counts[:-1]), int8_model]
spearmans = [spearman_of(network) for network in networks]
errors = [
    np.abs(cosines_of(measure.compile_single(network.submodels[0].model)) - float_cosines).mean()
    for network in networks
]

figure, (upper, lower) = plt.subplots(2, 1, figsize=(6, 5), sharex=True)
upper.axhline(float_spearman, color="tab:gray", linestyle="--", label="float")
upper.plot(counts, spearmans, "o-", label="INT8")
upper.set(ylabel="Spearman", ylim=(float_spearman - 0.03, float_spearman + 0.03))
upper.legend()
lower.plot(counts, errors, "o-")
lower.set(ylabel="mean change of a cosine", ylim=(0, 1.2 * max(errors)))
lower.set(xscale="log", xticks=counts, xticklabels=counts, xlabel="calibration texts")
lower.minorticks_off()
figure.tight_layout()
plt.show()

# %% [markdown]
# ## Size and speed
#
# Size is that of the `.bin` file. Speed is the median time of a request with one text of 128 tokens; the two networks
# take turns. How much faster INT8 is depends on the processor, and on what else it does.

# %%
sizes = [measure.weights_size(path) / 1e6 for path in paths]
times = [1000 * seconds for seconds in measure.latencies(compiled, feeds, repeats=30, warm_up=3)]
layers = [measure.heavy_layers(network) for network in compiled]
for name, own in zip(("float", "INT8"), layers, strict=True):
    print(f"{name}: {sum(layer.is_int8 for layer in own)} of {len(own)} layers compute in INT8")

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
