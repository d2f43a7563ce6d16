"""Run the samples of examples/ in full, and check that INT8 is as good as float.

    python scripts/samples.py                        # all of them
    python scripts/samples.py digits mtcnn           # some of their networks
    python scripts/samples.py --zoo FOLDER --write   # all, with the table of docs/samples.md and pages of examples

Each runs as a user would run it, in a folder of its own below results/samples, and leaves a comparison.json there.
The exit code is 1 if a metric is further below float than its tolerance, if no layer of a network runs in INT8, or if
a sample fails. Where a network or its data can't be had, a line says so.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.tables import Column, machine, table, write_between  # noqa: E402 - the line above finds it

from openvino.tools.pot.datasets.images import pillow  # noqa: E402
from openvino.tools.pot.report.comparison import Comparison  # noqa: E402
from openvino.tools.pot.utils.errors import PotError  # noqa: E402

RESULTS = Path("results/samples")
UNAVAILABLE = "can't be downloaded"


class UnavailableError(Exception):
    """A network or its data can't be had here."""


class FailedError(Exception):
    """A sample does not run to its end."""


@dataclass(frozen=True)
class Sample:
    """A network that a script of ``examples`` quantizes.

    Attributes:
        example: the script's folder.
        network: what tables call it; for one of the zoo, its name there.
        tolerance: how far below float the metric may be.
        arguments: those of the script, from the network's folder in the zoo and the folder to run in.
        also: further figures that may not be further below float, by what their names begin with.
    """

    example: str
    network: str
    tolerance: float
    arguments: Callable[[Path, Path], Sequence[str]]
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of a sample.

    Attributes:
        sample: that ran, or should have.
        comparison: what it left; None if it did not run to its end.
        trouble: what is wrong, in words.
        said: what it printed.
        failed: whether that must not be.
    """

    sample: Sample
    comparison: Comparison | None
    trouble: str = ""
    said: str = ""
    failed: bool = False


def fixed(*words: str) -> Callable[[Path, Path], Sequence[str]]:
    """Arguments that don't depend on a zoo."""
    return lambda network, folder: words


def of_the_zoo(network: Path, folder: Path) -> Sequence[str]:
    """For the detector, whose script reads the zoo itself; its search may take as long as it needs."""
    check_zoo(network)
    return ["--zoo", str(network.parent), "--time-budget", "1800"]


def with_images(network: Path, folder: Path) -> Sequence[str]:
    """For a classifier of the zoo, whose images and labels become files first."""
    check_zoo(network)
    entry = json.loads((network / "entry.json").read_text(encoding="utf-8"))
    with np.load(network / "data.npz") as data:
        write_images(folder / "calibration", data["calib_jpeg"], data["calib_len"])
        names = write_images(folder / "evaluation", data["eval_jpeg"], data["eval_len"])
        lines = [f"{name} {label}\n" for name, label in zip(names, data["eval_y"], strict=True)]
    (folder / "labels.txt").write_text("".join(lines), encoding="utf-8")
    return [
        *("-m", str(network / "model.xml"), "--layout", entry["layout"]),
        *("-d", "evaluation", "-a", "labels.txt", "-c", "calibration"),
        # The colours of the zoo's images are in the order that the network takes.
        *("--color-order", "RGB", "--mean-values", *map(str, entry["mean"])),
        *("--scale-values", *map(str, entry["std"])),
    ]


SAMPLES = (
    Sample("image_classification", "digits", 0.01, fixed()),
    Sample("image_classification", "cifar_resnet20", 0.01, with_images),
    Sample("image_classification", "cifar_resnet32", 0.01, with_images),
    Sample("image_classification", "tiny_resnet8", 0.01, with_images),
    Sample("object_detection", "detect_yolo_fastestv2", 0.01, of_the_zoo),
    Sample("face_detection", "mtcnn", 0.02, fixed("--images", "200", "--calibration", "60")),
    Sample("text_similarity", "minilm", 0.01, fixed()),
    Sample("text_classification", "same_meaning", 0.01, fixed(), also=("F1",)),
    Sample("segmentation_3d", "tissue", 0.005, fixed("--volumes", "60", "--calibration", "100")),
    Sample("speech", "speech", 0.03, fixed()),
)

COLUMNS: tuple[Column, ...] = (
    ("sample", lambda r: r["sample"].example),
    ("network", lambda r: r["sample"].network),
    ("metric", lambda r: r["metric"].name),
    ("float", lambda r: r["metric"].cells()[0]),
    ("INT8", lambda r: r["metric"].cells()[1]),
    ("weights", lambda r: r["weights"].cells()[0]),
    ("INT8 weights", lambda r: r["weights"].cells()[1]),
    ("request", lambda r: r["request"].cells()[0]),
    ("INT8 request", lambda r: r["request"].cells()[1]),
    ("layers in INT8", lambda r: r["layers"].cells()[1]),
)


def check_zoo(network: Path) -> None:
    """Raise an error if the zoo does not hold a network."""
    if not (network / "model.xml").is_file():
        raise UnavailableError(f"the zoo folder has no {network.name}")


def write_images(folder: Path, stream: Any, lengths: Any) -> list[str]:
    """Write images, which follow each other in a stream, as PNG files; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    content, names = io.BytesIO(stream.tobytes()), [f"{index:05}.png" for index in range(len(lengths))]
    for name, length in zip(names, lengths.tolist(), strict=True):
        with pillow().open(io.BytesIO(content.read(length))) as image:
            image.convert("RGB").save(folder / name)
    return names


def outcome(sample: Sample, zoo: Path) -> Outcome:
    """Run a sample, and check what comes of it."""
    print(f"\n{sample.example}, {sample.network}", flush=True)
    try:
        comparison, said = run(sample, zoo)
    except UnavailableError as error:
        return Outcome(sample, None, f"did not run: {error}")
    except FailedError as error:
        return Outcome(sample, None, f"failed: {error}", failed=True)
    trouble = shortcoming(comparison, sample.tolerance, sample.also)
    return Outcome(sample, comparison, trouble, said, failed=bool(trouble))


def run(sample: Sample, zoo: Path) -> tuple[Comparison, str]:
    """Run a sample in a folder of its own; its comparison, and what it printed."""
    folder = RESULTS / sample.network
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results" / sample.example / "comparison.json"
    path.unlink(missing_ok=True)  # of an earlier run
    script = ROOT / "examples" / sample.example / "quantize.py"
    command = [sys.executable, str(script), *sample.arguments(zoo.resolve() / sample.network, folder)]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(finished.stdout, end="", flush=True)
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["it does not say why"]
        raise (UnavailableError if UNAVAILABLE in lines[-1] else FailedError)(lines[-1])
    try:
        return Comparison.load(path), finished.stdout
    except PotError as error:
        raise FailedError(str(error)) from error


def shortcoming(comparison: Comparison, tolerance: float, also: tuple[str, ...] = ()) -> str:
    """In what INT8 is worse than it may be; empty if it isn't."""
    others = [row for row in comparison.others if also and row.name.startswith(also)]
    for row in (comparison.metric, *others):
        least = row.before - tolerance
        if not row.after >= least - 1e-9:  # this way round, as it may be NaN
            return f"{row.name}: {row.after:.4f} in INT8, expected at least {least:.4f}"
    floats = [row.name for row in comparison.rows if row.unit == "layers" and not row.after]
    return f"{floats[0]}: none" if floats else ""


def tabled(outcomes: Sequence[Outcome]) -> str:
    """A line for each comparison; of a cascade, weights and layers of all networks, and the time of the whole."""
    records = [
        {
            "sample": each.sample,
            "metric": each.comparison.metric,
            "weights": each.comparison.total("bytes"),
            "request": next(row for row in each.comparison.rows if row.unit == "seconds"),
            "layers": each.comparison.total("layers"),
        }
        for each in outcomes
        if each.comparison is not None
    ]
    return table(records, COLUMNS, left=3)


def write_pages(outcomes: Sequence[Outcome]) -> None:
    """Show on the page of each example what it printed first, of the first of its networks."""
    for example in dict.fromkeys(each.sample.example for each in outcomes):
        said = next(each.said for each in outcomes if each.sample.example == example)
        shown = said.strip("\n").split("\n\n")[0]
        write_between(ROOT / "examples" / example / "README.md", "run", f"```\n{shown}\n```")


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Run the samples in full, and check what came of them.")
    networks = [sample.network for sample in SAMPLES]
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"some of: {', '.join(networks)}")
    parser.add_argument("--zoo", type=Path, default=ROOT / "../shared/zoo", help="folder with networks")
    parser.add_argument("--write", action="store_true", help="put figures into documents")
    options = parser.parse_args()
    for name in options.networks:
        if name not in networks:
            parser.error(f"no network {name!r}, there are: {', '.join(networks)}")
    if options.write and options.networks:
        parser.error("--write needs all networks")
    return options


def main() -> int:
    """Run the samples; returns the exit code."""
    options = parsed()
    wanted = [each for each in SAMPLES if not options.networks or each.network in options.networks]
    outcomes = [outcome(sample, options.zoo) for sample in wanted]
    troubles = [
        f"{each.sample.example}, {each.sample.network}: {each.trouble}" for each in outcomes if each.trouble
    ]
    print("\n".join(["", tabled(outcomes), *troubles]))
    if options.write:
        if troubles:
            raise SystemExit("docs/samples.md stays as it was: not all samples ran well")
        write_between(ROOT / "docs/samples.md", "samples", f"{machine()}\n\n{tabled(outcomes)}")
        write_pages(outcomes)
    return int(any(each.failed for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
