"""The documented set of causes."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from openvino.tools.pot.diagnosis import causes
from openvino.tools.pot.diagnosis.causes import times, whole
from openvino.tools.pot.diagnosis.causes.kinds import CAUSES, table

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(causes.__file__).parent


def test_the_table_of_causes_is_that_of_the_document() -> None:
    text = (ROOT / "docs/diagnosis.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- causes: begin -->\n(.*?)\n?<!-- causes: end -->", text, re.DOTALL)
    assert found is not None and found[1] == table(), table()


def test_each_cause_that_is_named_is_known_and_each_that_is_known_is_named() -> None:
    sources = "".join(
        file.read_text(encoding="utf-8") for file in FOLDER.glob("*.py") if file.stem != "kinds"
    )
    named = set(re.findall(r'cause\(\s*"(\w+)"', sources))
    assert named == set(CAUSES)


@pytest.mark.parametrize(
    ("parts", "seen_on", "cause"),
    [((20, 20, 30), "faulty_on", "device_fault"), ((25, 20, 25), "coarser_on", "own_precision")],
)
def test_what_the_device_does_is_seen_on_most_samples_or_it_is_chance(
    parts: tuple[float, float, float], seen_on: str, cause: str
) -> None:
    figures = dict(zip(("whole", "users", "defined"), parts, strict=True))
    shares: dict[str, Any] = {"faulty_on": 0.1, "coarser_on": 0.1}
    for share, named in ((0.1, []), (0.9, [cause])):
        looked: Any = SimpleNamespace(
            parts=SimpleNamespace(**figures), layers=(), **{**shares, seen_on: share}
        )
        assert [found.name for found in whole.found(looked)] == named


@pytest.mark.parametrize(
    ("spans", "quantized", "name"),
    [({0: "range"}, True, "not_run_in_int8"), ({}, True, "left_in_float"), ({}, False, "left_in_float")],
)
def test_a_layer_with_weights_of_few_bits_alone_was_not_to_run_in_int8(
    spans: dict[int, str], quantized: bool, name: str
) -> None:
    layer: Any = SimpleNamespace(
        node="heavy", type="Convolution", quantized=quantized, ran_in_int8=False, precision="f32",
        int8_seconds=0.5, float_seconds=None,
    )  # fmt: skip
    looked: Any = SimpleNamespace(
        timing=SimpleNamespace(int8_seconds=1.0, int8_layers=3), layers=(layer,),
        readings={"heavy": SimpleNamespace(spans=spans)}, clocks=(), traces={"heavy": ()},
    )  # fmt: skip
    (found,) = times.time(looked, layer)
    assert (found.name, "weights alone" in found.evidence) == (name, quantized and not spans)
