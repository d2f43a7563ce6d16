"""A random network that the float model's own device runs, from a seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from openvino.tools.pot.engines.compiling import as_defined, awaken
from openvino.tools.pot.utils.bfloat import packed, values_of
from openvino.tools.pot.utils.runtime import FLOAT32, core
from random_graphs import bodies, elementwise, layers, moving  # noqa: F401  (they enter their steps)
from random_graphs.grower import STEPS, Grower, Value, shape_of
from random_graphs.starts import Start, start

Sample = list[NDArray[Any]]
SAMPLES, LARGEST = 24, 30_000
_TYPES = (ov.Type.f32,) * 17 + (ov.Type.f16, ov.Type.f64, ov.Type.bf16)


@dataclass(frozen=True)
class Graph:
    """A network, what it is fed, and what it is.

    Attributes:
        model: with one or two inputs.
        samples: an array for each input.
        expected: what the float model gives for each sample, in float32.
        what: its operations, its types and shapes, for people.
    """

    model: ov.Model
    samples: list[Sample]
    expected: list[Sample]
    what: str

    def outputs(self, model: ov.Model, settings: dict[str, Any]) -> list[Sample]:
        """What a model gives for each sample."""
        return outputs(model, self.samples, settings)


def random_graph(seed: int) -> Graph:
    """The network of a seed; the same for the same seed."""
    for attempt in range(100):
        random = np.random.default_rng([seed, attempt])
        try:
            found = _attempt(random)
        except RuntimeError:  # operations that can't be where chance put them
            continue
        if found is not None:
            return found
    raise RuntimeError(f"no network for seed {seed}")


def _attempt(random: np.random.Generator) -> Graph | None:
    """A network, if it runs, gives finite values and these differ between samples."""
    grower = Grower(random, _TYPES[random.integers(len(_TYPES))])
    begun = start(grower)
    model = _grown(grower, begun)
    samples = [[source() for source in begun.sources] for _ in range(SAMPLES)]
    freed = "static" if grower.sinks else _free(model, random)
    expected, defined = outputs(model, samples, FLOAT32), as_defined(model)
    if defined is not model:  # what the CPU gets wrong of it is no fault of INT8
        expected = outputs(defined, samples, FLOAT32)
    if not any(_tells([sample[place] for sample in expected]) for place in range(len(model.outputs))):
        return None
    counts = Counter(node.get_type_name() for node in model.get_ordered_ops())
    names = [name for name in counts if name not in ("Constant", "Parameter", "Result", "Convert")]
    shapes = [str(port.get_partial_shape()) for port in model.inputs]
    kind = grower.type.to_string()
    return Graph(model, samples, expected, f"{' '.join(names)} {kind} {freed} {' '.join(shapes)}")


def _grown(grower: Grower, begun: Start) -> ov.Model:
    value, often = begun.value, np.array([weight for _, weight in STEPS])
    grower.values.append(value)
    wanted, tries = int(grower.random.integers(2, 9)), 0
    while wanted and tries < 60:
        tries += 1
        found = STEPS[grower.random.choice(len(STEPS), p=often / often.sum())][0](grower, value)
        if found is None or not 0 < np.prod(shape_of(found)) < LARGEST:
            continue
        value, wanted = found, wanted - 1
        grower.values.append(value)
    ends = [_score(grower, value)]
    if grower.chance(0.2):
        ends.append(grower.pick(*grower.values))
    results = [op.result(end) for end in ends]
    return ov.Model(results, grower.sinks, grower.inputs, "random")


def _score(grower: Grower, value: Value) -> Value:
    """The last value, or a classifier's scores of it, or the best class."""
    if grower.chance(0.6):
        return value
    width = shape_of(value)[-1]
    scores = op.matmul(value, grower.weights(width, 10, inputs=width, axis=-1), False, False)
    return op.softmax(scores, -1) if grower.chance(0.2) else scores


def _free(model: ov.Model, random: np.random.Generator) -> str:
    """Opens some dimensions of the inputs; the name of what was done.

    Raises:
        RuntimeError: the network does not allow it.
    """
    kind = str(random.choice(["static", "batch", "all"], p=[0.45, 0.3, 0.25]))
    if kind == "static":
        return kind
    shapes = {}
    for number, port in enumerate(model.inputs):
        sizes = list(port.get_shape())
        kept = (
            sizes[1:] if kind == "batch" else [size if size in (3, 16, 24, 32) else -1 for size in sizes[1:]]
        )
        shapes[number] = ov.PartialShape([-1, *kept])
    model.reshape(shapes)
    return kind


def outputs(model: ov.Model, samples: list[Sample], settings: dict[str, Any]) -> list[Sample]:
    """What a model gives for each sample; it begins each without a state."""
    compiled = core().compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()
    kinds = [port.get_element_type() for port in model.inputs]
    feeds = [dict(enumerate(map(_fed, kinds, sample))) for sample in samples]
    awaken(request, compiled, feeds[0])
    found = []
    for feed in feeds:
        if model.get_sinks():
            request.reset_state()
        request.infer(feed)
        found.append([np.array(values_of(tensor)) for tensor in request.output_tensors])
    return found


def _fed(kind: ov.Type, value: NDArray[Any]) -> NDArray[Any]:
    return packed(value) if kind == ov.Type.bf16 else value


def _tells(values: list[NDArray[Any]]) -> bool:
    """Whether an output is finite and not the same for all samples."""
    finite = all(np.isfinite(value).all() for value in values)
    return finite and any(
        value.shape == values[0].shape and not np.array_equal(value, values[0]) for value in values
    )
