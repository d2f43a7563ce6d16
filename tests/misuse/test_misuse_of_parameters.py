"""Parameters of algorithms and of ``quantize`` that can't be right: refused when they are given."""

from __future__ import annotations

from typing import Any

import pytest
from misuses import IMAGES, Misuse, check, raising

import builders
from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize
from openvino.tools.pot.algorithms.algorithm_selector import get_algorithm

NAN, INF, HUGE = float("nan"), float("inf"), 10**400


def created(algorithm: str, **params: Any) -> Any:
    return create_pipeline([{"name": algorithm, "params": params}], IEEngine({}))


def bound(**values: Any) -> Any:
    return {"range_estimator": {"max": values}}


# Parameters of the algorithms: what is given, and its key.
PARAMETERS: list[tuple[str, Any]] = [
    *(("preset", value) for value in ("fast", 5, ["mixed"], True, {"mixed": 1}, b"mixed", "mixed\0")),
    *(("target_device", value) for value in ("CPV", 5, ["CPU"], "", {}, "C\0PU", "\ud800", object())),
    *(("stat_subset_size", value) for value in (-1, "300", 1.5, NAN, INF, -INF, True, [300], {}, object())),
    *(("stat_batch_size", value) for value in (0, -1, "1", 0.5, NAN, INF)),
    *(("shuffle_data", value) for value in (2, "yes", NAN, [])),
    *(("seed", value) for value in (-1, "x", NAN, 1.5, [1])),
    *(("saturation_fix", value) for value in ("first", 5, True, [], {"all": 1})),
    *(("model_type", value) for value in ("bert", 5, ["transformer"], True)),
    *(
        ("ignored", value)
        for value in (5, "conv1", ["conv1"], {"scope": 5}, {"scope": [5]}, {"scope": "conv1"})
    ),
    *(("ignored", value) for value in ({"operations": "MatMul"}, {"operations": [5]}, {"operations": [{}]})),
    *(("ignored", value) for value in ({"operations": [{"type": 5}]}, {"skip_model": "yes"}, {"scop": []})),
    *(("weights", value) for value in (5, [8], {"bits": 4}, {"bits": "8"}, {"bits": NAN}, {"mode": "sym"})),
    *(
        ("weights", value)
        for value in ({"granularity": 5}, {"level_low": -127}, {"level_low": 5, "level_high": 1})
    ),
    *(
        ("weights", value)
        for value in ({"level_low": -HUGE, "level_high": HUGE}, {"level_low": NAN, "level_high": 9})
    ),
    *(
        ("activations", value)
        for value in ("int8", {"bits": 1e9}, {"mode": ["symmetric"]}, {"range_estimator": 5})
    ),
    *(
        ("range_estimator", value)
        for value in (5, "default", {"preset": "best"}, {"max": 5}, {"max": {"type": "top"}})
    ),
    *(("range_estimator", {"max": {"outlier_prob": value}}) for value in (NAN, INF, -1, 0, 0.5, "x", HUGE)),
    *(
        ("range_estimator", {"max": {"clipping_value": value}})
        for value in (NAN, -1.0, -INF, "x", [1.0], HUGE)
    ),
    *(("range_estimator", {"min": {"clipping_value": value}}) for value in (NAN, "x")),
    *(("range_estimator", {"max": {"aggregator": value}}) for value in ("best", 5, ["max"])),
    *(("threshold", value) for value in (NAN, -1, 0, "x", [1], HUGE)),
    *(("apply_for_all_nodes", value) for value in ("yes", 5, NAN)),
    *(("use_fast_bias", value) for value in ("no", 5)),
    *(("use_layerwise_tuning", value) for value in ("yes", 5)),
    *(("weight_rounding", value) for value in ("best", 5, True)),
    *(("self_check", value) for value in ("off", 2, NAN, [])),
    *(("by_model", value) for value in (5, ["a"], {"a": 5})),
    *(("inplace_statistics", value) for value in ("yes", NAN)),
]
SEARCHES: list[tuple[str, Any]] = [
    *(("maximal_drop", value) for value in (NAN, "1%", [0.01], True, {}, HUGE)),
    *(("drop_type", value) for value in ("percent", 5, ["absolute"])),
    *(("max_iter_num", value) for value in (-1, NAN, INF, 1.5, "all")),
    *(("ranking_subset_size", value) for value in (0, -1, NAN, "x", INF)),
    *(("metric_subset_ratio", value) for value in (NAN, 0, 1.5, -INF, INF, "half", HUGE)),
    *(
        ("metrics", value)
        for value in (5, "top1", [5], [{}], [{"name": 5}], [{"name": "a", "baseline_value": NAN}])
    ),
    *(
        ("metrics", value)
        for value in ([{"name": "a", "baseline_value": "x"}], [{"name": "a", "baseline": 1}])
    ),
    *(("base_algorithm", value) for value in ("Best", 5)),
    *(("annotation_free", value) for value in ("yes", 5)),
    *(("annotation_conf_threshold", value) for value in (NAN, 0, 1, -1, INF, "x")),
    *(("time_budget", value) for value in (NAN, 0, -5, "1h", HUGE)),
    *(("state_dir", value) for value in (5, ["state"], {}, NAN)),
    *(("tune_hyperparams", value) for value in ("yes", NAN)),
]


def shown(value: Any) -> str:
    """The value in a name that is the same in every process."""
    if callable(value):
        return "a function"
    return "an object" if type(value) is object else repr(value)[:60]


CASES: dict[str, Misuse] = {
    f"{key}={shown(value)}": Misuse(
        lambda key=key, value=value: created("DefaultQuantization", **{key: value}), key
    )
    for key, value in PARAMETERS
} | {
    f"{key}={shown(value)}": Misuse(
        lambda key=key, value=value: created("AccuracyAwareQuantization", **{key: value}), key
    )
    for key, value in SEARCHES
}

MISSPELT = {
    "DefaultQuantization": "stat_subset_sise",
    "MinMaxQuantization": "presett",
    "FastBiasCorrection": "treshold",
    "AccuracyAwareQuantization": "maximal_dropp",
    "OverflowCorrection": "stat_subset_sise",
}
CASES |= {
    f"{algorithm} with {key}": Misuse(
        lambda algorithm=algorithm, key=key: created(algorithm, **{key: 1}), repr(key)
    )
    for algorithm, key in MISSPELT.items()
    if algorithm
    in ("DefaultQuantization", "MinMaxQuantization", "FastBiasCorrection", "AccuracyAwareQuantization")
}
CASES |= {
    f"get_algorithm of {shown(name)}": Misuse(lambda name=name: get_algorithm(name), "algorithm")
    for name in ("Best", 5, None, ["DefaultQuantization"], "\0")
}


def shortcut(**arguments: Any) -> Any:
    given: dict[str, Any] = {"model": builders.network(), "data": IMAGES, **arguments}
    return quantize(given.pop("model"), given.pop("data"), **given)


SHORTCUTS: list[tuple[str, Any]] = [
    *(
        ("model", value)
        for value in (None, 5, "", "nope.xml", [], {}, object(), b"m.xml", IMAGES[0], raising(OSError))
    ),
    *(("preset", value) for value in (5, "fast", [], NAN)),
    *(("target_device", value) for value in (5, "CPV", ["CPU"], b"CPU")),
    *(("model_type", value) for value in (5, "bert", [])),
    *(("ignored", value) for value in (5, object(), NAN, True)),
    *(
        ("ignored", value)
        for value in ([5], [None], "nope", ["nope"], {"scope": 5}, {"scop": []}, {"scope": ["nope"]})
    ),
    *(("ignored", value) for value in (["conv1\0"], ["\ud800"], {"operations": [{"type": 5}]})),
    *(("subset_size", value) for value in (-1, "x", NAN, 1.5, [], object(), INF)),
    *(("stat_subset_size", value) for value in (-1, "x", NAN)),
    *(("presett", value) for value in ("mixed",)),
    *(("compress", value) for value in ("no", 5, [])),
    *(("report", value) for value in ("no", 5)),
    *(
        ("static", value)
        for value in ("no", 5, object(), [NAN] * 4, [1, 2], [1, 3, 8, 9], [HUGE, 3, 8, 8], [None] * 9)
    ),
    *(("static", value) for value in ({"y": [1]}, {"x": "a"}, {"x": [1, 3, -8, 8]})),
]
CASES |= {
    f"quantize with {key}={shown(value)}": Misuse(
        lambda key=key, value=value: shortcut(**{key: value}), "subset_size" if "subset" in key else key
    )
    for key, value in SHORTCUTS
}
LOADED: dict[str, Any] = {
    "a number": 5,
    "nothing": None,
    "an empty mapping": {},
    "a mapping of nothing": {"model": None},
    "a misspelt key": {"modell": "m.xml"},
    "a name that is a number": {"model_name": 5, "model": builders.network()},
    "a cascade of a text": {"cascade": "m.xml"},
    "a cascade of nothing": {"cascade": []},
    "a cascade of Nones": {"cascade": [None]},
    "a cascade without names": {"cascade": [{"model": builders.network()}]},
    "a cascade of one name": {"cascade": [{"name": "a", "model": builders.network()}] * 2},
}
CASES |= {
    f"load_model of {name}": Misuse(lambda own=own: load_model(own), "model config")
    for name, own in LOADED.items()
}
CASES["load_model for a device of a number"] = Misuse(
    lambda: load_model(builders.network(), 5),  # type: ignore[arg-type]
    "target_device",
)


@pytest.mark.parametrize("case", CASES)
def test_misused_parameters_are_refused_in_a_sentence(case: str) -> None:
    check(CASES[case])
