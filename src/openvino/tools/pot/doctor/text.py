"""What an examination found as text: for a terminal of 80 columns, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from openvino.tools.pot.doctor.facts import Examination, Trial
from openvino.tools.pot.report.columns import Row as Cells
from openvino.tools.pot.report.columns import aligned, piped, prose

_TITLES = ("device", "accuracy", "in INT8", "dB", "layers in INT8", "float32", "INT8", "own settings")


def as_text(found: Examination) -> str:
    """Versions, what computes, the self-test, what stands in the way, and the verdict as the last line."""
    lines = [line for title, text in _facts(found) for line in prose(f"{title}: {text}", "  ")]
    if found.self_test is not None and found.self_test.trials:
        lines += ["", *prose(_tested(found)), *aligned(_TITLES, _rows(found))]
    for trouble in found.troubles:
        lines += ["", *prose(f"{trouble.weight}: {trouble.finding}", "  ")]
        lines += prose(f"  {trouble.remedy}", "  ") if trouble.remedy else []
    return "\n".join([*lines, "", *prose(_verdict(found))])


def as_markdown(found: Examination) -> str:
    """The same as Markdown, for a report of a fault."""
    lines = [f"- {title}: {text}" for title, text in _facts(found)]
    if found.self_test is not None and found.self_test.trials:
        lines += ["", _tested(found), "", *piped(_TITLES, _rows(found))]
    told = [f"- {each.weight}: {each.finding}. {each.remedy}".rstrip(". ") + "." for each in found.troubles]
    return "\n".join([*lines, *([""] if told else []), *told, "", f"**{_verdict(found)}**"])


def _facts(found: Examination) -> Iterator[tuple[str, str]]:
    yield "versions", ", ".join(f"{name} {version or 'none'}" for name, version in found.versions.items())
    own = found.processor
    memory = "" if own.memory is None else f", {_gigabytes(own.memory)} of memory"
    free = "" if own.free is None else f" of which {_gigabytes(own.free)} are free"
    yield "processor", f"{own.name or own.architecture}, {own.usable} of {own.cores} cores{memory}{free}"
    yield "instruction sets", ", ".join(own.instructions) or "the system does not say"
    for device in found.devices:
        known = {"here": "asked here", "shipped": "asked when this was built", "none": "not asked"}[
            device.known
        ]
        yield f"device {device.name}", f"{device.full_name} ({', '.join(device.capabilities)}); {known}"
    here = [f"{package.name} {package.version}" for package in found.packages if package.version]
    absent = [
        f"{package.name} ({', '.join(package.extras)})" if package.extras else package.name
        for package in found.packages
        if not package.version
    ]
    yield "packages", ", ".join(here)
    yield "absent", ", ".join(absent) or "none"
    for place in found.places:
        size = "" if place.bytes is None else f" ({place.files} files, {place.bytes / 1e6:.1f} MB)"
        yield place.what, f"{place.path}{size}"
    for variable in found.environment:
        yield variable.name, f"{variable.value} ({variable.effect})"


def _tested(found: Examination) -> str:
    assert found.self_test is not None
    own = found.self_test
    return (
        f"Self-test: the embedded network, quantized with {own.samples} images in {own.seconds:.1f} s; accuracy on "
        f"{own.images} others, time of one request:"
    )


def _rows(found: Examination) -> list[Cells]:
    return [_cells(trial) for trial in found.self_test.trials] if found.self_test else []


def _cells(trial: Trial) -> Cells:
    if trial.failure:
        return (trial.device, "fails", *[""] * (len(_TITLES) - 2))
    times = (trial.float_seconds, trial.int8_seconds, trial.own_seconds)
    return (
        trial.device,
        f"{trial.float_accuracy or 0:.1%}",
        f"{trial.int8_accuracy or 0:.1%}",
        "" if trial.decibels is None else f"{trial.decibels:.1f}",
        f"{trial.int8_layers} of {trial.layers}",
        *(f"{1000 * (seconds or 0):.2f} ms" for seconds in times),
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _verdict(found: Examination) -> str:
    return f"{'Fit' if found.verdict == 'fit' else 'Not fit'}: {found.sentence}."
