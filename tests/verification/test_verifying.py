"""``verify``: what a model says of itself, and what devices and settings make of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

import builders
import faults
from openvino.tools.pot import compress_weights, load_model, quantize, save_model, verify
from openvino.tools.pot.algorithms.checking.running import Run
from openvino.tools.pot.graph.digest import digest_of
from openvino.tools.pot.graph.view import GraphView
from openvino.tools.pot.statistics.witness import Witness
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.verification import agreeing, verifying
from openvino.tools.pot.verification.agreeing import has_packed_products
from openvino.tools.pot.verification.facts import Verification
from openvino.tools.pot.verification.instruction_sets import Apart, sets_at_hand
from openvino.tools.pot.verification.made import made_samples
from openvino.tools.pot.verification.text import as_markdown, as_text

IMAGES = builders.images(4)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a float model, and one that was made of it."""
    folder = tmp_path_factory.mktemp("made")
    ov.save_model(builders.network(), folder / "net.xml", compress_to_fp16=False)
    save_model(quantize(folder / "net.xml", IMAGES), folder, "int8")
    return folder


def seen(model: Path | ov.Model, float_model: Path | None = None) -> Verification:
    return verify(model, IMAGES, float_model=float_model, devices=["CPU"], instruction_sets=False)


def edited(made: Path, folder: Path, layer: str) -> Path:
    """The model with other weights of a layer, saved by OpenVINO."""
    model = ov.Core().read_model(made / "int8.xml")
    for node in model.get_ops():
        if node.get_friendly_name() == f"{layer}/fq_weights_1/quantized":
            other = op.constant(-node.data)
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(other.output(0))
    ov.save_model(model, folder / "edited.xml", compress_to_fp16=False)
    return folder / "edited.xml"


@pytest.mark.long
def test_a_model_that_is_what_it_says_it_is(made: Path) -> None:
    found = seen(made / "int8.xml", made / "net.xml")
    own = found.identity
    assert found.agrees and own.holds and own.is_ours
    assert (own.saved, own.float_model, own.findings) == ("as it was", "the same", ())
    assert [each.name for each in own.algorithms] == ["DefaultQuantization"]
    assert len(own.statistics) == len(own.float_graph) == len(own.float_weights) == 16
    assert {row.precision for row in found.rows} >= {"own", "f32"}
    for text in (as_text(found), as_markdown(found)):
        assert "which is the one that was given" in text.replace("\n  ", " ")
        assert "It agrees." in text
    assert max(map(len, as_text(found).splitlines())) <= 80


def test_weights_alone_are_compressed_of_a_model_whose_operations_are_not_fused(tmp_path: Path) -> None:
    """The digest of what was read is that of such a model, and `pot -q weights` names this command to go on with."""
    x = builders.parameter([1, 64])
    weights = op.constant(builders.weights((64, 64), 1))
    twice = [
        op.relu(op.matmul(x, weights, False, True)) for _ in range(2)
    ]  # which are one once they are fused
    network = builders.model(op.concat(twice, 1), x)
    ov.save_model(network, tmp_path / "net.xml", compress_to_fp16=False)
    plain, fused = (load_model(tmp_path / "net.xml", fused=each).submodels[0].model for each in (False, True))
    assert digest_of(plain) != digest_of(fused)
    save_model(compress_weights(tmp_path / "net.xml", "int8_asym"), tmp_path, "small")
    found = verify(
        tmp_path / "small.xml", float_model=tmp_path / "net.xml", devices=["CPU"], instruction_sets=False
    )
    assert (found.identity.float_model, found.identity.findings) == ("the same", ())


def test_a_float_model_that_can_not_be_read_is_an_error_whatever_it_is_held_against(tmp_path: Path) -> None:
    ov.save_model(builders.network(), tmp_path / "net.xml", compress_to_fp16=False)
    with pytest.raises(ModelError, match=r"absent\.xml"):
        seen(tmp_path / "net.xml", tmp_path / "absent.xml")


@pytest.mark.long
def test_another_float_model(made: Path, tmp_path: Path) -> None:
    ov.save_model(builders.network(seed=3), tmp_path / "other.xml", compress_to_fp16=False)
    found = seen(made / "int8.xml", tmp_path / "other.xml")
    assert (found.agrees, found.identity.float_model) == (False, "another")
    assert found.identity.findings == (
        "it was not made from the float model that was given: its weights are another's",
    )


@pytest.mark.long
def test_weights_that_were_changed_since(made: Path, tmp_path: Path) -> None:
    found = seen(edited(made, tmp_path, "conv2"))
    assert (found.agrees, found.identity.saved) == (False, "changed")
    assert found.identity.findings == ("it was changed since it was saved: weights of 'conv2'",)


@pytest.mark.long
def test_a_weights_file_that_was_changed(made: Path, tmp_path: Path) -> None:
    for file in made.glob("int8.*"):
        shutil.copy(file, tmp_path)
    weights = np.fromfile(tmp_path / "int8.bin", np.uint8)
    raw = ov.Core().read_model(made / "int8.xml")
    (conv1,) = (node for node in raw.get_ops() if node.get_friendly_name() == "conv1/fq_weights_1/quantized")
    place = weights.tobytes().index(conv1.data.tobytes())
    weights[place] ^= 1
    weights.tofile(tmp_path / "int8.bin")
    found = seen(tmp_path / "int8.xml")
    assert not found.agrees
    assert found.identity.findings == ("it was changed since it was saved: weights of 'conv1'",)
    assert all(row.verdict == "agrees" for row in found.rows)


@pytest.mark.long
def test_a_graph_that_was_changed_since(made: Path, tmp_path: Path) -> None:
    model = ov.Core().read_model(made / "int8.xml")
    result = model.get_results()[0]
    result.input(0).replace_source_output(op.relu(result.input_value(0)).output(0))
    ov.save_model(model, tmp_path / "edited.xml", compress_to_fp16=False)
    found = seen(tmp_path / "edited.xml")
    assert found.identity.findings == ("it was changed since it was saved: its graph is another",)


@pytest.mark.long
def test_a_model_that_openvino_saved(made: Path, tmp_path: Path) -> None:
    ov.save_model(quantize(made / "net.xml", IMAGES), tmp_path / "int8.xml", compress_to_fp16=False)
    found = seen(tmp_path / "int8.xml", made / "net.xml")
    assert (found.agrees, found.identity.saved) == (True, "unknown")
    assert found.identity.float_model == "the same"


@pytest.mark.long
def test_a_model_of_somebody_else(made: Path) -> None:
    model = quantize(made / "net.xml", IMAGES)
    model.set_rt_info({}, ["openvino_pot"])
    found = seen(model)
    assert found.agrees
    assert not found.identity.is_ours
    assert "nothing of openvino-pot is recorded in it" in as_text(found)


@pytest.mark.long
def test_a_planted_fault_is_found_where_it_is(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.planted(monkeypatch, faults.scaled("conv2"))
    found = seen(made / "int8.xml")
    assert not found.agrees
    assert {row.verdict for row in found.rows} == {"departs"}
    firsts = [row.first for row in found.rows]
    assert {(first.tensor, first.type) for first in firsts if first} == {("conv2", "Convolution")}
    assert "the first tensor that departs is 'conv2' (Convolution)" in as_text(found).replace("\n  ", " ")


def test_samples_are_made_up_for_all_kinds_of_inputs() -> None:
    words = builders.parameter(ov.PartialShape([-1, -1]), "input_ids", np.int64)
    mask = builders.parameter([1, 16], "attention_mask", np.int64)
    image, flag = builders.parameter([1, 3, 8, 8], "image"), builders.parameter([1], "flag", np.bool_)
    table = op.gather(op.constant(np.ones((7, 4), np.float32)), words, op.constant(0))
    outputs = [table, op.relu(image), op.convert(mask, "f32"), op.logical_not(flag)]
    network = builders.model(outputs, words, mask, image, flag)
    found, again = made_samples(network, 2), made_samples(network, 2)
    assert {name: value.shape for name, value in found[0].items()} == {
        "input_ids": (1, 16),
        "attention_mask": (1, 16),
        "image": (1, 3, 8, 8),
        "flag": (1,),
    }
    assert found[0]["input_ids"].min() >= 0 and found[0]["input_ids"].max() < 7
    assert np.all(found[0]["attention_mask"] == 1)
    assert all(np.array_equal(found[1][name], again[1][name]) for name in found[1])
    assert not np.array_equal(found[0]["image"], found[1]["image"])


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("sse4_2", ()),
        ("avx avx2 avx_vnni", ("AVX2",)),
        ("avx2 avx512f avx512bw avx512vl avx512dq", ("AVX2", "AVX512_CORE")),
        ("avx2 avx512f avx512bw avx512vl avx512dq avx512_vnni", ("AVX2", "AVX512_CORE", "AVX512_CORE_VNNI")),
    ],
)
def test_instruction_sets_that_are_at_hand(flags: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: x\nflags\t\t: {flags}\n", encoding="utf-8")
    assert sets_at_hand(tmp_path / "cpuinfo") == expected
    assert sets_at_hand(tmp_path / "nothing") == ()


@pytest.mark.process
def test_instruction_sets_in_processes_of_their_own(made: Path) -> None:
    found = verify(made / "int8.xml", IMAGES[:2], devices=["CPU"])
    held = [row.instruction_set for row in found.rows if row.instruction_set]
    assert tuple(held) == sets_at_hand()
    assert all(row.verdict == "agrees" for row in found.rows)


@pytest.mark.parametrize(("floats", "verdict"), [("", "fails"), ("other", "fails"), ("signal", "refused")])
@pytest.mark.long
def test_what_floats_fail_in_as_well_says_nothing_of_8_bits(
    made: Path, monkeypatch: pytest.MonkeyPatch, floats: str, verdict: str
) -> None:
    def fails(apart: Apart, *_: object) -> Run:
        is_quantized = "FakeQuantize" in (apart.folder / "model.xml").read_text(encoding="utf-8")
        return Run(failure="signal" if is_quantized else floats)

    monkeypatch.setattr(verifying, "sets_at_hand", lambda: ("AVX2",))
    monkeypatch.setattr(Apart, "run", fails)
    found = verify(made / "int8.xml", IMAGES[:2], devices=["CPU"])
    assert (found.rows[-1].instruction_set, found.rows[-1].verdict) == ("AVX2", verdict)
    assert found.agrees == (verdict == "refused")
    assert ("8 bits have no part in it" in as_markdown(found)) == (verdict == "refused")


@pytest.mark.process
def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    found = Apart(tmp_path).run(Witness(), "AVX2")
    assert "model.xml" in found.failure


@pytest.mark.long
def test_packed_weights_are_no_departure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their products round what comes in to 8 bits in the device's own settings, and not where floats are asked for."""
    x = builders.parameter([-1, 256])
    hidden = op.relu(op.matmul(x, op.constant(builders.weights((96, 256), 1)), False, True, name="first"))
    network = builders.model(
        op.matmul(hidden, op.constant(builders.weights((64, 96), 2)), False, True, name="last"), x
    )
    packed = compress_weights(network, "int8_asym")
    random = np.random.default_rng(0)
    feeds = [random.standard_normal((4, 256)).astype(np.float32) for _ in range(4)]
    found = verify(packed, feeds, devices=["CPU"], instruction_sets=False)
    assert {row.precision: row.verdict for row in found.rows}["f32"] == "agrees"
    assert found.agrees
    monkeypatch.setattr(agreeing, "UNROUNDED", {})
    rounded = {
        row.precision: row for row in verify(packed, feeds, devices=["CPU"], instruction_sets=False).rows
    }
    before = {row.precision: row for row in found.rows}
    assert (rounded["f32"].decibels or 0) < (before["f32"].decibels or 0) - 20


@pytest.mark.long
def test_which_products_have_packed_weights() -> None:
    x = builders.parameter([1, 192])
    source = builders.model(op.matmul(x, op.constant(builders.weights((192, 96))), False, False), x)
    assert not has_packed_products(GraphView(source))
    assert has_packed_products(GraphView(compress_weights(source, "int8_sym")))
    int8 = quantize(source, builders.images(20, shape=(1, 192)))
    assert any(node.get_type_name() == "FakeQuantize" for node in int8.get_ops())
    assert not has_packed_products(GraphView(int8))


@pytest.mark.parametrize(
    ("hint", "packed", "scale"), [("f32", True, "bf16"), ("f32", False, "f32"), ("bf16", True, "bf16")]
)
def test_by_what_the_device_s_own_settings_are_judged(
    hint: str, packed: bool, scale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Device:
        def get_property(self, device: str, name: str) -> object:
            return getattr(ov.Type, hint) if name == "INFERENCE_PRECISION_HINT" else ["FP32"]

    monkeypatch.setattr(agreeing, "core", Device)
    assert [each.scale for each in agreeing.settings_of("CPU", packed)] == [scale, "f32"]
