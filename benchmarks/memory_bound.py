"""Peak memory and fidelity of quantizing, without a bound and with ``max_memory`` at 60 % of what that took.

Each run is a process of its own. Memory is what Linux calls RssAnon and RssShmem, beyond what the process had before
the run: OpenVINO, the float model, which is mapped, and the samples, all in memory. It is read from outside, every two
milliseconds. Both models are held against the float one on samples that neither saw; those of networks with random
weights are random. Prints a JSON line for each network; ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from entries import Entry, Feed, Network, openvino_infer
from large import Large
from speed import networks
from tables import Column, Record, table
from workflow import FIDELITY_SAMPLES, PARAMETERS, command_line, parsed, printed, published

from openvino.tools.pot import (
    DefaultQuantization,
    IEEngine,
    Pipeline,
    compress_model_weights,
    load_model,
    save_model,
)
from openvino.tools.pot.utils.errors import ConfigError
from openvino.tools.pot.utils.memory import keep_little

SHARE = 0.6
NAMES = ("resnet50", "mobilenet_v2", "detect_yolo_fastestv2", "ocr_det_ppocrv4", "text_minilm_stsb")
_READY, _EACH, _JUDGED = "ready", 0.002, 60
_OWN = ("RssAnon:", "RssShmem:")

COLUMNS: Sequence[Column] = (
    ("network", lambda r: r["name"]),
    ("without, MB", lambda r: f"{r['without']['own_mb']:.0f}"),
    ("max_memory, MB", lambda r: f"{r['most_mb']:.0f}"),
    ("with, MB", lambda r: f"{r['with']['own_mb']:.0f}" if "own_mb" in r["with"] else "refused"),
    ("dB without", lambda r: f"{r['without']['fidelity']:.2f}"),
    ("dB with", lambda r: f"{r['with']['fidelity']:.2f}" if "own_mb" in r["with"] else ""),
    ("s without", lambda r: f"{r['without']['seconds']:.0f}"),
    ("s with", lambda r: f"{r['with']['seconds']:.0f}" if "own_mb" in r["with"] else ""),
    ("what was done", lambda r: r["with"]["said"]),
)


class Samples:
    """Samples that are in memory."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = feeds

    def __len__(self) -> int:
        return len(self._feeds)

    def __getitem__(self, index: int) -> tuple[Feed, None]:
        return self._feeds[index], None


class Said(logging.Handler):
    """What the log says of the bound; the first sentence of it counts."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        message = record.getMessage()
        if "would be taken: " in message:
            self.text = message.partition("would be taken: ")[2]


def alone(network: Network, feeds: Sequence[Feed], most: int | None, folder: Path) -> Record:
    """Quantize, in a process of its own, when the parent has said so."""
    keep_little()
    said, logger = Said(), logging.getLogger("openvino.tools.pot")
    logger.addHandler(said)
    logger.setLevel(logging.INFO)
    bound = {} if most is None else {"max_memory": most}
    params = {
        "target_device": "CPU",
        "stat_subset_size": len(feeds),
        **PARAMETERS.get(network.name, {}),
        **bound,
    }
    model = load_model({"model_name": network.name, "model": network.model})
    pipeline = Pipeline(IEEngine({"device": "CPU"}, Samples(feeds)))
    pipeline.add_algo(DefaultQuantization(params))
    print(_READY, flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    try:
        result = pipeline.run(model)
    except ConfigError as error:
        return {"said": str(error).partition("expected ")[2].partition(": as it is")[0]}
    seconds = time.perf_counter() - began
    print(_READY, flush=True)
    compress_model_weights(result)
    save_model(result, folder, network.name)
    return {"seconds": seconds, "said": said.text}


def own_bytes(process: int) -> int:
    """Memory of a process that no file holds."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN))


def watched(options: argparse.Namespace, network: Network, most: int | None, folder: Path) -> Record:
    """Quantize in a fresh process; its peak, and what came of it."""
    command = [
        sys.executable,
        __file__,
        network.name,
        "--zoo",
        str(options.zoo),
        "--cache",
        str(options.cache),
    ]
    command += ["--samples", str(options.samples), "--alone", str(folder), "--most", str(most or 0)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline().strip() == _READY
        before = peak = own_bytes(child.pid)
        child.stdin.write("\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as waiting:
            waiting.register(child.stdout, selectors.EVENT_READ)
            while not waiting.select(_EACH):
                peak = max(peak, own_bytes(child.pid))
        record: Record = json.loads(child.stdout.read().replace(_READY, ""))
    return {**record, "own_mb": (peak - before) / 1e6} if "seconds" in record else record


def fidelity(network: Network, model: Path) -> float:
    """How close outputs are to those of the float model, in dB."""
    if isinstance(network, Entry):
        return network.fidelity(openvino_infer(model), FIDELITY_SAMPLES)
    assert isinstance(network, Large)
    random = np.random.default_rng(1)
    feeds = [network.sample(random) for _ in range(_JUDGED)]
    exact, found = (
        np.array([infer(feed)[0] for feed in feeds], np.float64)
        for infer in (openvino_infer(network.model), openvino_infer(model))
    )
    signal, noise = np.square(exact - exact.mean(axis=0)).sum(), np.square(exact - found).sum()
    return float(10 * np.log10(signal / noise))


def record(options: argparse.Namespace, network: Network) -> Record:
    """Both runs."""
    found: Record = {"name": network.name}
    most = None
    for kind in ("without", "with"):
        with TemporaryDirectory() as folder:
            run = watched(options, network, most, Path(folder))
            if "own_mb" in run:
                run["fidelity"] = fidelity(network, Path(folder, f"{network.name}.xml"))
        found[kind] = run
        most = most or int(SHARE * 1e6 * run["own_mb"])
    return {**found, "most_mb": most / 1e6}


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--most", type=int, help=argparse.SUPPRESS)
    options = parsed(parser)
    if options.alone:
        for network, feeds in networks(options):
            print(json.dumps(alone(network, feeds, options.most or None, options.alone)))
        return 0
    options.names = options.names or list(NAMES)
    records = list(printed(record(options, network) for network, _ in networks(options)))
    published(table(records, COLUMNS, left=1), "memory bound", options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
