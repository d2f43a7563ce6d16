"""Networks with one planted fault each: the right layer comes first, and its cause is named first."""

import pytest
from planted import NETWORKS
from plantings import FAULTS, planted

from openvino.tools.pot.diagnosis import diagnose


@pytest.mark.long
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(fault: str, kind: str) -> None:
    case = planted(fault, kind)
    found = diagnose(case.model, case.int8, case.samples, remedies=False)
    assert not found.notes
    if not case.layer:
        assert [cause.name for cause in found.causes][:1] == [case.cause]
        return
    worst = found.layers[0]
    assert (worst.node, [cause.name for cause in worst.causes][:1]) == (case.layer, [case.cause])
