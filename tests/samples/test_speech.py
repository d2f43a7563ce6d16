"""The sample of speech: archives, loader, metrics, engine, command line, and the network of its example."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset13 as op
from openvino._offline_transformations import apply_make_stateful_transformation

from common import features
from openvino.tools.pot import create_pipeline, load_model
from openvino.tools.pot.api.samples.speech import (
    ArkDataLoader,
    ArkEngine,
    FrameDecisions,
    ScoreError,
    ark,
    gna_sample,
)
from openvino.tools.pot.graph.tensors import TensorId
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.statistics.layout import StatisticsLayout
from openvino.tools.pot.statistics.reducers import Extreme
from openvino.tools.pot.statistics.requests import Request
from openvino.tools.pot.utils.errors import ConfigError, DataError, EngineError, ModelError
from openvino.tools.pot.utils.runtime import core

kaldiio = pytest.importorskip("kaldiio")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/speech"
Floats = NDArray[np.float32]


def utterances(seed: int = 0, lengths: tuple[int, ...] = (5, 3, 7)) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    return {f"u{n}": random.normal(size=(size, 4)).astype(np.float32) for n, size in enumerate(lengths)}


def echo() -> ov.Model:
    """Scores of two classes for a frame of four values: what it has heard, ever fainter, plus the frame."""
    random = np.random.default_rng(3)
    frame, memory = (
        op.parameter([1, 4], np.float32, name="frame"),
        op.parameter([1, 4], np.float32, name="memory"),
    )
    weight = random.normal(size=(4, 2)).astype(np.float32)
    heard = op.add(op.multiply(memory, op.constant(np.full((1, 4), 0.9, np.float32))), frame)
    heard.set_friendly_name("heard")
    heard.output(0).set_names({"heard"})
    scores, after = op.result(op.matmul(heard, op.constant(weight), False, False)), op.result(heard)
    for node, name in ((frame, "frame"), (memory, "memory"), (scores, "scores"), (after, "after")):
        node.set_friendly_name(name)
        node.output(0).get_tensor().add_names({name})
    model = ov.Model([scores, after], [frame, memory], "echo")
    apply_make_stateful_transformation(model, {"memory": "after"})
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the archives ``first`` and ``second``, of the same utterances."""
    for seed, name in enumerate(("first", "second")):
        ark.write_ark(tmp_path / f"{name}.ark", utterances(seed))
    return tmp_path


def config(folder: Path, **more: Any) -> dict[str, Any]:
    one = {"data_source": str(folder), "input_names": ["frame"], "input_shapes": [], "input_files": ["first"]}
    return {**one, **more}


def test_items_are_the_frames_of_all_utterances(folder: Path) -> None:
    both = config(
        folder, input_names=["a", "b"], input_files=["first", "second"], input_shapes=[[1, 4], [2, 2]]
    )
    loader = ArkDataLoader(both)
    assert len(loader) == 15
    assert [(each.name, each.frames) for each in loader.utterances] == [
        ("u0", range(5)),
        ("u1", range(5, 8)),
        ("u2", range(8, 15)),
    ]
    assert {name: frame.shape for name, frame in loader[6].items()} == {"a": (1, 4), "b": (2, 2)}
    np.testing.assert_array_equal(loader[6]["a"][0], utterances(0)["u1"][1])
    np.testing.assert_array_equal(loader[6]["b"].ravel(), utterances(1)["u1"][1])
    with pytest.raises(IndexError, match="0 to 14"):
        loader[15]


def test_all_files_of_a_folder_are_of_the_only_input(folder: Path) -> None:
    (folder / "second.ark").unlink()
    ark.write_ark(folder / "also.ark", {"before": np.ones((2, 4))})
    assert [each.name for each in ArkDataLoader(config(folder, input_files=None)).utterances] == [
        *("before", "u0", "u1", "u2")
    ]
    of_file = config(folder / "also.ark", input_files=None)
    assert ArkDataLoader(of_file)[1]["frame"].tolist() == [1, 1, 1, 1]
    assert len(ArkDataLoader(config(folder / "also.ark"))) == 15  # the file that is named lies beside it


def test_files_are_read_once(folder: Path) -> None:
    loader = ArkDataLoader(config(folder))
    (folder / "first.ark").unlink()
    assert loader[14]["frame"].shape == (4,)


def test_targets_are_those_of_frames(folder: Path) -> None:
    truth = {name: np.arange(len(each)) for name, each in utterances().items()}
    ark.write_ark(folder / "truth" / "truth.ark", truth)
    backwards = dict(reversed(truth.items()))  # names decide, not the order
    for targets in (str(folder / "truth/truth.ark"), truth, backwards):
        loader = ArkDataLoader(config(folder, targets=targets))
        assert [loader[index][1].tolist() for index in (4, 5, 14)] == [[4], [0], [6]]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"data_source": None}, "data_source: it is missing"),
        ({"data_source": "nowhere"}, "data_source: 'nowhere' does not exist"),
        ({"input_names": "frame"}, "input_names: input should be a valid list, found 'frame'"),
        ({"input_names": ["a", "b"]}, "input_files has 1 entries, expected one for each of the 2"),
        (
            {"input_names": ["a", "b"], "input_files": []},
            "input_files is missing, expected .* the 2 input_names",
        ),
        ({"input_files": ["third"]}, r"input_files: .*third\.ark' does not exist"),
        (
            {"input_shapes": [[1, 4], [4]]},
            "input_shapes has 2 entries, expected one for each of the 1 input_names",
        ),
        ({"input_shapes": [[1, 5]]}, r"'frame' has the shape \[1, 5\], frames of its file have 4 values"),
        ({"input_shapes": [[1, -4]]}, r"input_shapes\[0\]\[1\]: .*greater than 0, found -4"),
        ({"input_shapes": ["4"]}, r"input_shapes\[0\]: .*found '4'"),
        ({"targets": "nowhere.ark"}, r"targets: file 'nowhere\.ark' does not exist"),
        ({"targets": 5}, r"targets: expected an \.ark file or a mapping .*found 5"),
        ({"data_source": 5}, "data_source: expected a path, found 5"),
    ],
)
def test_a_wrong_configuration_of_archives_is_refused(
    folder: Path, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ArkDataLoader({**config(folder), **changed})


def test_a_folder_without_archives(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no \.ark file in"):
        ArkDataLoader(config(tmp_path, input_files=None))


def test_inputs_of_other_frames_are_refused(folder: Path) -> None:
    both = config(folder, input_names=["a", "b"], input_files=["first", "second"])
    for content, sentence in (
        (utterances(1, (5, 4, 7)), "'b' has 4 frames of utterance 'u1', input 'a' has 3"),
        (utterances(1, (5, 3)), "'b' has no frames of utterance 'u2', input 'a' has 7"),
        (dict(reversed(utterances().items())), "'b' has its utterances in another order than input 'a'"),
    ):
        ark.write_ark(folder / "second.ark", content)
        with pytest.raises(DataError, match=sentence):
            ArkDataLoader(both)
    with pytest.raises(DataError, match="targets has 1 frames of utterance 'u0', input 'frame' has 5"):
        ArkDataLoader(config(folder, targets={"u0": [1]}))


def test_targets_that_are_not_as_expected(folder: Path) -> None:
    several = {"u0": np.zeros((5, 2)), "u1": np.zeros(3), "u2": np.zeros(7)}
    for targets, sentence in (
        ({"u0": 1}, r"targets of utterance 'u0': expected numbers, \[frames\]"),
        ({"u0": ["yes"]}, "targets of utterance 'u0': expected numbers"),
        (several, "targets have .*'u0': 2, 'u1': 1.* values, expected as many"),
    ):
        with pytest.raises(DataError, match=sentence):
            ArkDataLoader(config(folder, targets=targets))


def test_utterances_without_frames(folder: Path) -> None:
    ark.write_ark(folder / "first.ark", {"nothing": np.zeros((0, 4)), "a": np.ones((2, 4))})
    loader = ArkDataLoader(config(folder))
    assert [each.name for each in loader.utterances] == ["a"] and len(loader) == 2
    ark.write_ark(folder / "first.ark", {"nothing": np.zeros((0, 4))})
    with pytest.raises(DataError, match=r"first\.ark' has no frames"):
        ArkDataLoader(config(folder))


def test_archives_that_are_not_as_expected(folder: Path) -> None:
    ark.write_ark(folder / "first.ark", {"a": np.ones((2, 4)), "b": np.ones((2, 3))})
    with pytest.raises(DataError, match="frames of 'b' have 3 values, expected 4"):
        ArkDataLoader(config(folder))
    for content in (b"nothing of the kind", b"", b"u1 \0BFM \4\1\0"):
        (folder / "first.ark").write_bytes(content)
        with pytest.raises(DataError, match=r"first\.ark' (can't be read|holds nothing)"):
            ArkDataLoader(config(folder))
    twice = (folder / "second.ark").read_bytes()
    (folder / "first.ark").write_bytes(twice + twice)
    with pytest.raises(DataError, match="has the utterance 'u0' twice"):
        ArkDataLoader(config(folder))


def test_archives_in_a_byte_are_close(tmp_path: Path) -> None:
    content = {"a": np.random.default_rng(0).normal(size=(300, 24)).astype(np.float32)}
    ark.write_ark(tmp_path / "small.ark", content, small=True)
    assert (tmp_path / "small.ark").stat().st_size < 8000
    assert np.abs(ark.read_ark(tmp_path / "small.ark")["a"] - content["a"]).max() < 0.05


def test_without_kaldiio_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ark.kaldiio.cache_clear()
    monkeypatch.setitem(sys.modules, "kaldiio", None)
    with pytest.raises(ConfigError, match=r"pip install kaldiio \(or '\.\[samples\]'"):
        ArkDataLoader(config(folder))


def by_hand(content: dict[str, Floats]) -> dict[str, tuple[Floats, Floats]]:
    """What ``echo`` remembers after each frame, and its scores."""
    random = np.random.default_rng(3)
    weight, found = random.normal(size=(4, 2)).astype(np.float32), {}
    for name, frames in content.items():
        heard = [np.zeros(4, np.float32)]
        for frame in frames:
            heard.append(np.float32(0.9) * heard[-1] + frame)
        found[name] = np.stack(heard[1:]), np.stack(heard[1:]) @ weight
    return found


def test_scores_are_those_of_a_loop_by_hand(folder: Path) -> None:
    found = ArkEngine({"device": "CPU"}, ArkDataLoader(config(folder))).scores(echo())
    for name, (_, scores) in by_hand(utterances()).items():
        np.testing.assert_allclose(found[name], scores, rtol=1e-4, atol=1e-5)


def test_every_utterance_begins_anew(folder: Path) -> None:
    ark.write_ark(folder / "second.ark", dict(reversed(utterances().items())))
    one, other = (ArkDataLoader(config(folder, input_files=[name])) for name in ("first", "second"))
    first, second = (ArkEngine({}, loader).scores(echo()) for loader in (one, other))
    assert list(first) == list(reversed(second))
    for name, scores in first.items():
        np.testing.assert_array_equal(scores, second[name])


def largest(folder: Path, indices: list[int] | None = None) -> float:
    """The largest of what ``echo`` remembers, as a pass for statistics finds it."""
    model = load_model(echo())
    engine = ArkEngine({}, ArkDataLoader(config(folder)))
    engine.set_model(model)
    request = Request(TensorId("heard"), Extreme("max"), "max")
    layout = StatisticsLayout(model.submodels[0].model, [request])
    sampler = BatchSampler(engine.data_loader, 1, indices)
    return float(engine.predict(stats_layout=layout, sampler=sampler)[1].value(request)[0])


def test_statistics_are_of_all_time_steps(folder: Path) -> None:
    memories = {name: heard for name, (heard, _) in by_hand(utterances()).items()}
    assert largest(folder, list(range(5))) == pytest.approx(memories["u0"].max(), rel=1e-5)
    # One frame is asked for, and all before it are heard.
    assert largest(folder, [3]) == pytest.approx(memories["u0"][:4].max(), rel=1e-5)


def test_statistics_of_each_utterance_begin_anew(folder: Path) -> None:
    loud = {"u0": np.full((5, 4), 10), "u1": np.full((3, 4), -1), "u2": np.full((2, 4), 30)}
    ark.write_ark(folder / "first.ark", loud)
    assert largest(folder) == pytest.approx(30 + 27, rel=1e-5)
    assert largest(folder, [5, 6, 7]) == pytest.approx(-1, rel=1e-5)
    assert largest(folder, [0, 5]) == pytest.approx(10, rel=1e-5)


def test_the_metric_sees_an_utterance_at_a_time(folder: Path) -> None:
    scores = {name: each for name, (_, each) in by_hand(utterances()).items()}
    loader = ArkDataLoader(config(folder, targets=scores))
    metrics = create_pipeline([], ArkEngine({}, loader, FrameDecisions())).evaluate(echo())
    assert metrics == {"frame_decisions": 1.0}
    engine = ArkEngine({}, loader, ScoreError())
    engine.set_model(echo())
    (values, average), _ = engine.predict(metric_per_sample=True, sampler=BatchSampler(loader, 1, [6, 2]))
    assert [each["sample_id"] for each in values if each["metric_name"] == "score_error_max"] == [2, 6]
    assert max(average.values()) < 1e-5


def test_a_loader_without_utterances_is_refused() -> None:
    engine = ArkEngine({}, [({"frame": np.zeros(4)}, 0)], FrameDecisions())
    engine.set_model(echo())
    with pytest.raises(
        EngineError, match="a data loader with utterances, as ArkDataLoader has them, found list"
    ):
        engine.predict()


def test_scores_are_of_one_output(folder: Path) -> None:
    model = echo()
    model.add_outputs("heard")
    engine = ArkEngine({}, ArkDataLoader(config(folder)))
    with pytest.raises(ModelError, match="scores are wanted of one output"):
        engine.scores(model)


def test_errors_of_scores_are_over_all_values() -> None:
    metric = ScoreError()
    with pytest.raises(DataError, match="no frame"):
        _ = metric.avg_value
    metric.update([np.array([[1.0, 2], [3, 4]])], [[1, 1], [3, 1]])
    assert metric.value == {
        "score_error_max": [1, 3],
        "score_error_average": [0.5, 1.5],
        "score_error_rms": pytest.approx([0.5**0.5, 4.5**0.5]),
    }
    metric.update([np.array([[0.0, 0]])], [[0, 0]])
    expected = {"score_error_max": 3, "score_error_average": 4 / 6, "score_error_rms": (10 / 6) ** 0.5}
    assert metric.avg_value == pytest.approx(expected)
    assert not metric.higher_better
    with pytest.raises(DataError, match=r"scores have shape \[1, 2\], targets \[1, 1\]"):
        metric.update([np.zeros((1, 2))], [[0]])
    with pytest.raises(ModelError, match="found 2 outputs"):
        metric.update([np.zeros((1, 2))] * 2, [[0]])


@pytest.mark.parametrize(
    ("scores", "targets", "share"),
    [
        ([[0.6], [0.4], [0.9]], [1, 1, 1], 2 / 3),
        ([[0.6], [0.4], [0.9]], [[0.51], [0.1], [0.2]], 2 / 3),
        ([[0, 1, 2], [3, 1, 2]], [2, 1], 1 / 2),
        ([[0, 1, 2], [3, 1, 2]], [[0, 0, 1], [1, 0, 0]], 1),
    ],
)
def test_decisions_are_by_threshold_or_by_the_largest(scores: Any, targets: Any, share: float) -> None:
    metric = FrameDecisions()
    metric.update([np.array(scores)], targets)
    assert metric.avg_value["frame_decisions"] == pytest.approx(share)
    assert len(metric.value["frame_decisions"]) == len(scores)


def test_decisions_need_targets_of_their_kind() -> None:
    with pytest.raises(DataError, match="targets have 2 values, expected 1, or 3 as scores"):
        FrameDecisions().update([np.zeros((1, 3))], [[0, 0]])
    with pytest.raises(DataError, match="scores of 2 frames and 1 targets"):
        FrameDecisions().update([np.zeros((2, 1))], [0])


def test_a_tone_is_in_its_band() -> None:
    times = np.arange(16000) / features.RATE
    low, high = (features.log_mel(np.sin(2 * np.pi * tone * times)) for tone in (200, 5000))
    assert low.shape == (features.frames_of(16000), features.BANDS) == (98, 24)
    assert (low.argmax(axis=1) == low[0].argmax()).all() and low[0].argmax() < 4 < 16 < high[0].argmax()
    assert features.log_mel(np.zeros(features.WINDOW - 1)).shape == (0, 24)
    assert features.centres(2).tolist() == [200, 360]


def arguments(folder: Path, *more: str) -> list[str]:
    ov.save_model(echo(), folder / "echo.xml", compress_to_fp16=False)
    here = ["-m", str(folder / "echo.xml"), "-d", str(folder), "-o", str(folder / "optimized")]
    return [*here, "-i", "frame", "-f", "first", *more]


@pytest.mark.long
@pytest.mark.parametrize(("preset", "levels"), [("accuracy", 65535), ("performance", 255)])
def test_the_command_line(folder: Path, capsys: Any, preset: str, levels: int) -> None:
    gna_sample.main(arguments(folder, "-p", preset, "-is", "[[1, 4]]", "--log-level", "ERROR"))
    saved, *lines = capsys.readouterr().out.splitlines()
    assert saved == f"Saved {folder / 'optimized/echo.xml'}"
    errors = {name.strip(): float(value) for name, value in (line.split(":") for line in lines)}
    assert 0 < errors["score_error_average"] < errors["score_error_rms"] < errors["score_error_max"] < 0.05
    nodes = core().read_model(folder / "optimized/echo.xml").get_ops()
    found = {node.get_attributes()["levels"] for node in nodes if node.get_type_name() == "FakeQuantize"}
    assert levels in found


@pytest.mark.process
def test_what_is_wrong_is_said_in_one_sentence(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"--input_shapes is '\[\[1,', expected lists of numbers"):
        gna_sample.main(arguments(folder, "-is", "[[1,"))
    module = "openvino.tools.pot.api.samples.speech.speech_sample"
    wrong = [*arguments(folder)[:-1], "third"]
    run = subprocess.run(
        [sys.executable, "-m", module, *wrong], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: ArkDataLoader: input_files: ") and run.stderr.count("\n") == 1


def test_a_result_of_16_bits_is_rounded(folder: Path) -> None:
    x = op.parameter([1, 4], np.float32, name="frame")
    border = np.float32(0.01)
    rounded = op.fake_quantize(x, -border, border, -border, border, 65536)
    scores = ArkEngine({}, ArkDataLoader(config(folder))).scores(ov.Model([op.result(op.relu(rounded))], [x]))
    assert max(each.max() for each in scores.values()) == pytest.approx(0.01, rel=1e-3)


def speech(name: str) -> dict[str, Any]:
    """What the loader takes for a file of the example."""
    shape = {"input_names": ["frame"], "input_shapes": [[1, features.BANDS]]}
    return {"data_source": str(EXAMPLE / "data"), "input_files": [name], **shape}


@cache
def heard_in_float() -> dict[str, Floats]:
    return ArkEngine({}, ArkDataLoader(speech("evaluation"))).scores(load_model(EXAMPLE / "speech.xml"))


@pytest.mark.parametrize(("preset", "least"), [("accuracy", 0.99), ("performance", 0.97)])
@pytest.mark.long
def test_the_network_of_the_example_decides_as_in_float(preset: str, least: float) -> None:
    calibration, evaluation = map(speech, ("calibration", "evaluation"))
    model = load_model(EXAMPLE / "speech.xml")
    largest = {"range_estimator": {"max": {"aggregator": "max", "type": "abs_max"}}}
    params = {"target_device": "GNA", "preset": preset, "activations": largest, "stat_subset_size": 800}
    engine = ArkEngine({}, ArkDataLoader(calibration))
    quantized = create_pipeline([{"name": "DefaultQuantization", "params": params}], engine).run(model)
    scores = heard_in_float()
    truth = read_truth()
    right = np.concatenate([(scores[name][:, 0] > 0.5) == (truth[name][:, 0] > 0.5) for name in truth])
    assert len(right) > 1000 and right.mean() > 0.9
    engine = ArkEngine({}, ArkDataLoader({**evaluation, "targets": scores}), FrameDecisions())
    metrics = create_pipeline([], engine).evaluate(quantized)
    assert metrics is not None and metrics["frame_decisions"] > least


def read_truth() -> dict[str, Floats]:
    return ark.read_ark(EXAMPLE / "data/evaluation_truth.ark")
