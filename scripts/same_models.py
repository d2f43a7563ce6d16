"""Whether the models that are made are the same as before, to the byte: the proof of a refactoring.

    python scripts/same_models.py --zoo FOLDER                      # before: keeps hashes in .same_models.json
    python scripts/same_models.py --zoo FOLDER --against            # after: names what differs
    python scripts/same_models.py engine gna                        # some of them only, by how their names begin

Entries of a zoo, the networks of benchmarks/large.py on few samples, GNA's, random graphs, a cascade, a recurrent
network, time steps, an engine that overrides, accuracy control with a fixed budget, and configurations of the command
line. Of each result three hashes are kept: its graph, its weights, and its records (``rt_info``), which may grow by
intention. Hashes hold for one machine and version of OpenVINO. The exit code is 1 if any differs or is gone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests/gna")]

from entries import entries  # noqa: E402 - the line above finds it
from gna_networks import NETWORKS, feeds  # noqa: E402
from large import large  # noqa: E402
from random_graphs import random_graph  # noqa: E402

from openvino.tools.pot import IEEngine, create_pipeline, load_model, quantize, save_model  # noqa: E402
from openvino.tools.pot.algorithms.accuracy import accuracy_aware  # noqa: E402
from openvino.tools.pot.cli.main import main as pot  # noqa: E402

KEPT = Path(".same_models.json")
_GIVEN_NAME = re.compile(rb"\b([A-Z][A-Za-z]+_)(\d+)\b")
_RECORDS = re.compile(rb"<rt_info>.*</rt_info>\s*(?=</net>)", re.DOTALL)
_SEEDS, _ZOO_SAMPLES, _LARGE_SAMPLES = range(60), 100, 3
_PRESETS: tuple[dict[str, Any], ...] = ({}, {"preset": "mixed"}, {"preset": "performance"})

Feed = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """Something that is quantized.

    Attributes:
        name: what it is called; its kind first.
        make: writes models into a folder, at any depth.
    """

    name: str
    make: Callable[[Path], object]


class Feeds:
    """Samples with a label each, as POT's loaders give them."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> tuple[tuple[int, int], Any]:
        return (index, index % 3), self._items[index]


class Agreement:
    """A metric for labels that are made up: the share of outputs whose largest value has the place of the label."""

    higher_better = True

    def __init__(self) -> None:
        self._found: list[float] = []

    @property
    def value(self) -> dict[str, list[float]]:
        """Of the last sample."""
        return {"agreement": [self._found[-1]]}

    @property
    def avg_value(self) -> dict[str, float]:
        """Of all samples since the last reset."""
        return {"agreement": float(np.mean(self._found))}

    def update(self, output: Sequence[Any], target: Sequence[int]) -> None:
        """Take a sample."""
        self._found.append(float(np.argmax(output[0]) % 3 == target[0]))

    def reset(self) -> None:
        """Forget all samples."""
        self._found = []

    def get_attributes(self) -> dict[str, dict[str, str]]:
        """As POT asks for them."""
        return {"agreement": {"direction": "higher-better", "type": "accuracy"}}


class OneAfterTheOther(IEEngine):
    """Feeds the second model of a cascade what the first one gives."""

    def set_model(self, model: Any) -> None:
        """As POT's sample of a cascade."""
        self._model: Any = self._set_model(model)

    def _predict(self, stats_layout: Any, sampler: Any, *args: Any, **kwargs: Any) -> None:
        for batch in sampler:
            for (_, label), image in batch:
                middle = self._run(0, image)
                found = self._run(1, np.maximum(middle, 0))
                self._update_metrics(output=[found], annotations=[(0, label)])

    def _run(self, number: int, value: Any) -> Any:
        network = self._model[number]["model"]
        compiled = self._ie.compile_model(model=network, device_name="CPU")
        return next(iter(compiled.create_infer_request().infer({0: value}).values()))


def cases(chosen: Sequence[str], zoo: Path | None, folder: Path) -> list[Case]:
    """Those whose names begin as is asked for; float models are made first, so that names in them are the same."""
    kinds: dict[str, Callable[[], Iterator[Case]]] = {
        "zoo": lambda: _of_zoo(zoo),
        "large": lambda: _of_large(folder),
        "gna": lambda: _of_gna(folder),
        "random": lambda: _of_random(folder),
        "engine": lambda: _of_engines(folder),
        "command": lambda: _of_command_line(folder),
    }
    wanted = [make for kind, make in kinds.items() if not chosen or any(map(kind.startswith, _kinds(chosen)))]
    return [case for make in wanted for case in make() if _is_chosen(case.name, chosen)]


def _kinds(chosen: Sequence[str]) -> list[str]:
    return [beginning.split(" ")[0] for beginning in chosen]


def _is_chosen(name: str, chosen: Sequence[str]) -> bool:
    return not chosen or any(map(name.startswith, chosen))


def _of_zoo(zoo: Path | None) -> Iterator[Case]:
    for entry in entries(zoo) if zoo else ():
        samples = [entry.calibration[i] for i in range(min(_ZOO_SAMPLES, len(entry.calibration)))]
        for options in _PRESETS:
            yield _quantized(f"zoo {entry.name}", entry.model, samples, options)


def _of_large(folder: Path) -> Iterator[Case]:
    for network in large(folder):
        yield _quantized(f"large {network.name}", network.model, network.samples(_LARGE_SAMPLES), {})


def _of_gna(folder: Path) -> Iterator[Case]:
    for name, build in NETWORKS.items():
        if name == "stateful":  # its samples are steps, see below
            continue
        model = build()
        samples, path = feeds(model), _saved(model, folder, f"gna_{name}")
        for device in ("GNA", "GNA3"):
            for options in _PRESETS:
                yield _quantized(f"gna {name}", path, samples, {"target_device": device, **options})


def _of_random(folder: Path) -> Iterator[Case]:
    graphs = [random_graph(seed) for seed in _SEEDS]
    for seed, graph in zip(_SEEDS, graphs, strict=True):
        samples = [dict(enumerate(sample)) for sample in graph.samples]
        names = [port.any_name for port in graph.model.inputs]
        named = [{names[place]: value for place, value in sample.items()} for sample in samples]
        path = _saved(graph.model, folder, f"random_{seed}")
        yield _quantized(f"random {seed}", path, named, _PRESETS[seed % len(_PRESETS)])


def _of_engines(folder: Path) -> Iterator[Case]:
    random = np.random.default_rng(0)
    images = [random.standard_normal((1, 3, 16, 16)).astype(np.float32) for _ in range(12)]
    first, second = (_convolutions(folder, name, channels) for name, channels in (("a", 3), ("b", 8)))
    entries = [{"name": path.stem, "model": str(path)} for path in (first, second)]

    def cascade(target: Path) -> None:
        model = load_model({"model_name": "both", "cascade": entries})
        _piped(
            model,
            OneAfterTheOther({"device": "CPU"}, Feeds(images), Agreement()),
            "DefaultQuantization",
            target,
        )

    def single(engine: type[IEEngine], name: str, **params: Any) -> Callable[[Path], None]:
        def make(target: Path) -> None:
            model = load_model({"model_name": "a", "model": str(first)})
            _piped(model, engine({"device": "CPU"}, Feeds(images), Agreement()), name, target, **params)

        return make

    yield Case("engine cascade", cascade)
    yield Case("engine plain", single(IEEngine, "DefaultQuantization"))
    yield Case("engine batches", single(IEEngine, "DefaultQuantization", stat_batch_size=4))
    yield Case("engine minmax", single(IEEngine, "MinMaxQuantization", preset="mixed"))
    budget = {"maximal_drop": 0.0, "max_iter_num": 4, "ranking_subset_size": 6}
    yield Case("engine accuracy", single(IEEngine, "AccuracyAwareQuantization", **budget))
    yield _quantized("engine recurrent", _recurrent(folder), _sequences(random), {})
    yield _quantized("engine steps", _stateful(folder), _sequences(random), {})


def _of_command_line(folder: Path) -> Iterator[Case]:
    model = _convolutions(folder, "command", 3)
    for name, algorithms in {
        "default": [{"name": "DefaultQuantization", "params": {"preset": "mixed", "stat_subset_size": 8}}],
        "two": [
            {"name": "MinMaxQuantization", "params": {"preset": "performance", "stat_subset_size": 8}},
            {"name": "FastBiasCorrection", "params": {"stat_subset_size": 8}},
        ],
        "gna": [{"name": "DefaultQuantization", "params": {"target_device": "GNA", "stat_subset_size": 8}}],
    }.items():
        yield Case(f"command {name}", _commanded(model, algorithms, folder / f"images_{name}"))


def _commanded(model: Path, algorithms: Sequence[Any], images: Path) -> Callable[[Path], None]:
    def make(target: Path) -> None:
        images.mkdir()
        random = np.random.default_rng(0)
        for number in range(8):
            np.save(images / f"{number}.npy", random.standard_normal((3, 16, 16)).astype(np.float32))
        config = {
            "model": {"model_name": "command", "model": str(model)},
            "engine": {"type": "simplified", "data_source": str(images / "*.npy")},
            "compression": {"algorithms": algorithms},
        }
        written = target / "config.json"
        written.write_text(json.dumps(config), encoding="utf-8")
        code = pot(["-c", str(written), "-d", "--output-dir", str(target), "--log-level", "ERROR"])
        if code not in (0, 3):
            raise RuntimeError(f"pot ended with {code}")

    return make


def _quantized(name: str, model: Path, samples: Sequence[Feed], options: Mapping[str, Any]) -> Case:
    said = " ".join([name, *map(str, options.values())])

    def make(target: Path) -> None:
        ov.save_model(quantize(model, samples, **options), target / "model.xml", compress_to_fp16=False)

    return Case(said, make)


def _piped(model: Any, engine: IEEngine, name: str, target: Path, **params: Any) -> None:
    params = {"stat_subset_size": 12, **params}
    pipeline = create_pipeline([{"name": name, "params": params}], engine)
    save_model(pipeline.run(model), str(target))


def _saved(model: ov.Model, folder: Path, name: str) -> Path:
    path = folder / f"{name}.xml"
    ov.save_model(model, path, compress_to_fp16=False)
    return path


def _weights(*shape: int) -> ov.Node:
    values = np.random.default_rng(sum(shape)).standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
    return op.constant(values.astype(np.float32))


def _convolutions(folder: Path, name: str, channels: int) -> Path:
    """Of images or of what the first one gives, with a mean at the end."""
    x = op.parameter([1, channels, 16, 16], np.float32, name="x")
    value: Any = x
    for number, (inputs, outputs) in enumerate(((channels, 16), (16, 16), (16, 8))):
        value = op.convolution(value, _weights(outputs, inputs, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1])
        value = op.relu(op.add(value, _weights(1, outputs, 1, 1))) if number < 2 else value
    value.output(0).set_names({"y"})
    return _saved(ov.Model([op.result(value)], [x], name), folder, name)


def _recurrent(folder: Path) -> Path:
    x = op.parameter([1, 12, 16], np.float32, name="x")
    state = op.constant(np.zeros((1, 1, 24), np.float32))
    sizes = op.constant(np.array([12]))
    weights = [_weights(1, 96, 16), _weights(1, 96, 24), op.constant(np.zeros((1, 96), np.float32))]
    cell = op.lstm_sequence(x, state, state, sizes, *weights, 24, "FORWARD")
    flat = op.reshape(cell.output(0), op.constant(np.array([12, 24])), False)
    return _saved(
        ov.Model([op.result(op.matmul(flat, _weights(24, 8), False, False))], [x], "lstm"), folder, "lstm"
    )


def _stateful(folder: Path) -> Path:
    x = op.parameter([1, 12, 16], np.float32, name="x")
    before = op.read_value(
        op.constant(np.zeros((1, 12, 16), np.float32)), "memory", ov.Type.f32, ov.PartialShape([1, 12, 16])
    )
    after = op.add(op.multiply(before, op.constant(np.float32(0.5))), x)
    end = op.matmul(op.tanh(op.matmul(after, _weights(16, 32), False, False)), _weights(32, 8), False, False)
    model = ov.Model([op.result(end)], [op.assign(after, "memory")], [x], "memory")
    return _saved(model, folder, "memory")


def _sequences(random: np.random.Generator) -> list[Feed]:
    return [{"x": random.standard_normal((1, 12, 16)).astype(np.float32)} for _ in range(12)]


def hashes(folder: Path) -> dict[str, dict[str, str]]:
    """Of all models in a folder, by their paths without what differs from run to run."""
    found = {}
    for xml in sorted(folder.rglob("*.xml")):
        text = _renumbered(xml.read_bytes())
        records = b"".join(_RECORDS.findall(text))
        found[xml.stem] = {
            "graph": _hash(_RECORDS.sub(b"", text)),
            "weights": _hash(xml.with_suffix(".bin").read_bytes()),
            "records": _hash(records),
        }
    return found


def _renumbered(text: bytes) -> bytes:
    """A graph with the names that OpenVINO gave, which count all nodes of a process, counted from its own first one."""
    numbers: dict[bytes, bytes] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return found[1] + numbers.setdefault(found[2], b"%d" % len(numbers))

    return _GIVEN_NAME.sub(number, text)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def made(chosen: Sequence[str], zoo: Path | None) -> dict[str, dict[str, dict[str, str]]]:
    """Name of a case -> name of a model -> hashes."""
    found = {}
    with tempfile.TemporaryDirectory() as below:
        folder = Path(below)
        for number, case in enumerate(cases(chosen, zoo, folder)):
            target = folder / f"made_{number}"
            target.mkdir()
            try:
                case.make(target)
                found[case.name] = hashes(target)
            except Exception as error:
                found[case.name] = {
                    "failed": {"graph": f"{type(error).__name__}: {error}".replace(below, "")}
                }
            print(f"{case.name}: {', '.join(found[case.name])}", flush=True)
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any], chosen: Sequence[str]) -> list[str]:
    """What differs, a line for each model."""
    lines = []
    for name in dict.fromkeys([*before, *after]):
        if not _is_chosen(name, chosen):
            continue
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            lines.append(f"{name}: {'new' if one is None else 'gone'}")
            continue
        for model in dict.fromkeys([*one, *other]):
            first, second = one.get(model, {}), other.get(model, {})
            parts = [part for part in dict.fromkeys([*first, *second]) if first.get(part) != second.get(part)]
            if parts:
                lines.append(f"{name}, {model}: {', '.join(parts)}")
    return lines


def _same_times(_model: ov.Model, *_: Any, **__: Any) -> dict[str, float]:
    """No layer is worth more than another: what is chosen must not hang on times."""
    return {}


def main() -> int:
    """Make all models; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="how names of cases begin; none: all")
    parser.add_argument(
        "--zoo", type=Path, help="a folder of real models; without one, its entries are left out"
    )
    parser.add_argument("--kept", type=Path, default=KEPT, help="where hashes are kept")
    parser.add_argument("--against", action="store_true", help="compare with what is kept, and keep nothing")
    options = parser.parse_args()
    logging.getLogger("openvino.tools.pot").setLevel(logging.CRITICAL)
    accuracy_aware.layer_seconds = _same_times
    after = made(options.names, options.zoo)
    known = json.loads(options.kept.read_text(encoding="utf-8")) if options.kept.exists() else {}
    if not options.against:
        others = known if options.names else {}
        options.kept.write_text(json.dumps({**others, **after}, indent=1), encoding="utf-8")
        return 0
    lines = differences(known, after, options.names)
    print("\n".join([*lines, f"{len(after)} cases, {len(lines)} models differ"]))
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
