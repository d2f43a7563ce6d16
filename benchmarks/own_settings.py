"""Requests as users run them, with the device's own settings, and what ``max_slowdown`` buys with their time.

On processors with AMX or AVX-512 BF16 the device computes what stays in float in bf16 by itself, so that INT8 is held
against a float model that is faster than in float32. Models take turns of some requests. Prints a JSON line for each
network and a Markdown table; --write puts it into docs/benchmarks.md, apart for processors with AMX and without.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openvino as ov
from entries import Entry, openvino_infer
from tables import Column, table
from variants import configured
from workflow import FIDELITY_SAMPLES, calibration, command_line, parsed, printed, published, quantize, wanted

from openvino.tools.pot.engines.profiling import seconds_in_turns
from openvino.tools.pot.report.measure import heavy_layers, weights_size
from openvino.tools.pot.utils.runtime import FLOAT32

FEEDS = 8


def measured(entry: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one network."""
    feeds = calibration(entry, options.samples)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        full = quantize(entry, feeds, Path(folder, "full"), configured(), options.samples)
        between = time.perf_counter()
        bought = quantize(
            entry, feeds, Path(folder, "bought"), configured(max_slowdown=options.most), options.samples
        )
        ended = time.perf_counter()
        core = ov.Core()
        compiled = [core.compile_model(path, "CPU") for path in (entry.model, full, bought)]
        compiled.append(core.compile_model(entry.model, "CPU", FLOAT32))
        own, int8, paid, plain = seconds_in_turns(compiled, feeds[:FEEDS], options.seconds)
        count = min(FIDELITY_SAMPLES, options.limit or FIDELITY_SAMPLES)
        layers = [sum(layer.is_int8 for layer in heavy_layers(each)) for each in compiled[1:3]]
        return {
            "name": entry.name,
            "precision": compiled[0].get_property("INFERENCE_PRECISION_HINT").get_type_name(),
            "float_ms": 1000 * own,
            "int8": int8 / own,
            "int8_of_float32": int8 / plain,
            "fidelity": [entry.fidelity(openvino_infer(path), count) for path in (full, bought)],
            "left": layers[0] - layers[1],
            "paid": paid / int8,
            "bytes": weights_size(bought) / weights_size(full),
            "seconds": [between - began, ended - between],
        }


def columns(most: float) -> Sequence[Column]:
    """Requests, then what is bought."""
    return (
        ("network", lambda r: r["name"]),
        ("float, ms", lambda r: f"{r['float_ms']:.2f} ({r['precision']})"),
        ("INT8, of that", lambda r: f"{r['int8']:.2f}"),
        ("INT8, of float32", lambda r: f"{r['int8_of_float32']:.2f}"),
        ("INT8, dB", lambda r: f"{r['fidelity'][0]:.2f}"),
        (f"max_slowdown {most:g}, dB", lambda r: f"{r['fidelity'][1]:.2f}"),
        ("fewer layers in INT8", lambda r: str(r["left"])),
        ("request", lambda r: f"{r['paid']:.2f}"),
        ("bytes", lambda r: f"{r['bytes']:.2f}"),
        ("quantizing, s", lambda r: f"{r['seconds'][0]:.1f}"),
        ("with the search, s", lambda r: f"{r['seconds'][1]:.1f}"),
    )


def _has_amx() -> bool:
    """Whether the processor says that it multiplies tiles; of one that says nothing, no."""
    flags = Path("/proc/cpuinfo")
    return flags.exists() and "amx_int8" in flags.read_text()


def main() -> int:
    """Run; returns the exit code."""
    parser = command_line(__doc__)
    parser.add_argument("--most", type=float, default=0.02, help="of max_slowdown (default: 0.02)")
    parser.add_argument("--seconds", type=float, default=8.0, help="of timing for each network (default: 8)")
    options = parsed(parser)
    records = list(printed(measured(entry, options) for entry in wanted(options)))
    marker = "own settings, AMX" if _has_amx() else "own settings"
    published(table(records, columns(options.most)), marker, options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
