"""A diagnosis made by hand: what is shown of one can be tested without making models."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from openvino.tools.pot.diagnosis.control_facts import AccuracyControl, ControlLayer, ControlStep
from openvino.tools.pot.diagnosis.facts import (
    Calibration,
    Cause,
    Closeup,
    Diagnosis,
    Histogram,
    Layer,
    Output,
    Parts,
    Remedy,
    Span,
    Timing,
)
from openvino.tools.pot.diagnosis.pictures import as_uri
from openvino.tools.pot.diagnosis.sample_facts import Answer, FedInput, Sample, Told

NASTY = "</script><b>&\"'`{{ conv }}"
"""The name of a layer that would break a careless page."""


def span(**changes: Any) -> Span:
    known: dict[str, Any] = {
        "port": 0, "low": -2.0, "high": 6.0, "levels": 256, "per_channel": False, "least": -1.8, "most": 6.5,
        "rms": 0.7, "clipped": 0.002, "used": 0.97, "imbalance": 12.0, "settled": 9, "stretched_by": 4, "stretch": 3.2,
    }  # fmt: skip
    return Span(**known | changes)


def closeup() -> Closeup:
    counts = tuple(int(4000 * math.exp(-(((place - 18) / 9) ** 2))) for place in range(60))
    pairs = tuple((place / 30 - 5, place / 30 - 5 + math.sin(place) / 5) for place in range(300))
    return Closeup(
        activation=Histogram(low=-1.8, high=6.5, counts=counts),
        weights=Histogram(low=-0.3, high=0.3, counts=counts[::-1]),
        pairs=pairs,
    )


def layer(order: int, share: float = 0.0, **changes: Any) -> Layer:
    node = f"conv_{order + 1}"
    known: dict[str, Any] = {
        "node": node, "int8_node": node, "type": "Convolution", "order": order, "quantized": True, "ran_in_int8": True,
        "precision": "i8", "share": share, "fidelity": 30.0 - 40 * share, "from_weights": 0.3, "own": 32.0 - 20 * share,
        "so_far": 45.0 - 2 * order - 20 * share, "bias": 0.05, "largest": 9.5, "spans": (span(),),
        "worst_channels": ((3, 0.4), (0, 0.2)), "weight_error": 38.0, "float_seconds": 2e-4 + 3e-5 * (order % 3),
        "int8_seconds": 6e-5 + 2e-5 * (order % 4), "reason": "its input is quantized",
        "decided": ("ranges: mean of maxima",), "before": (f"conv_{order}",) if order else (),
    }  # fmt: skip
    return Layer(**known | changes)


def cause(name: str, node: str, evidence: str = "the largest value is 80 times the rms") -> Cause:
    return Cause(name=name, node=node, evidence=evidence, strength=0.9)


def remedy(title: str, helps: str, won: float, params: dict[str, Any], paid: float = 2e-5) -> Remedy:
    return Remedy(
        title=title, helps=helps, fidelity=18.3 + won, won=won, metric=None, seconds=9e-4 + paid, paid=paid,
        bytes=80_000, int8_layers=10, script=f"quantize(model, data, **{params!r})", config=json.dumps(params),
        command="pot -q default",
    )  # fmt: skip


def diagnosis(**changes: Any) -> Diagnosis:
    """Twelve layers, of which three make most of the error, one did not run in 8 bits and one is in float."""
    layers = [
        layer(4, 0.55, causes=(cause("outlier_activation", "conv_5"),), closeup=closeup(),
              spans=(span(), span(port=1))),
        layer(9, 0.25, node=NASTY, causes=(cause("imbalanced_channels", NASTY),), conversions=2,
              before=("conv_9", "conv_3")),
        layer(1, 0.11, causes=(cause("not_run_in_int8", "conv_2"),), ran_in_int8=False, precision="f32"),
        layer(7, quantized=False, ran_in_int8=False, precision="", own=None, so_far=None, from_weights=None, bias=None,
              fidelity=None, spans=(), worst_channels=(), int8_seconds=None, weight_error=None),
        *(layer(order, 0.09 / 8) for order in (0, 2, 3, 5, 6, 8)),
        layer(10, 0.09 / 8, before=(NASTY,)), layer(11, 0.09 / 8, dead_channels=(1, 5)),
    ]  # fmt: skip
    known: dict[str, Any] = {
        "model": "hand <made>", "int8_model": "hand <made>", "device": ("CPU", "A processor"),
        "versions": {"openvino-pot": "1.0", "openvino": "2026.1"}, "verdict": "worse",
        "sentence": "INT8 follows float to 18.3 dB (an error of 12 %): 3 of 12 layers make 91 % of the error.",
        "outputs": (Output(name="scores", fidelity=18.3, equal=None), Output(name="labels", fidelity=None, equal=0.97)),
        "parts": Parts(whole=18.3, users=18.1, defined=18.4, weights=35.1, activations=19.0), "metric": None,
        "timing": Timing(float_seconds=2.4e-3, int8_seconds=9e-4, float_bytes=310_000, int8_bytes=79_000, layers=12,
                         int8_layers=10, conversions=3),
        "layers": tuple(layers), "causes": (cause("few_samples", "", "the samples go beyond 7 of 11 quantizers"),),
        "remedies": (
            remedy("leaving conv_5 in float", "outlier_activation", 6.4, {"ignored": {"scope": ["conv_5"]}}),
            remedy("preset mixed", "", 0.7, {"preset": "mixed"}, paid=-1e-5),
        ),
        "calibration": Calibration(samples=100, enough=60, stretching=((17, 4), (3, 1)),
                                   inputs={"data": (-1.0, 1.0, 0.02)}),
        "notes": ("layer 'x' is not found in the quantized model",),
    }  # fmt: skip
    return Diagnosis(**known | changes)


def control(**changes: Any) -> AccuracyControl:
    """Five steps: a variant that loses as much, one that has too much in float, and the one that was taken."""
    floats: tuple[tuple[str, ...], ...] = (
        (), (), ("conv_2", "conv_5", "conv_7", NASTY), ("conv_5", NASTY), ("conv_5",),
    )  # fmt: skip
    drops, complete = (0.21, 0.3, -0.001, 0.004, 0.06), (True, False, True, True, True)
    whats = ("full INT8", "accuracy preset", "4 in float", "2 in float", "1 in float")
    steps = [
        ControlStep(
            what=what, variant="as given", floats=own, metrics={"top1": 0.93 - drop}, drop=drop, complete=whole,
            freed=tuple(name for name in own if name not in before),
            returned=tuple(name for name in before if name not in own), met=drop <= 0.005, seconds=1.2,
        )
        for what, own, before, drop, whole in zip(whats, floats, ((), *floats), drops, complete, strict=False)
    ]  # fmt: skip
    layers = [
        ControlLayer(node=node, type="Convolution", share=share, latency=2e-5, bought=bought,
                     bought_at_least=bought is not None, is_float=is_float, step=3)
        for node, share, bought, is_float in (
            ("conv_5", 0.6, None, True), (NASTY, 0.2, 0.056, True), ("conv_2", 0.1, None, False),
        )
    ]  # fmt: skip
    known: dict[str, Any] = {
        "baseline": {"top1": 0.93}, "maximal_drop": 0.005, "drop_type": "absolute", "steps": tuple(steps), "chosen": 4,
        "met": True, "layers": tuple(layers), "ended": "the target is met", "seconds": 7.5, "passes": 6.5,
    }  # fmt: skip
    return AccuracyControl(**known | changes)


def worst(**changes: Any) -> Sample:
    """An image and a vector, on which the models name different classes."""
    image = as_uri(np.arange(48.0).reshape(4, 4, 3))
    known: dict[str, Any] = {
        "numbers": (17,), "fidelity": 6.1,
        "inputs": (
            FedInput(name=NASTY, shape=(1, 3, 4, 4), least=0.0, mean=23.5, most=47.0, first=(), image=image),
            FedInput(name="size", shape=(1, 2), least=4.0, mean=4.0, most=4.0, first=(4.0, None), image=""),
        ),
        "answers": (
            Answer(output="scores", of="classes", fidelity=6.1, equal=None, same=False,
                   told=(Told(place=(3,), in_float=2.5, in_int8=1.5), Told(place=(8,), in_float=1.0, in_int8=2.0))),
            Answer(output="labels", of="values", fidelity=None, equal=0.75, same=None,
                   told=(Told(place=(0, 12), in_float=7.0, in_int8=None),)),
        ),
    }  # fmt: skip
    return Sample(**known | changes)
