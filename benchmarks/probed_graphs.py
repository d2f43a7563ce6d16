"""Random small graphs made of forms that a device was seen to run in 8 bits, rightly: are they right together, too?

    python benchmarks/probed_graphs.py --count 300

A graph is one form with other random values, or, of forms over planes of sixteen channels, two to four one behind the
other. Each is held against the same graph written as plain arithmetic. Prints a line for each that is not right, and
the counts; the exit code is 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from openvino.tools.pot.hardware import seen
from openvino.tools.pot.hardware.probing.forms import Form, all_forms
from openvino.tools.pot.hardware.probing.measure import distance, outputs
from openvino.tools.pot.hardware.probing.network import Network
from openvino.tools.pot.hardware.probing.operations import OPERATIONS
from openvino.tools.pot.utils.runtime import FLOAT32, core

_PLANE = (1, 16, 10, 10)
_RIGHT = 0.02
"""Units of how much outputs vary: behind a second rounding, values in the middle between two levels fall either way."""


def good_forms() -> list[Form]:
    """Those that the tables call right and in 8 bits, in float32."""
    known = seen("CPU")
    rows = {} if known is None else known.by_form
    return [
        form
        for form in all_forms()
        if form.name in rows and rows[form.name].is_good and form.get("hint") == "f32"
    ]


def random_forms(seed: int, forms: Sequence[Form]) -> list[Form]:
    """One form, or a few that can stand one behind the other."""
    random = np.random.default_rng(seed)
    chained = [form for form in forms if _keeps_planes(form)]
    if random.random() < 0.4:
        return [forms[random.integers(len(forms))]]
    return [chained[random.integers(len(chained))] for _ in range(random.integers(2, 5))]


def _keeps_planes(form: Form) -> bool:
    """Whether it takes any plane of sixteen channels and gives one."""
    is_plane = OPERATIONS[form.operation].shape == _PLANE and form.get("sizes") == "static sizes"
    others = form.operation in ("GroupConvolution, two output channels a group", "ReduceMax")
    behind = form.get("behind") in ("Concat behind", "a product behind", "ReduceMean behind")
    return is_plane and not others and not behind


def error_of(seed: int, forms: Sequence[Form]) -> float:
    """What the device makes of a graph, less what it is defined to give."""
    models = []
    for is_exact in (True, False):
        network = Network(is_exact, seed)
        first = OPERATIONS[forms[0].operation]
        tensor = network.input(*first.shape, open_axes=first.open_axes(forms[0].get("sizes")))
        for form in forms:
            tensor = form.behind(network, tensor)
        models.append((network.model(tensor), network.feeds))
    expected, found = (outputs(core().compile_model(model, "CPU", FLOAT32), feeds) for model, feeds in models)
    return distance(found, expected)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the graphs; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args(argv)
    forms, wrong = good_forms(), 0
    for seed in range(options.count):
        chosen = random_forms(seed, forms)
        error = error_of(seed, chosen)
        if error > _RIGHT + sum(form.rounding for form in chosen):
            wrong += 1
            print(f"graph {seed}: an error of {error:.3g}: {'; then '.join(form.name for form in chosen)}")
    print(f"{options.count} graphs of {len(forms)} forms: {options.count - wrong} right, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
