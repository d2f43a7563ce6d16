"""The schemas in docs/schema: they are those of the code, and what commands print is of them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from commands import go_to_a_network, pot
from jsonschema import Draft202012Validator, ValidationError

import builders
from openvino.tools.pot.cli.forms import FORMS
from openvino.tools.pot.hardware.probing import probe
from openvino.tools.pot.hardware.probing.forms import all_forms
from openvino.tools.pot.hardware.probing.measure import measured
from rooms import ROOT

FOLDER = ROOT / "docs/schema"
DATA = ("--data-source", "samples.npz")
LINES = {
    "plan": ("plan", "-m", "net.xml"),
    "quantize": ("-q", "default", "-m", "net.xml", *DATA, "-d", "--output-dir", "made", "-e"),
    "adopt": ("adopt", "export", *DATA, "--accept-loss"),
    "diagnose": ("diagnose", "-m", "net.xml", *DATA),
    "compare": ("compare", "net.xml", "net.xml", *DATA),
    "frontier": ("frontier", "-m", "net.xml", *DATA, "--points", "2"),
    "probe": ("probe", "--quick"),
    "verify": ("verify", "net.xml", *DATA, "--no-instruction-sets"),
    "doctor": ("doctor", "--no-self-test"),
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with samples and a float model; times say nothing, and cost nothing."""
    go_to_a_network(tmp_path, monkeypatch)
    ov.save_model(builders.network(), tmp_path / "export" / "net.xml", compress_to_fp16=False)
    Path("export/metadata.yaml").write_text("{stride: 8, names: {0: a}, imgsz: [8, 8]}")
    np.savez("samples.npz", x=np.concatenate(builders.images(6)))
    forms = all_forms(quick=True)[:3]
    monkeypatch.setattr(probe, "rows_of", lambda *_, **__: (measured(form, "CPU") for form in forms))


def stored(command: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{command}.json").read_text(encoding="utf-8"))
    return found


def closed(schema: Any) -> Any:
    """The same, in which fields that are not named are errors."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return {key: closed(value) for key, value in schema.items()} | more


def test_files_are_what_the_code_gives() -> None:
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "scripts/schemas.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    found = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
    assert found == script.texts(), "python scripts/schemas.py writes them anew"


@pytest.mark.parametrize("command", FORMS)
def test_schemas_are_schemas_with_words_for_every_field(command: str) -> None:
    schema = stored(command)
    Draft202012Validator.check_schema(schema)
    for kind in (schema, *schema["$defs"].values()):
        assert kind["description"].endswith((".", ":"))
        assert [name for name, entry in kind["properties"].items() if not entry.get("description")] == []


@pytest.mark.long
@pytest.mark.parametrize("command", LINES)
def test_what_commands_print_is_of_their_schema(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    finished = pot(capsys, *LINES[command], "--format", "json", "--log-level", "ERROR")
    assert finished.code == 0, finished.err
    Draft202012Validator(closed(stored(command))).validate(json.loads(finished.out))


def test_what_is_printed_under_a_later_number_is_not_of_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(pot(capsys, *LINES["plan"], "--format", "json").out)
    Draft202012Validator(stored("plan")).validate(found | {"of_later": 1})
    with pytest.raises(ValidationError, match="1 was expected"):
        Draft202012Validator(stored("plan")).validate(found | {"schema_version": 2})


def test_there_is_one_for_every_command_with_json() -> None:
    assert set(LINES) == set(FORMS)
    assert {file.stem for file in FOLDER.iterdir()} == set(FORMS)
