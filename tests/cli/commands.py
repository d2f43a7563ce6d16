"""Runs of ``pot`` in the process of the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from PIL import Image

from builders import ZOO, logger_as_before, network
from openvino.tools.pot.cli.main import main


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The last line of standard error, without the name of the command."""
        return self.err.strip().splitlines()[-1].removeprefix("pot: error: ")


def pot(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Finished:
    capsys.readouterr()
    with logger_as_before():
        code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return Finished(code, captured.out, captured.err)


def go_to_a_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to a folder with the float model ``net.xml``, where measured times say nothing, and cost nothing."""
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SLICE", 0.0)
    monkeypatch.setattr("openvino.tools.pot.diagnosis.pace._SECONDS", 0.0)
    monkeypatch.chdir(folder)
    ov.save_model(network(), "net.xml", compress_to_fp16=False)


def write_images(folder: Path, count: int = 8, size: tuple[int, int] = (8, 8), seed: int = 0) -> Path:
    """Random images, height and width given."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for index in range(count):
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(folder / f"{index:03}.png")
    return folder


def zoo_images(name: str, folder: Path, count: int, part: str = "calib") -> Path:
    """Photographs of an entry of the zoo, as files."""
    folder.mkdir(parents=True)
    with np.load(ZOO / name / "data.npz") as data:
        stream, lengths = data[f"{part}_jpeg"].tobytes(), data[f"{part}_len"]
    ends = np.cumsum(lengths)
    for index, (end, length) in enumerate(zip(ends[:count], lengths, strict=False)):
        (folder / f"{index:05}.jpg").write_bytes(stream[end - length : end])
    return folder


def zoo_facts(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((ZOO / name / "entry.json").read_text(encoding="utf-8"))
    return facts
