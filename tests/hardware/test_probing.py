"""A device asked what it runs in 8 bits, and what plans make of the answer."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
from openvino.tools.pot.algorithms.job import planned
from openvino.tools.pot.algorithms.quantization import DefaultQuantization
from openvino.tools.pot.graph.load import load_model
from openvino.tools.pot.hardware import (
    Probed,
    Row,
    device_as_seen,
    find_device,
    keep,
    kept,
    probe,
    seen,
)
from openvino.tools.pot.hardware.effects import as_seen
from openvino.tools.pot.hardware.probing import probe as probing
from openvino.tools.pot.hardware.probing.asking import rows_of
from openvino.tools.pot.hardware.probing.forms import DIVIDED, EACH, Form, all_forms
from openvino.tools.pot.hardware.probing.measure import measured
from openvino.tools.pot.hardware.probing.network import KINDS, Network
from openvino.tools.pot.hardware.probing.operations import OPERATIONS
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.runtime import version
from openvino.tools.pot.verification.instruction_sets import sets_at_hand
from rooms import ROOT

sys.path.append(str(ROOT / "scripts"))

FORMS = {form.name: form for form in all_forms()}
SHIPPED = Probed.model_validate_json(
    (Path(kept.__file__).with_name("seen") / "CPU-2026.4.json").read_text("utf-8")
)


def probed(**rans: str) -> Probed:
    """What a device may do, form by form: ``i8``, ``f32``, or ``wrong``."""
    rows = (
        Row(form=form, ran="i8" if ran == "wrong" else ran, right=ran != "wrong")
        for form, ran in rans.items()
    )
    return Probed(
        device="CPU", device_name="of the test", capabilities=(), openvino="9.9.9", rows=tuple(rows)
    )


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENVINO_POT_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_there_are_many_forms_and_each_has_a_name_of_its_own() -> None:
    assert len(FORMS) == len(all_forms()) >= 150
    assert {form.operation for form in all_forms(quick=True)} == {*OPERATIONS}
    assert {form.name for form in all_forms(quick=True)} < {*FORMS}


@pytest.mark.parametrize("ranges", ["one", "several"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_exact_form_is_what_fake_quantize_is_defined_to_give(kind: str, ranges: str) -> None:
    def rounded(is_exact: bool) -> np.ndarray:
        network = Network(is_exact, 3)
        source = network.input(40, 16)
        model = network.model(network.rounded(source, kind, 16 if ranges == "several" else 1, 1))
        found = ov.Tensor(np.zeros((40, 16), np.float32))
        assert model.evaluate([found], [ov.Tensor(network.feeds[0])])
        return found.data.copy()

    expected, found = rounded(is_exact=False), rounded(is_exact=True)
    # Where a value lies in the middle between two levels, the last bit decides.
    assert np.isclose(found, expected, atol=1e-5).mean() > 0.99 and np.ptp(expected) > 1


def test_stored_weights_are_those_of_the_exact_form() -> None:
    values = []
    for is_exact in (True, False):
        network = Network(is_exact, 5)
        model = ov.Model([network.weights(6, 4, axes=[0])], [], "weights")
        found = ov.Tensor(np.zeros((6, 4), np.float32))
        assert model.evaluate([found], [])
        values.append(found.data.copy())
    assert np.array_equal(*values) and np.ptp(values[0]) > 0.1


@pytest.mark.parametrize("name", ["Convolution", "MatMul, with a zero point", "MaxPool, signed", "Gather"])
def test_what_runs_in_integers_is_seen_to(name: str) -> None:
    row = measured(FORMS[name], "CPU")
    assert row.is_good and row.form == name and row.time is not None and row.time > 0


def test_what_runs_in_float_is_seen_to() -> None:
    row = measured(Form("ConvolutionBackpropData", {"data": "with a zero point"}), "CPU", timed=False)
    assert (row.ran, row.right, row.time) == ("f32", True, None)


@pytest.mark.skipif(not version().startswith("2026.4"), reason="faults of OpenVINO 2026.4")
@pytest.mark.parametrize(
    "name",
    [
        "MatMul of a vector",
        "MatMul of four rows, a layer before",
        "MatMul of four rows, a product behind",
        "MatMul of data, several matrices, signed, a gain behind",
        "Convolution, with a zero point off the levels",
        "GroupConvolution, two output channels a group, with a zero point, a range for each channel",
        "AvgPool, counting padding, with a zero point",
        "MatMul with a matrix and its transpose, with a zero point",
        f"MatMul, signed, {EACH}, MVN before",
        "MatMul with weights on the left, as many rows as columns, signed, a product behind",
        f"Convolution of single positions, signed, {DIVIDED}, an open batch, a layer and Swish before",
        f"GroupConvolution of single positions, depthwise, signed, {EACH}, an open batch, a layer and Swish before",
        f"MatMul of four axes, signed, {DIVIDED}, an open batch, a product of data before",
        f"MatMul of four axes, signed, {DIVIDED}, a product of data before",
    ],
)
def test_known_faults_are_found(name: str) -> None:
    assert measured(FORMS[name], "CPU", timed=False).right is False
    assert SHIPPED.by_form[name].right is False


@pytest.mark.skipif(not version().startswith("2026.4"), reason="faults of OpenVINO 2026.4")
@pytest.mark.parametrize(
    "name",
    [
        "MatMul with weights on the left, as many rows as columns, signed",
        "MatMul with weights on the left, as many rows as columns, signed, one scale, a product behind",
        f"Convolution of single positions, signed, {DIVIDED}, a layer and Swish before",
        f"GroupConvolution of single positions, depthwise, signed, {EACH}, a layer and Swish before",
        f"MatMul of four axes, signed, {DIVIDED}, an open batch, a layer and Swish before",
        f"MatMul of four axes, signed, {EACH}, an open batch, a product of data before",
    ],
)
def test_what_differs_from_a_fault_in_one_respect_is_right(name: str) -> None:
    assert measured(FORMS[name], "CPU", timed=False).is_good
    assert SHIPPED.by_form[name].is_good


def test_what_does_not_compile_is_said() -> None:
    row = measured(FORMS["GRUSequence, linear before reset"], "CPU", timed=False)
    assert row.right is None and row.ran == "does not compile" and row.note


@pytest.mark.process
def test_a_form_that_ends_the_process_ends_none_but_its_own() -> None:
    forms = [FORMS["MatMul"], Form("of nobody"), FORMS["Convolution"]]
    rows = list(rows_of(forms, "CPU", timed=False))
    assert [row.form for row in rows] == ["MatMul", "of nobody", "Convolution"]
    assert [row.ran for row in rows] == ["i8", "crashes", "i8"]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"device is 'TPU', found .*CPU"):
        probe("TPU")


def test_all_rows_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = [FORMS["MatMul"], FORMS["Gather"]]
    monkeypatch.setattr(probing, "all_forms", lambda quick: forms)
    monkeypatch.setattr(
        probing, "rows_of", lambda asked, device, timed: (measured(f, device, timed) for f in asked)
    )
    found = probe("CPU", quick=True)
    assert [row.form for row in found.rows] == ["MatMul", "Gather"] and found.openvino == version()
    assert "INT8" in found.capabilities and found.device_name


def test_the_shipped_table_bears_the_device_table_out() -> None:
    device = find_device("CPU")
    asked = {form for forms in device.shown.values() for form in forms}
    asked |= {form for each in device.operations.values() for form in (*each.shown, each.shown_by_zero_point)}
    assert asked - {""} <= {*FORMS}
    assert as_seen(device, SHIPPED) == device


def test_what_was_found_here_goes_before_what_ships(own_cache: Path) -> None:
    before = seen("CPU")
    found = (before or SHIPPED).model_copy(update={"openvino": version(), "device_name": "of the test"})
    found = found.model_copy(update={"device_name": kept.device_name("CPU"), "rows": found.rows[:3]})
    path = keep(found)
    assert path.parent == own_cache and len(list(own_cache.iterdir())) == 1
    assert seen("CPU") == found
    path.write_text("{", encoding="utf-8")
    kept._seen.cache_clear()
    assert seen("CPU") == before
    assert seen("GNA") is None


def test_the_folder_is_the_user_s_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENVINO_POT_CACHE", "here")
    assert kept.cache_folder() == Path("here")
    monkeypatch.delenv("OPENVINO_POT_CACHE")
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "there")
    assert kept.cache_folder() == Path("there/openvino-pot")


def test_each_fault_has_forms_that_show_it_but_those_of_amx() -> None:
    device = find_device("CPU")
    assert set(device.faults) - set(device.shown) == {"square_attention", "masks_of_one_row"}
    for fault, forms in device.shown.items():
        assert not any(SHIPPED.by_form[form].is_good for form in forms), fault


@pytest.mark.parametrize("fault", find_device("CPU").shown)
def test_a_fault_that_no_form_shows_any_more_is_gone(fault: str) -> None:
    device = find_device("CPU")
    first, *others = device.shown[fault]
    good = dict.fromkeys((first, *others), "i8")
    assert {*device.faults} - {*as_seen(device, probed(**good)).faults} == {fault}
    assert fault in as_seen(device, probed(**{**good, first: "wrong"})).faults
    for other in others:
        assert fault in as_seen(device, probed(**{**good, other: "wrong"})).faults
        assert fault in as_seen(device, probed(**{first: "i8"})).faults
    assert as_seen(device, probed()) == device


def test_zero_points_are_free_where_the_device_takes_them() -> None:
    device, form = find_device("CPU"), "ConvolutionBackpropData, with a zero point"
    kinds = {
        ran: as_seen(device, probed(**{form: ran})).operations["ConvolutionBackpropData"].symmetric
        for ran in ("i8", "f32", "wrong")
    }
    assert kinds == {"i8": "never", "f32": "always", "wrong": "always"}
    other = as_seen(device, probed(**{"Convolution, with a zero point": "wrong"}))
    assert other.operations["Convolution"].symmetric == "always"


def test_what_runs_in_float_stays_there_with_the_reason(own_cache: Path) -> None:
    x = op.parameter([1, 16, 8, 8], np.float32, name="x")
    model = builders.model(op.tanh(builders.conv(op.relu(x), 16, "first")), x.output(0))
    layers = device_as_seen("CPU").operations["Convolution"].shown
    own = probed(**dict.fromkeys(layers, "f32"))
    keep(own.model_copy(update={"openvino": version(), "device_name": kept.device_name("CPU")}))
    plan = planned(load_model(model), [DefaultQuantization({})]).plan
    assert not plan.layers
    (layer,) = (each for each in plan.floats if each.node == "first")
    assert layer.reason.startswith(f"OpenVINO {version()} was asked: in 8 bits it runs in f32")


@pytest.mark.process
@pytest.mark.long
@pytest.mark.skipif(not version().startswith("2026.4"), reason="a table of OpenVINO 2026.4")
def test_the_installed_openvino_does_what_its_table_says() -> None:
    devices = pytest.importorskip("devices")
    assert devices.changes(SHIPPED.by_form, probe("CPU", quick=True).by_form) == []


@pytest.mark.long
def test_the_page_is_made_of_the_tables() -> None:
    devices = pytest.importorskip("devices")
    assert devices.PAGE.read_text("utf-8") == devices.page(devices.tables())
    assert devices.sign(SHIPPED.by_form["Convolution"]) == "8 bits"


HELD = (
    pytest.mark.process,
    pytest.mark.skipif(
        "AVX512_CORE" not in sets_at_hand(), reason="there is no more than AVX2 to be held to"
    ),
)
PROCESSOR = Path("/proc/cpuinfo")
OF_AMX = pytest.mark.skipif(
    not PROCESSOR.is_file() or "amx_int8" not in PROCESSOR.read_text("utf-8"),
    reason="the processor has no AMX, or the system doesn't tell",
)
SCRIPTS = [
    pytest.param(
        path,
        id=path.stem,
        marks=HELD if "_held_to_" in path.stem else OF_AMX if "_with_amx" in path.stem else (),
    )
    for path in sorted((ROOT / "benchmarks/faults").glob("*.py"))
]


@pytest.mark.long
@pytest.mark.skipif(not version().startswith("2026.4"), reason="faults of OpenVINO 2026.4")
@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_shows_its_fault(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runpy.run_path(str(script))["main"]() == 1
    assert version() in capsys.readouterr().out


def test_what_stands_before_takes_any_size() -> None:
    """Graphs made of forms have tensors of other sizes than forms by themselves."""
    network = Network(True, 0)
    source = network.input(1, 16, 20, 20)
    found = FORMS["Convolution, a product of data before"].behind(network, source)
    assert list(found.get_shape()) == [1, 16, 20, 20]


@pytest.mark.long
def test_forms_that_are_right_alone_are_right_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    graphs = importlib.import_module("probed_graphs")
    assert graphs.main(["--count", "8"]) == 0
    forms = graphs.good_forms()
    wrong = [FORMS["MatMul of four rows, a layer before"]]
    assert len(forms) > 400 and graphs.error_of(0, wrong) > 0.5
    assert {len(graphs.random_forms(seed, forms)) for seed in range(20)} == {1, 2, 3, 4}
