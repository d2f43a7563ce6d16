"""The float model beside the quantized one, as a table and as a file."""

import json
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import conv, model, parameter
from openvino.tools.pot import quantize, save_model
from openvino.tools.pot.report.comparison import Comparison, Row, metric_row, model_rows, seconds_row
from openvino.tools.pot.utils.errors import DataError

SAMPLES = np.random.default_rng(0).standard_normal((10, 1, 8, 16, 16), dtype=np.float32)
CASCADE = Comparison(
    metric_row("recall", [1, np.float32(0.5)]),
    (
        seconds_row("one image", [0.09, 0.0651]),
        Row("a, weights", 26_600, 7_400, "bytes"),
        Row("a, layers in INT8", 0, 5, "layers", (5, 6)),
        Row("b, weights", 1_000_000, 250_000, "bytes"),
        Row("b, layers in INT8", 0, 4, "layers", (6, 6)),
    ),
)


@pytest.fixture(scope="module")
def network() -> ov.Model:
    x = parameter([1, 8, 16, 16])
    return model(conv(op.relu(conv(x, 16, "first", seed=1)), 8, "second", seed=2), x)


@pytest.fixture(scope="module")
def quantized(network: ov.Model) -> ov.Model:
    return quantize(network, SAMPLES)


@pytest.mark.long
def test_figures_of_models_as_they_run(network: ov.Model, quantized: ov.Model) -> None:
    weights, request, layers = model_rows([network, quantized], SAMPLES, "a, ", repeats=5, warm_up=1)
    assert [row.name for row in (weights, request, layers)] == [
        "a, weights",
        "a, one request",
        "a, layers in INT8",
    ]
    assert 3 < weights.before / weights.after < 4
    assert request.before > 0 < request.after
    assert (layers.before, layers.after, layers.of) == (0, 2, (2, 2))


def test_a_model_in_memory_is_as_large_as_a_saved_one(
    network: ov.Model, quantized: ov.Model, tmp_path: Path
) -> None:
    paths = [
        save_model(each, tmp_path, name)[0]["model"]
        for name, each in (("float", network), ("int8", quantized))
    ]
    in_memory = model_rows([network, quantized], SAMPLES, repeats=1)[0]
    assert model_rows(paths, SAMPLES, repeats=1)[0] == in_memory
    assert in_memory.after == Path(paths[1]).with_suffix(".bin").stat().st_size


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (Row("", 0.99333, 0.98), ("0.9933", "0.9800")),
        (Row("", 677_432, 174_720, "bytes"), ("677 kB", "175 kB")),
        (Row("", 26_600, 7_400, "bytes"), ("26.6 kB", "7.4 kB")),
        (Row("", 1_556_300, 407_000, "bytes"), ("1.56 MB", "0.41 MB")),
        (Row("", 90_860_000, 23_000_000, "bytes"), ("90.9 MB", "23.0 MB")),
        (Row("", 0.00069, 0.00031, "seconds"), ("0.69 ms", "0.31 ms")),
        (Row("", 0.0346, 0.0136, "seconds"), ("34.6 ms", "13.6 ms")),
        (Row("", 1.5, 0.75, "seconds"), ("1.50 s", "0.75 s")),
        (Row("", 0, 10, "layers", (11, 12)), ("0 of 11", "10 of 12")),
    ],
)
def test_figures_have_three_digits_that_count(row: Row, cells: tuple[str, str]) -> None:
    assert row.cells() == cells


def test_the_table_has_the_metric_first_and_room_for_long_names() -> None:
    assert CASCADE.table().splitlines()[:3] == [
        "                                       float        INT8",
        "recall                                1.0000      0.5000",
        "one image                            90.0 ms     65.1 ms",
    ]
    assert CASCADE.table("16 bits").splitlines()[0].endswith("float     16 bits")
    lines = Comparison(metric_row("m" * 40, [1, 1]), ()).table().splitlines()
    assert len({len(line) for line in lines}) == 1


def test_figures_of_a_cascade_add_up() -> None:
    assert CASCADE.total("bytes") == Row("all bytes", 1_026_600, 257_400, "bytes")
    assert CASCADE.total("layers").cells() == ("0 of 11", "9 of 12")


def test_a_comparison_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "comparison.json"
    CASCADE.save(path)
    assert Comparison.load(path) == CASCADE
    assert list(path.parent.iterdir()) == [path]
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["metric"] == "recall"
    assert content["rows"][0] == {"name": "recall", "float": 1.0, "int8": 0.5, "unit": ""}
    assert content["rows"][3]["of"] == [5, 6]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "can't be read: .*No such file"),
        ("not JSON", "can't be read: Expecting value"),
        *((wrong, "expected 'rows' and one") for wrong in ("{}", "[]", '{"metric": "recall", "rows": []}')),
    ],
)
def test_a_file_that_is_no_comparison_is_named(tmp_path: Path, content: str | None, sentence: str) -> None:
    path = tmp_path / "comparison.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=rf"^comparison '.*comparison\.json':? {sentence}"):
        Comparison.load(path)


def test_a_file_that_can_not_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "comparison.json"
    path.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        CASCADE.save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
