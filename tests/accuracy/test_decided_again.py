"""Decisions that are taken again on the same statistics take up what was computed before, and are the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Items, conv, images, model, parameter, weights
from openvino.tools.pot import IEEngine, load_model
from openvino.tools.pot.algorithms.accuracy.candidates import AS_GIVEN, Candidates, variants
from openvino.tools.pot.algorithms.quantization import rounding
from openvino.tools.pot.graph.digest import digest_of
from openvino.tools.pot.statistics.kept import Kept


def convolutions() -> ov.Model:
    x = parameter([1, 3, 16, 16])
    hidden = op.relu(conv(op.relu(conv(x, 16, "c1")), 16, "c2", seed=1))
    return model(conv(op.add(hidden, conv(hidden, 16, "c3", seed=2)), 8, "c4", seed=3), x)


def products() -> ov.Model:
    x = parameter([1, 3, 16, 16])
    scale = np.ones((1, 1, 1, 16), np.float32)
    scale[..., 3] = 40
    hidden = op.multiply(op.mvn(x, op.constant([3]), True, 1e-5, "inside_sqrt"), op.constant(scale))
    for number in range(3):
        matrix = op.constant(weights((16, 16), number))
        hidden = op.relu(op.matmul(hidden, matrix, False, False, name=f"m{number}"))
    return model(hidden, x)


@pytest.mark.long
@pytest.mark.parametrize("make", [convolutions, products])
def test_candidates_are_those_that_were_decided_from_nothing(
    make: Callable[[], ov.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make()
    engine = IEEngine({"device": "CPU"}, Items([(image, None) for image in images(12, shape=(1, 3, 16, 16))]))
    choices = variants({"target_device": "CPU"}, mixed=True, tune=True)
    layers = [
        name for name in ("c1", "c3", "m1") if any(n.get_friendly_name() == name for n in network.get_ops())
    ]
    wanted = [(choice, floats) for choice in choices for floats in ((), layers)]

    def made() -> list[object]:
        candidates = Candidates(load_model(network), engine, {"target_device": "CPU"})
        candidates.measure(choices)
        return [
            digest_of(job.result.submodels[0].model)
            for variant, floats in [*wanted, wanted[0]]
            for job in candidates.made(variant, floats).values()
        ]

    found = made()
    assert len({str(each) for each in found}) >= 8
    monkeypatch.setattr(Kept, "once", lambda self, key, make, spare=False: make())
    assert made() == found


def test_a_second_decision_rounds_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    original = rounding._levels
    monkeypatch.setattr(rounding, "_levels", lambda *own: calls.append(own[2]) or original(*own))
    engine = IEEngine({"device": "CPU"}, Items([(image, None) for image in images(12, shape=(1, 3, 16, 16))]))
    candidates = Candidates(load_model(convolutions()), engine, {"target_device": "CPU"})
    candidates.measure([AS_GIVEN])
    candidates.decided(AS_GIVEN)
    rounded = len(calls)
    assert rounded == 4
    candidates.decided(AS_GIVEN, ["c4"])
    assert len(calls) < rounded + 3
