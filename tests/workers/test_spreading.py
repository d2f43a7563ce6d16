"""Passes made by the workers of an executor: the same models and figures as without, whoever reads the samples."""

from __future__ import annotations

import logging
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Lock, current_thread, main_thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from builders import Items, TopOne, conv, images, labelled, model, network, parameter, stored, weights
from openvino.tools.pot import IEEngine, Pipeline, create_pipeline, load_model, quantize
from openvino.tools.pot.utils.errors import DataError, EngineError
from openvino.tools.pot.workers import client, contents, desk, recipes, spreading

READ, SENT = "workers read samples by themselves", "samples are read here and sent to workers"


@pytest.fixture(autouse=True)
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "openvino.tools.pot")
    return caplog


def pipeline(loader: Any, kind: type[IEEngine] = IEEngine, metric: Any = None, **params: Any) -> Pipeline:
    steps = [{"name": "DefaultQuantization", "params": params}]
    return create_pipeline(steps, kind({}, loader, metric))


def made(loader: Any, count: int = 0, source: ov.Model | None = None, **options: Any) -> tuple[bytes, bytes]:
    found = pipeline(loader, **options)
    if not count:
        return stored(found.run(load_model(source or network())))
    with ThreadPoolExecutor(count) as executor:
        return stored(found.run(load_model(source or network()), executor=executor))


class Whole(IEEngine):
    """Feeds what the loader gives as it is, by a hook of its own."""

    def _fill_input(self, model: Any, image_batch: Any) -> Any:
        (port,) = model.inputs
        assert port.get_node().get_friendly_name() == "x" and len(model.outputs) == 1
        return {"x": 2 * np.asarray(image_batch[0])}


class Twice(IEEngine):
    """Makes two images of one sample."""

    def _process_batch(self, batch: Any) -> Any:
        labels, data, metadata = super()._process_batch(batch)
        return labels, [each for own in data for each in (own, own[:, :, ::-1])], metadata


class Batches(Items):
    """Gives several samples at a time."""

    rows = 3

    def __getitem__(self, index: int) -> Any:
        rows = [super(Batches, self).__getitem__((index + more) % len(self))[0] for more in range(self.rows)]
        return np.concatenate(rows), None


class InTurn(Items):
    """Gives the next sample, whichever is asked for."""

    def __init__(self, items: Any) -> None:
        super().__init__(items)
        self.given = 0

    def __getitem__(self, index: int) -> Any:
        self.given += 1
        return super().__getitem__((self.given - 1) % len(self))


def with_open_sizes() -> ov.Model:
    x = parameter(ov.PartialShape([1, 3, -1, -1]))
    pooled = op.reduce_mean(op.relu(conv(x, 8, "conv")), np.array([2, 3]), True)
    return model(conv(pooled, 4, "last", kernel=1), x)


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_the_model_is_the_same_with_any_number_of_workers(count: int, said: pytest.LogCaptureFixture) -> None:
    loader = labelled(images(200))
    assert made(loader, count) == made(loader)
    assert READ in said.text or SENT in said.text


@pytest.mark.long
@pytest.mark.parametrize("effort", ["thorough", "default"])
def test_refinements_and_slow_biases_are_the_same(effort: str) -> None:
    loader = labelled(images(60))
    params = {"use_fast_bias": False} if effort == "default" else {"effort": effort}
    assert made(loader, 2, **params) == made(loader, **params)


@pytest.mark.long
def test_what_cannot_be_pickled_is_read_here_and_sent(said: pytest.LogCaptureFixture) -> None:
    loader = labelled(images(50))
    expected = made(loader)
    loader.lock = Lock()  # type: ignore[attr-defined]
    assert made(loader, 2) == expected
    assert f"{SENT}: the engine and its data loader can't be pickled" in said.text


@pytest.mark.long
def test_a_loader_that_gives_the_next_at_each_call_is_read_here(said: pytest.LogCaptureFixture) -> None:
    data = list(enumerate(images(60)))
    items = [(image, number) for number, image in data]
    assert made(InTurn(items), 3) == made(InTurn(items))
    assert f"{SENT}: the data loader gives another sample each time" in said.text


class Sums(TopOne):
    """The sum of all outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0.0

    def update(self, output: Any, target: Any) -> None:
        self.total += float(np.sum(output[0]))
        super().update(output, target)

    @property
    def avg_value(self) -> dict[str, float]:
        return {"sum": self.total}


class ByFirst(Items):
    """Scales all samples by the one that it reads first."""

    scale: float | None = None

    def __getitem__(self, index: int) -> Any:
        image, label = super().__getitem__(index)
        if self.scale is None:
            self.scale = float(np.abs(image).max())
        return image / self.scale, label


@pytest.mark.long
def test_a_loader_that_goes_by_what_it_read_first_is_read_here(said: pytest.LogCaptureFixture) -> None:
    items = [(image * (number + 1), number % 4) for number, image in enumerate(images(60))]
    found = []
    for count in (1, 3):
        with ThreadPoolExecutor(count) as executor:
            own = create_pipeline([], IEEngine({}, ByFirst(items), Sums()))
            found.append(own.evaluate(network(), executor))
    assert (
        found[0] == found[1] == create_pipeline([], IEEngine({}, ByFirst(items), Sums())).evaluate(network())
    )
    assert f"{SENT}: the data loader gives others there than here, or others in another order" in said.text


class Noting(IEEngine):
    """Notes of each sample what the hook behind the network wants to know."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.sums: dict[int, float] = {}

    def _process_batch(self, batch: Any) -> Any:
        for (index, _), data, _ in batch:
            self.sums[index] = float(np.sum(data))
        return super()._process_batch(batch)

    def postprocess_output(self, outputs: Any, metadata: Any) -> Any:
        return [value + len(self.sums) for value in outputs.values()]


@pytest.mark.long
def test_hooks_that_may_share_what_they_note_are_called_here(said: pytest.LogCaptureFixture) -> None:
    items = [(image, number % 4) for number, image in enumerate(images(60))]
    own = create_pipeline([], Noting({}, Items(items), TopOne()))
    with ThreadPoolExecutor(2) as executor:
        own.evaluate(network(), executor)
    assert len(own._engine.sums) == 60  # type: ignore[union-attr]
    assert f"{SENT}: hook postprocess_output may need what _process_batch noted" in said.text


class Unpicklable:
    """An annotation that can't travel."""

    def __reduce__(self) -> Any:
        raise TypeError("it stays here")


@pytest.mark.long
def test_annotations_that_cannot_travel_stay_here(said: pytest.LogCaptureFixture) -> None:
    class Annotated(Items):
        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index)[0], Unpicklable()

    class Counting(TopOne):
        def update(self, output: Any, target: Any) -> None:
            assert all(isinstance(own, Unpicklable) for own in target)
            super().update(output, [0 for _ in target])

    own = create_pipeline([], IEEngine({}, Annotated([(image, None) for image in images(20)]), Counting()))
    with ThreadPoolExecutor(2) as executor:
        assert own.evaluate(network(), executor) == own.evaluate(network())
    assert "what comes with a sample can't be pickled: TypeError: it stays here" in said.text


@pytest.mark.long
def test_a_loader_that_holds_very_much_is_not_pickled_to_the_end(
    said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "_LARGEST", 20_000)
    loader = labelled(images(60))
    assert made(loader, 2) == made(loader)
    assert said.text.count(f"{SENT}: the data loader is larger than 20 kB") == 1


def test_warnings_of_workers_are_said_here_once(
    monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "desk", SimpleNamespace(process=lambda: "another"))
    data = images(16)
    data[3][0, 0, 0, 0] = np.nan
    own = create_pipeline([], IEEngine({}, Items([(image, 0) for image in data]), TopOne()))
    with ThreadPoolExecutor(2) as executor:
        own.evaluate(network(), executor)
    (heard,) = [
        record for record in said.records if "NaN" in record.message and record.name == client.logger.name
    ]
    assert heard.message.startswith("sample 3: input")


def test_an_executor_that_was_shut_down_is_an_error() -> None:
    with ThreadPoolExecutor(1) as executor:
        pass
    with pytest.raises(EngineError, match="the executor raised RuntimeError: cannot schedule new futures"):
        pipeline(labelled(images(8))).run(network(), executor=executor)


def test_nothing_stays_in_this_process_behind_threads_of_it() -> None:
    with ThreadPoolExecutor(1) as executor:
        create_pipeline([], IEEngine({}, labelled(images(8)), TopOne())).evaluate(network(), executor)
    (left,) = desk._DESKS
    assert not left._compiled and not left._idle


@pytest.mark.long
def test_a_loader_that_reads_otherwise_elsewhere_is_not_believed(
    said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = labelled(images(60))
    expected = made(loader)
    own = recipes.Compare.answer

    def elsewhere(self: Any, where: Any) -> Any:
        found, same = own(self, where)
        return (dict.fromkeys(found, ("other", 1)), same) if where in desk._DESKS else (found, same)

    monkeypatch.setattr(recipes.Compare, "answer", elsewhere)
    assert made(loader, 2) == expected
    assert f"{SENT}: the data loader gives others there than here, or" in said.text


@pytest.mark.long
@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize(
    "case", ["hook", "two images", "batches", "batches of 8", "fixed batch", "together", "open sizes"]
)
def test_the_same_however_samples_are_fed(case: str, count: int) -> None:
    data, options = images(40), dict[str, Any]()
    loader: Items = labelled(data)
    if case == "hook":
        options["kind"] = Whole
    elif case == "two images":
        options["kind"] = Twice
    elif case.startswith("batches"):
        loader = Batches([(image, None) for image in data])
        loader.rows = 8 if case == "batches of 8" else 3
        x = parameter(ov.PartialShape([-1, 3, 8, 8]))
        options["source"] = model(conv(x, 4, "conv"), x)
    elif case == "fixed batch":
        x = parameter([3, 3, 8, 8])
        options["source"] = model(op.relu(conv(x, 4, "conv")), x)
    elif case == "together":
        options["stat_batch_size"] = 3
    else:
        sides = [8, 8, 9, 10]
        loader = labelled(image for side in sides for image in images(8, side, (1, 3, side, 8)))
        options["source"] = with_open_sizes()
    assert made(loader, count, **options) == made(loader, **options)


@pytest.mark.long
def test_what_is_not_finite_inside_is_left_out_alike() -> None:
    x = parameter([1, 3, 8, 8])
    source = model([conv(op.log(x), 4, "conv"), conv(x, 4, "other")], x)
    loader = labelled(images(40))
    assert made(loader, 3, source) == made(loader, 0, source)


@pytest.mark.long
def test_metrics_are_the_same_in_the_order_of_samples() -> None:
    class Seen(TopOne):
        def __init__(self) -> None:
            super().__init__()
            self.order: list[float] = []

        def update(self, output: Any, target: Any) -> None:
            self.order.append(float(np.sum(output[0])))
            super().update(output, target)

    items = [(image, number % 4) for number, image in enumerate(images(100))]
    found = []
    for count in (0, 1, 3):
        metric = Seen()
        own = create_pipeline([], IEEngine({}, Items(items), metric))
        if not count:
            values = own.evaluate(network())
        else:
            with ThreadPoolExecutor(count) as executor:
                values = own.evaluate(network(), executor=executor)
        found.append((values, metric.order))
    assert len(found[0][1]) == 100 and found[0] == found[1] == found[2]


def test_outputs_of_a_fixed_batch_come_to_their_samples() -> None:
    x = parameter([3, 3, 8, 8])
    source = model(op.reduce_mean(x, np.array([2, 3])), x)
    items = [(image, number % 3) for number, image in enumerate(images(20))]
    own = create_pipeline([], IEEngine({}, Items(items), TopOne()))
    with ThreadPoolExecutor(2) as executor:
        assert own.evaluate(source, executor) == own.evaluate(source)


def test_an_error_names_the_sample_and_has_the_users_as_its_cause() -> None:
    class Broken(Items):
        def __getitem__(self, index: int) -> Any:
            if index == 17:
                raise OSError("no such image")
            return super().__getitem__(index)

    data = [(image, None) for image in images(40)]
    with (
        ThreadPoolExecutor(2) as executor,
        pytest.raises(DataError, match=r"^sample 17: .*no such im") as found,
    ):
        pipeline(Broken(data)).run(network(), executor=executor)
    assert isinstance(found.value.__cause__, OSError)


def test_workers_of_other_versions_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    own = dict(desk.own_versions())
    monkeypatch.setattr(client, "own_versions", lambda: {**own, "openvino": "2025.1.0-1-other"})
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(
            EngineError,
            match=r"worker .*, process \d+ has openvino 20.*; expected the same as here: openvino 2025.1.0-1",
        ),
    ):
        pipeline(labelled(images(8))).run(network(), executor=executor)


def test_another_processor_is_told_of(
    monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "processor", lambda: "an abacus")
    monkeypatch.setattr(client, "desk", SimpleNamespace(process=lambda: "another"))
    with ThreadPoolExecutor(1) as executor:
        create_pipeline([], IEEngine({}, labelled(images(8)), TopOne())).evaluate(network(), executor)
    assert said.text.count("and this process on an abacus: figures may differ in their last bits") == 1


@pytest.mark.long
def test_contents_are_sent_once_to_each_worker_where_files_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    loader = labelled(images(80))
    expected = made(loader)
    monkeypatch.setattr(contents, "_is_there", lambda content: current_thread() is main_thread())
    sent = list[int]()
    own = contents.Depot.contents

    def counted(self: Any, digests: Any) -> Any:
        found = own(self, digests)
        sent.extend(map(len, found.values()))
        return found

    monkeypatch.setattr(contents.Depot, "contents", counted)
    desk.forget()
    assert made(loader, 1) == expected
    assert 0 < len(sent) <= 8


class Dying(Executor):
    """Breaks at its third task, as pools of processes do."""

    _max_workers = 2

    def __init__(self) -> None:
        self.inner, self.count = ThreadPoolExecutor(2), 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.count += 1
        if self.count > 3:
            raise BrokenProcessPool("a process in the pool was terminated")
        if self.count == 3:
            future: Future[Any] = Future()
            future.set_exception(BrokenProcessPool("a process in the pool was terminated"))
            return future
        return self.inner.submit(fn, *args, **kwargs)


@pytest.mark.process
@pytest.mark.long
def test_where_an_executor_cannot_go_on_others_take_its_place(said: pytest.LogCaptureFixture) -> None:
    loader = labelled(images(80))
    executor = Dying()
    found = pipeline(loader).run(load_model(network()), executor=executor)
    executor.inner.shutdown()
    assert stored(found) == made(loader)
    assert said.text.count("the Dying is of no use (BrokenProcessPool: a process in the pool") == 1


def test_what_is_no_executor_is_refused() -> None:
    with pytest.raises(EngineError, match=r"executor is a int, expected one as of concurrent\.futures"):
        pipeline(labelled(images(8))).run(network(), executor=2)  # type: ignore[arg-type]


def test_tasks_that_wait_are_given_up_when_one_fails() -> None:
    class Counting(ThreadPoolExecutor):
        def __init__(self) -> None:
            super().__init__(1)
            self.futures = list[Future[Any]]()

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self.futures.append(super().submit(fn, *args, **kwargs))
            return self.futures[-1]

    class Broken(Items):
        def __getitem__(self, index: int) -> Any:
            if index == 1:
                raise OSError("no such image")
            return super().__getitem__(index)

    with Counting() as executor:
        with pytest.raises(DataError, match=r"^sample 1: "):
            pipeline(Broken([(image, None) for image in images(40)])).run(network(), executor=executor)
        assert any(future.cancelled() for future in executor.futures)


@pytest.mark.long
def test_quantize_takes_an_executor() -> None:
    data = images(40)
    with ThreadPoolExecutor(2) as executor:
        found = quantize(network(), data, executor=executor)
    assert stored(load_model(found)) == stored(load_model(quantize(network(), data)))


@pytest.mark.long
def test_a_pass_over_several_images_a_sample_is_made_twice_only_once(
    said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[bool] = []
    own = spreading.Spread._merged

    def merged(self: Any, tasks: Any, samples: int, show: bool) -> Any:
        passes.append(show)
        return own(self, tasks, samples, show)

    monkeypatch.setattr(spreading.Spread, "_merged", merged)
    loader = labelled(images(40))
    assert made(loader, 2, kind=Twice, effort="thorough") == made(loader, kind=Twice, effort="thorough")
    assert passes.count(True) == 1 and len(passes) > 1  # workers read the samples of the first alone
    assert said.text.count(f"{SENT}: they are several inferences each") == 1


@pytest.mark.long
def test_networks_with_recurrent_layers_run_here(said: pytest.LogCaptureFixture) -> None:
    x = parameter([1, 6, 8])
    state = op.constant(np.zeros((1, 1, 8), np.float32))
    gates = [op.constant(weights((1, 32, 8), seed)) for seed in (1, 2)]
    lengths, shift = op.constant(np.array([6])), op.constant(np.zeros((1, 32), np.float32))
    sequence = op.lstm_sequence(x, state, state, lengths, *gates, shift, 8, "forward")
    source = model(op.reduce_mean(sequence.output(0), np.array([1, 2]), False), x)
    loader = labelled(images(40, shape=(1, 6, 8)))
    assert made(loader, 2, source) == made(loader, 0, source)
    assert "tasks went to" not in said.text


@pytest.mark.long
def test_cascades_and_other_engines_run_here_and_it_is_said(said: pytest.LogCaptureFixture) -> None:
    class Own(IEEngine):
        def _predict(self, *arguments: Any, **named: Any) -> Any:
            return super()._predict(*arguments, **named)

    loader = labelled(images(20))
    assert made(loader, 2, kind=Own) == made(loader, kind=Own)
