"""The documented set of causes."""

import re
from pathlib import Path

from openvino.tools.pot.diagnosis import causes
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
