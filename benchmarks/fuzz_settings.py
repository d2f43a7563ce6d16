"""Random networks under random settings: parameters, lists of algorithms, and the tools that look at what came of it.

    python benchmarks/fuzz_settings.py --seeds 0 300

As ``fuzz.py``, which has defaults and presets alone. A third of the networks each is quantized with up to three random
parameters, goes through a random list of algorithms, and is looked at: diagnosed, compared, verified, and its weights
compressed. ``--types f16 bf16`` takes only networks that hold these. Prints a line for each that fails, and the counts;
``--write`` puts these into docs/reliability.md.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fuzz import FINE, Verdict, arguments, counted, data_of, in_children, judged_model, shown, told
from random_graphs import Graph, random_graph

from openvino.tools.pot import (
    IEEngine,
    compress_weights,
    create_pipeline,
    diagnose,
    load_model,
    quantize,
    verify,
)
from openvino.tools.pot.diagnosis import compare
from openvino.tools.pot.utils.errors import PotError

OTHER = "of another type"
ADEQUATE = (*FINE, "runs", "lost", "refused", OTHER)
"""Settings may lose a network, or not go with it: what is asked is that nothing fails."""

KINDS = ("parameters", "list", "tools")
_SECONDS = 300.0

_QUANTILES = {
    "min": {"type": "quantile", "outlier_prob": 0.01},
    "max": {"type": "quantile", "outlier_prob": 0.01},
}
_PARAMETERS: Sequence[tuple[str, Sequence[Any]]] = (
    ("preset", ("accuracy", "mixed", "performance")),
    ("effort", ("thorough",)),
    ("use_fast_bias", (False,)),
    ("use_layerwise_tuning", (True,)),
    ("float_layers", ("int8_weights",)),
    ("max_slowdown", (0.02, 1.0)),
    ("model_type", ("transformer", "none")),
    ("saturation_fix", ("first_layer", "all", "no")),
    ("range_estimator", ({"preset": "default"}, {"preset": "quantile"}, _QUANTILES)),
    ("weight_rounding", ("nearest", "least_error")),
    ("weights", ({"granularity": "pertensor"}, {"mode": "asymmetric"}, {"mode": "symmetric"})),
    ("activations", ({"mode": "symmetric"}, {"mode": "asymmetric"}, {"range_estimator": _QUANTILES})),
    ("ignored", ({"operations": [{"type": "Convolution"}]}, {"operations": [{"type": "MatMul"}]})),
    ("rules", ([{"operations": [{"type": "MatMul"}], "weights": {"granularity": "pertensor"}}],)),
    ("stat_batch_size", (2,)),
    ("shuffle_data", (True,)),
    ("target_device", ("GPU", "NPU")),
    ("compress", (False,)),
    ("static", (True,)),
)


def judge(seed: int, types: Sequence[str] = ()) -> Verdict:
    """What came of the network of a seed."""
    return judged_graph(random_graph(seed), seed, types)


def judged_graph(graph: Graph, seed: int, types: Sequence[str] = ()) -> Verdict:
    """The same, of the network itself."""
    if types and not set(types) & set(graph.what.split()):
        return Verdict(OTHER, "")
    draw = random.Random(seed)
    if kind_of(seed) == "parameters":
        return _with_parameters(graph, draw)
    jobs = _lists(graph, draw) if kind_of(seed) == "list" else _tools(graph, draw)
    return _ran(graph, jobs)


def kind_of(seed: int) -> str:
    """What is done to the network of a seed."""
    return KINDS[seed % len(KINDS)]


def _with_parameters(graph: Graph, draw: random.Random) -> Verdict:
    chosen = draw.sample(_PARAMETERS, draw.choice((1, 1, 2, 3)))
    return judged_model(graph, {name: draw.choice(values) for name, values in chosen})


def _lists(graph: Graph, draw: random.Random) -> Mapping[str, Callable[[], Any]]:
    names = [
        *draw.sample(
            ("OutlierChannelSplitting", "MagnitudeSparsity", "WeightSparsity"), draw.choice((0, 0, 1))
        ),
        *draw.choice(((), ("RangeSupervision",))),
        *draw.choice(
            (
                ("DefaultQuantization",),
                ("MinMaxQuantization", "BiasCorrection"),
                ("ActivationChannelAlignment", "MinMaxQuantization", "FastBiasCorrection"),
                ("TunableQuantization", "FastBiasCorrection"),
            )
        ),
        *draw.choice(((), ("RangeOptimization",))),
        *draw.choice(((), ("QuantNoiseEstimator",))),
    ]
    noise = {
        "type": draw.choice(("sqnr", "sqnr_per_channel", "sqnr_sample_mean", "sqnr_eltwise_mean")),
        "mode": draw.choice(("full_fq_noise", "layerwise_fq_noise")),
    }
    params: Mapping[str, Mapping[str, Any]] = {
        "MagnitudeSparsity": {"sparsity_level": 0.1},
        "WeightSparsity": {"sparsity_level": 0.2},
        "RangeOptimization": {"maxiter": 8, "optimization_subset_size": 6},
        "QuantNoiseEstimator": noise,
    }
    algorithms = [{"name": name, "params": dict(params.get(name, {}))} for name in names]
    data = data_of(graph)
    return {
        ", ".join(names): lambda: create_pipeline(algorithms, IEEngine({}, data)).run(load_model(graph.model))
    }


def _tools(graph: Graph, draw: random.Random) -> Mapping[str, Callable[[], Any]]:
    data, mode = data_of(graph), draw.choice(("int8_asym", "int8_sym", "int4_asym", "int4_sym"))
    with_data, remedies = draw.random() < 0.5, draw.random() < 0.3
    found: list[Any] = []
    return {
        "quantize": lambda: found.append(quantize(graph.model, data)),
        "diagnose": lambda: diagnose(graph.model, None, data, remedies=remedies),
        "diagnose what was made": lambda: diagnose(graph.model, found[0], data, remedies=False)._repr_html_(),
        "compare": lambda: compare([graph.model, found[0]], data),
        "verify": lambda: verify(found[0], data, float_model=graph.model, instruction_sets=False),
        f"compress_weights {mode}": lambda: compress_weights(graph.model, mode, data if with_data else None),
    }


def _ran(graph: Graph, jobs: Mapping[str, Callable[[], Any]]) -> Verdict:
    refused = []
    for name, job in jobs.items():
        try:
            job()
        except PotError as error:
            refused.append(f"{name}: {error}")
            if name == "quantize":
                break
        except Exception as error:
            return Verdict("failed", f"{graph.what}: {name}: {type(error).__name__}: {error}")
    return Verdict("refused" if refused else "runs", "; ".join([graph.what, *refused]))


def _print_lines(first: int, last: int, types: Sequence[str]) -> None:
    for seed in range(first, last):
        graph = random_graph(seed)
        print(seed, flush=True)
        verdict = judged_graph(graph, seed, types)
        print(json.dumps((seed, verdict.kind, verdict.figures)), flush=True)


def main() -> None:
    """Judge the networks of a range of seeds."""
    parser = arguments(__doc__)
    parser.add_argument("--types", nargs="+", default=(), help="of networks that count: f16, bf16, f64")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.lines:
        _print_lines(*options.seeds, options.types)
        return
    types = ("--types", *options.types) if options.types else ()
    found = in_children([__file__, *types, "--seeds"], *options.seeds, _SECONDS)
    counts = told((each for each in found if each[1] != OTHER), kind_of, ADEQUATE)
    shown(counted(counts, KINDS), "fuzz settings", options)


if __name__ == "__main__":
    main()
