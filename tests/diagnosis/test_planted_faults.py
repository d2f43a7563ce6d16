"""Networks with one planted fault each: the right layer comes first, and its cause is named first."""

import pytest
from planted import NETWORKS
from plantings import FAULTS, planted

from openvino.tools.pot.diagnosis import diagnose

TRIES = 3
"""Times are part of what is ordered, and other work of the machine can hide or make a difference."""


@pytest.mark.long
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(fault: str, kind: str) -> None:
    case = planted(fault, kind)
    for _ in range(TRIES):
        found = diagnose(case.model, case.int8, case.samples, remedies=False)
        assert not found.notes
        worst = found.layers[0]
        named = worst.causes if case.layer else found.causes
        seen = (worst.node if case.layer else "", [cause.name for cause in named][:1])
        if seen == (case.layer, [case.cause]):
            return
    assert seen == (case.layer, [case.cause])
