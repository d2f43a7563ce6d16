"""``compress_weights`` beside NNCF's: what is kept of a model, how large it gets, how long it takes, how fast it runs.

    python benchmarks/weights.py --zoo FOLDER --peer-python .venv-peer/bin/python

On the sentence encoder of a zoo and on the language model of ``language_model.py``, in each mode, with groups of 64
where there are groups, without and with data; without data also on a large language model, whose weights are random,
for its speed. Of NNCF's ways to the same mode the one with the highest fidelity counts. Fidelity and metric are those
in float32 and without dynamic quantization of activations, so that they tell what became of the weights. Speed is that
of a request, or of a token, over the float model's in the same settings. Prints a JSON line for each mode, and a
Markdown table at the end.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, permutations
from pathlib import Path
from statistics import median
from typing import Any

import openvino as ov
from entries import Entry, Feed, Infer, chosen, entries
from language_model import INPUT, LanguageEntry, large
from peer_models import PeerWeights
from tables import NETWORK, Column, Record, table
from workflow import calibration, parsed, printed, published, timing_command_line

from openvino.tools.pot import compress_weights

ENCODER, LANGUAGE, LARGE = "text_minilm_stsb", "language_model", "language_model_large"
GROUP = 64
SAMPLES = 128
"""Of calibration, which is also NNCF's own number."""
FIDELITY_SAMPLES = 300
PROMPT = 32
"""Tokens that a language model is given at once, before those that are timed."""

AS_IT_IS = {"PERFORMANCE_HINT": "LATENCY"}
FLOAT = {**AS_IT_IS, "INFERENCE_PRECISION_HINT": "f32"}
EXACT = {**FLOAT, "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"float32": EXACT, "device's own": AS_IT_IS}
"""How speed is measured: so that activations stay in float32, and as the device chooses."""

WAYS: Mapping[bool, Mapping[str, tuple[str, ...]]] = {
    False: {"plain": (), "AWQ": ("awq",)},
    True: {
        "AWQ, scale estimation": ("awq", "scale_estimation"),
        "AWQ, scale estimation, GPTQ": ("awq", "scale_estimation", "gptq"),
    },
}
"""NNCF's ways to a model in 4 bits, without and with data: how tables call them -> its algorithms."""


@dataclass(frozen=True)
class Case:
    """A mode, and whether there is data."""

    mode: str
    data: bool = False

    @property
    def name(self) -> str:
        """What the command line and tables call it."""
        return self.mode + "-data" * self.data

    @property
    def group(self) -> int | None:
        """How many weights share a scale, None where rows are whole."""
        return GROUP if self.mode.startswith("int4") else None

    @property
    def ways(self) -> Mapping[str, tuple[str, ...]]:
        """NNCF's ways to it; its modes of 8 bits have one."""
        return WAYS[self.data] if self.group else {"plain": ()}


CASES = (
    Case("int8_sym"),
    Case("int8_asym"),
    *(Case(mode, data) for mode in ("int4_sym", "int4_asym") for data in (False, True)),
)


def ours(entry: Entry, case: Case, feeds: Sequence[Feed], folder: Path) -> tuple[Path, dict[str, Any]]:
    """Our model, saved, and what it took in seconds of the clock and of all processors."""
    more: dict[str, Any] = {"data": feeds} if case.data else {}
    if case.group is not None:
        more["group_size"] = case.group
    clock, work = time.perf_counter(), time.process_time()
    compressed = compress_weights(entry.model, case.mode, **more)
    spent = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - work}
    path = folder / f"{case.name}.xml"
    ov.save_model(compressed, path, compress_to_fp16=False)
    return path, {name: round(each, 3) for name, each in spent.items()}


def infer_of(model: Path) -> Infer:
    """A function from a feed to the model's outputs, each from an empty state, without rounding but of weights."""
    request = ov.Core().compile_model(model, "CPU", EXACT).create_infer_request()

    def infer(feed: Feed) -> list[Any]:
        request.reset_state()
        request.infer(feed)
        return [tensor.data.copy() for tensor in request.output_tensors]

    return infer


def figures(entry: Entry, model: Path, limit: int | None) -> dict[str, Any]:
    """What a compressed model keeps, its size, and how many of the device's products have weights in few bits."""
    infer = infer_of(model)
    packed, all_of_them = products(model)
    return {
        "metric": round(entry.evaluate(infer, limit), 4),
        "fidelity": round(entry.fidelity(infer, min(FIDELITY_SAMPLES, limit or FIDELITY_SAMPLES)), 2),
        "bytes": model.with_suffix(".bin").stat().st_size,
        "packed": packed,
        "products": all_of_them,
    }


def products(model: Path) -> tuple[int, int]:
    """How many products with weights there are in the runtime model, and in how many of them these are packed."""
    nodes = ov.Core().compile_model(model, "CPU", AS_IT_IS).get_runtime_model().get_ops()
    facts = [node.get_rt_info() for node in nodes]
    types = [
        each["runtimePrecision"].astype(str)
        for each in facts
        if each["layerType"].astype(str) == "FullyConnected"
    ]
    return sum(each in ("i4", "u4", "i8", "u8") for each in types), len(types)


def steps(feeds: Sequence[Feed]) -> tuple[Feed | None, Sequence[Feed]]:
    """What is given before anything is timed, and what then is: of a language model a prompt, and token by token."""
    if len(feeds[0]) > 1 or INPUT not in feeds[0]:
        return None, feeds
    tokens = feeds[0][INPUT]
    places = range(PROMPT, tokens.shape[1])
    return {INPUT: tokens[:, :PROMPT]}, [{INPUT: tokens[:, place : place + 1]} for place in places]


def timed(request: ov.InferRequest, feed: Feed) -> float:
    """The seconds of a request."""
    started = time.perf_counter()
    request.infer(feed)
    return time.perf_counter() - started


def speeds(models: Mapping[str, Path], feeds: Sequence[Feed], rounds: int) -> dict[str, dict[str, float]]:
    """How many times as fast as the first model each one is, by setting, and that one's milliseconds.

    The models take turns at each request, so that whatever else the machine does meets all of them alike: the figure is
    the median of the ratios of such pairs, of all rounds but the first.
    """
    first, found = next(iter(models)), {}
    prompt, timed_ones = steps(feeds)
    for name, setting in SETTINGS.items():
        compiled = [ov.Core().compile_model(path, "CPU", dict(setting)) for path in models.values()]
        requests = dict(zip(models, [each.create_infer_request() for each in compiled], strict=True))
        times: list[dict[str, float]] = []
        for turn in range(rounds + 1):
            for request in requests.values():
                request.reset_state()
                request.infer(prompt if prompt is not None else timed_ones[0])
            orders = cycle(permutations(requests))  # as what ran before leaves its data in the caches
            ones = [
                {each: timed(requests[each], feed) for each in order}
                for order, feed in zip(orders, timed_ones, strict=False)
            ]
            times += ones if turn else []
        pairs = {each: median(one[first] / one[each] for one in times) for each in models}
        found[name] = {each: round(pair, 3) for each, pair in pairs.items()}
        found[name]["float_ms"] = round(1e3 * median(one[first] for one in times), 4)
    return found


def best(
    entry: Entry, case: Case, feeds: Sequence[Feed], peers: PeerWeights, limit: int | None
) -> tuple[Path, Record] | None:
    """NNCF's model with the highest fidelity, and its figures; None without one."""
    found = []
    for way, algorithms in case.ways.items():
        path = peers.find(entry, case.mode, case.group, algorithms, feeds if case.data else None)
        if path is not None:
            found.append((path, {"way": way, **peers.facts(path), **figures(entry, path, limit)}))
    return max(found, key=lambda each: float(each[1]["fidelity"]), default=None)


def records(
    entry: Entry, peers: PeerWeights, rounds: int, limit: int | None, cases: Sequence[Case] = CASES
) -> Iterator[Record]:
    """The figures of each case."""
    feeds = calibration(entry, SAMPLES)
    exact = round(entry.evaluate(infer_of(entry.model), limit), 4)
    for case in cases:
        if case.data and entry.name == LARGE:
            continue  # random weights have no use for data
        with tempfile.TemporaryDirectory() as folder:
            path, spent = ours(entry, case, feeds, Path(folder))
            models = {"float": entry.model, "ours": path}
            tools = {"ours": {**spent, **figures(entry, path, limit)}}
            peer = best(entry, case, feeds, peers, limit)
            if peer is not None:
                models["nncf"], tools["nncf"] = peer[0], dict(peer[1])
            fast = speeds(models, feeds[:20], rounds)
        yield {
            "name": entry.name,
            "metric": entry.metric,
            "case": case.name,
            "float": exact,
            "float_bytes": entry.model.with_suffix(".bin").stat().st_size,
            **tools,
            "speed": fast,
        }


def _of(tool: str, title: str, cell: Any) -> Column:
    name = f"NNCF: {title}" if tool == "nncf" else title
    return name, lambda r: cell(r[tool]) if tool in r else ""


def _times(tool: str, setting: str) -> Column:
    title = f"speed-up, {setting}"
    return _of(tool, title, lambda r: r)[
        0
    ], lambda r: f"{r['speed'][setting][tool]:.2f}" if tool in r["speed"][setting] else ""


def columns(found: Sequence[Record]) -> list[Column]:
    """Those of the tables, with NNCF's where a record has them."""
    tools = ("ours", "nncf") if any("nncf" in each for each in found) else ("ours",)
    share: list[Column] = [
        (
            "bytes, ours / NNCF",
            lambda r: f"{r['ours']['bytes'] / r['nncf']['bytes']:.4f}" if "nncf" in r else "",
        ),
    ]
    return [
        NETWORK[0],
        ("weights", lambda r: r["case"]),
        *(_of(tool, "fidelity, dB", lambda f: f"{f['fidelity']:.2f}") for tool in tools),
        ("metric, float", lambda r: f"{r['float']:.4f}"),
        *(_of(tool, "metric", lambda f: f"{f['metric']:.4f}") for tool in tools),
        *(
            _of(tool, "seconds of all processors", lambda f: f"{f.get('cpu_seconds', 0):.1f}")
            for tool in tools
        ),
        ("size", lambda r: f"{r['ours']['bytes'] / r['float_bytes']:.3f}"),
        *(share if len(tools) > 1 else ()),
        *(
            _of(tool, "products with packed weights", lambda f: f"{f['packed']} of {f['products']}")
            for tool in tools
        ),
        *(_times(tool, setting) for setting in SETTINGS for tool in tools),
        *([("NNCF's way", lambda r: r["nncf"]["way"] if "nncf" in r else "")] if len(tools) > 1 else ()),
    ]


def wanted(zoo: Path, cache: Path, names: Sequence[str]) -> Iterator[Entry]:
    """The entries that the command line asks for; without a zoo only the language models."""
    makers: dict[str, Callable[[], Entry]] = {}
    if (zoo / "zoo.py").exists():
        makers[ENCODER] = lambda: next(entries(zoo, [ENCODER]))
    makers |= {LANGUAGE: lambda: LanguageEntry(cache), LARGE: lambda: large(cache)}
    for name in chosen(list(makers), names):
        yield makers[name]()


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = timing_command_line(__doc__)
    parser.add_argument("--peer-python", type=Path, help="a Python with nncf, which makes the peer's models")
    parser.add_argument("--peer-models", type=Path, help="folder where the peer's models are kept")
    parser.add_argument("--cases", nargs="*", choices=[case.name for case in CASES], help="default: all")
    options = parsed(parser)
    if options.write and options.cases:
        parser.error("--write needs all cases")
    cases = [case for case in CASES if not options.cases or case.name in options.cases]
    with tempfile.TemporaryDirectory() as folder:
        peers = PeerWeights(options.peer_models or Path(folder), options.peer_python)
        found = [
            record
            for entry in wanted(options.zoo, options.cache, options.names)
            for record in printed(records(entry, peers, options.rounds, options.limit, cases))
        ]
    versions = sorted({each["nncf"].get("nncf", "") for each in found if "nncf" in each} - {""})
    peer = f"NNCF {', '.join(versions)}.\n\n" if versions else ""
    published(peer + table(found, columns(found)), "weights", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
