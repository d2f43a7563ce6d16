"""What half precision leaves of a quantized model, where a device computes what stays in float in it."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.algorithms.checking.running import run_in_half
from openvino.tools.pot.algorithms.job import Job
from openvino.tools.pot.statistics.witness import Witness


def of_halves(job: Job, witness: Witness) -> Iterator[str]:
    """How far outputs follow in half precision with the factor that was found, and without it, in a sentence.

    Nothing is said where all tensors are known to fit.
    """
    count, factor = len(job.decisions.beyond_half), job.decisions.scale_factor
    if not count:
        return
    found = run_in_half(job.network, witness, factor)
    what = "a tensor" if count == 1 else f"{count} tensors"
    said = f"in half precision, which {what} may leave, it follows to {found.decibels:.1f} dB"
    if factor > 1:
        without = run_in_half(job.network, witness, 1.0)
        said += f" with an ACTIVATIONS_SCALE_FACTOR of {factor:g}, to {without.decibels:.1f} dB without"
    yield f"{said} (emulated)"
