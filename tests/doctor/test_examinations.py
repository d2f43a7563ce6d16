"""``pot doctor``'s examination: what stands in the way is found, named and comes with what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from openvino.tools.pot.doctor import installed
from openvino.tools.pot.doctor.environment import EFFECTS, troubles_of_environment, variables
from openvino.tools.pot.doctor.examining import examine, without_home
from openvino.tools.pot.doctor.facts import Device, Processor, SelfTest, Trial, Trouble
from openvino.tools.pot.doctor.installed import (
    needs,
    packages,
    satisfies,
    troubles_of_files,
    troubles_of_packages,
)
from openvino.tools.pot.doctor.processor import instructions, processor
from openvino.tools.pot.doctor.selftest import self_test
from openvino.tools.pot.doctor.text import as_markdown, as_text
from openvino.tools.pot.doctor.troubles import (
    troubles_of_devices,
    troubles_of_processor,
    troubles_of_python,
    troubles_of_self_test,
)
from rooms import ROOT

GOOD = Trial(
    device="CPU", float_accuracy=0.99, int8_accuracy=0.99, decibels=44.0, layers=11, int8_layers=10,
    float_seconds=2e-3, int8_seconds=1e-3, own_seconds=2e-3,
)  # fmt: skip
MACHINE = Processor(
    name="A",
    architecture="x86_64",
    instructions=("AVX2", "AVX-VNNI"),
    cores=4,
    usable=2,
    memory=16 << 30,
    free=8 << 30,
)


def names(found: Iterable[Trouble]) -> list[tuple[str, str]]:
    return [(trouble.name, trouble.weight) for trouble in found]


def test_this_machine_is_fit_and_says_of_what_versions() -> None:
    found = examine(with_self_test=False)
    assert found.verdict == "fit", found.sentence
    assert set(found.versions) == {"openvino-pot", "openvino", "numpy", "python", "system"}
    assert "" not in found.versions.values()
    assert "CPU" in [device.name for device in found.devices]
    assert found.self_test is None and "left out" in found.sentence
    assert found.processor.usable <= found.processor.cores
    assert [place.what for place in found.places] == ["openvino-pot", "openvino", "python", "cache"]


@pytest.mark.long
def test_the_embedded_network_is_quantized_and_runs_in_8_bits_and_what_fails_is_a_line() -> None:
    found = self_test(["CPU", "TPU"])
    cpu, other = found.trials
    assert not found.failure and not cpu.failure
    assert cpu.int8_layers >= 8 and cpu.layers == 11
    assert cpu.int8_accuracy is not None and cpu.int8_accuracy >= 0.98
    assert cpu.decibels is not None and cpu.decibels > 35
    assert cpu.float_seconds and cpu.int8_seconds and cpu.own_seconds
    assert other.failure and other.decibels is None
    assert ("device_fails", "note") in names(troubles_of_self_test(found))


def test_nobody_learns_whose_machine_it_is() -> None:
    value = {"a": ["/home/someone/x", ("/home/someone", 3)], "b": "in /home/someone/y and /home/someone/z"}
    assert without_home(value, "/home/someone") == {"a": ["~/x", ("~", 3)], "b": "in ~/y and ~/z"}
    assert without_home("/a", "/") == "/a" and without_home("/root/a /rooted", "/root") == "~/a /rooted"


def test_an_examination_holds_no_path_below_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(ROOT.parent))
    monkeypatch.setenv("USERPROFILE", str(ROOT.parent))
    monkeypatch.setenv("OPENVINO_POT_CACHE", str(ROOT.parent / "cache"))
    found = examine(with_self_test=False)
    assert str(ROOT.parent) not in found.model_dump_json()
    assert next(place.path for place in found.places if place.what == "cache") == str(Path("~", "cache"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"flags": "fpu avx2 avx512_vnni amx_int8"}, ["AVX2", "AVX512-VNNI", "AMX-INT8"]),
        ({"Features": "fp asimd asimddp i8mm"}, ["NEON", "DotProd", "I8MM"]),
    ],
)  # fmt: skip
def test_instruction_sets_by_the_names_that_people_know(fields: dict[str, str], expected: list[str]) -> None:
    assert instructions(fields) == expected


def test_where_the_system_has_no_list_numpy_knows_some() -> None:
    found = set(instructions({}))
    assert found and found & {"AVX2", "NEON", "SSE4.2"}


def test_what_the_processor_lacks_is_told_with_its_effect() -> None:
    assert names(troubles_of_processor(MACHINE)) == []
    old = MACHINE.model_copy(update={"instructions": ("SSE4.2", "AVX2"), "free": 1 << 29})
    assert names(troubles_of_processor(old)) == [("no_vnni", "note"), ("memory", "note")]
    arm = MACHINE.model_copy(update={"architecture": "aarch64", "instructions": ("NEON", "BF16")})
    assert names(troubles_of_processor(arm)) == [("bf16", "note")]
    silent = MACHINE.model_copy(update={"instructions": ()})
    assert names(troubles_of_processor(silent)) == [("instructions", "note")]


def test_memory_and_cores_are_told() -> None:
    found = processor(usable=1)
    assert found.memory is not None and found.memory > 1 << 28
    assert found.free is None or 0 < found.free <= found.memory
    assert found.usable == 1 and found.architecture


def test_devices() -> None:
    cpu = Device(name="CPU", full_name="A", capabilities=("INT8",), known="shipped")
    other = Device(name="GPU.0", full_name="B", capabilities=(), known="none")
    assert names(troubles_of_devices([cpu])) == []
    assert names(troubles_of_devices([other])) == [("no_cpu", "problem"), ("not_probed", "note")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"int8_accuracy": 0.9}, [("wrong_int8", "problem")]),
        ({"decibels": 12.0}, [("wrong_int8", "problem")]),
        ({"int8_layers": 0}, [("no_int8", "note")]),
        ({"int8_seconds": 4e-3}, [("slower", "note")]),
        ({"failure": "no driver"}, [("device_fails", "problem")]),
        ({"failure": "no driver", "device": "GPU"}, [("device_fails", "note")]),
    ],
)
def test_what_the_network_does_otherwise_than_it_should(
    changed: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    found = SelfTest(samples=100, images=300, trials=(GOOD.model_copy(update=changed),))
    assert names(troubles_of_self_test(found)) == expected


def test_a_network_that_can_t_be_quantized_is_a_problem() -> None:
    failed = SelfTest(samples=100, images=300, failure="RuntimeError: no")
    assert names(troubles_of_self_test(failed)) == [("self_test", "problem")]


def test_versions_lie_within_bounds() -> None:
    assert satisfies("2026.4.1", ((">=", "2026.1"),))
    assert not satisfies("2025.4.0", ((">=", "2026.1"),))
    assert satisfies("2.5.5", (("<", "2.6.0"), (">=", "1.16.6")))
    assert not satisfies("2.6.0", (("<", "2.6"),))
    assert satisfies("2.0rc1", ((">=", "2"),)) and not satisfies("2", ((">", "2.0"),))


def test_what_is_needed_is_what_pyproject_says() -> None:
    found = {need.name: need for need in needs() if not need.extra}
    assert found["openvino"].bounds == ((">=", "2026.1"),)
    assert {"numpy", "addict", "pydantic", "rich", "json5"} <= set(found)
    listed = {package.name: package for package in packages()}
    assert listed["pillow"].extras == ("coco", "images", "samples")
    assert "pytest" not in listed and listed["openvino"].extras == ()


def write_distribution(folder: Path, name: str, version: str, files: Iterable[str], lines: str = "") -> None:
    """A package as pip leaves it, with its list of files."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_an_openvino_that_is_too_old_and_one_of_before_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_distribution(tmp_path, "openvino", "2024.6.0", ())
    write_distribution(tmp_path, "openvino-dev", "2023.3.0", ())
    assert names(troubles_of_packages()) == []
    monkeypatch.syspath_prepend(tmp_path)
    found = list(troubles_of_packages())
    assert names(found) == [("package", "problem"), ("leftover", "problem")]
    assert "openvino>=2026.1, found 2024.6.0" in found[0].finding
    assert "pip install --upgrade 'openvino>=2026.1'" in found[0].remedy
    assert names(troubles_of_files()) == [("shadow", "problem"), ("twice", "problem")]


def test_files_of_an_older_tool_in_our_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "openvino/tools/pot"
    (folder / "graph").mkdir(parents=True)
    for name in ("version.py", "graph/old_transformer.py"):
        (folder / name).touch()
    write_distribution(tmp_path, "openvino-pot", "0.1.0", ["openvino/tools/pot/version.py"])
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = (trouble for trouble in troubles_of_files(folder) if trouble.name == "strange_files")
    assert "graph/old_transformer.py" in found.finding and found.weight == "problem"
    (folder / "graph/old_transformer.py").unlink()
    assert "strange_files" not in [trouble.name for trouble in troubles_of_files(folder)]


def test_another_pot_in_the_path_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("other", "own"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "pot").write_text("#!/bin/sh\n")
        (tmp_path / place / "pot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    monkeypatch.setattr(installed.sysconfig, "get_path", lambda _: str(tmp_path / "own"))
    (found,) = (trouble for trouble in troubles_of_files() if trouble.name == "other_command")
    assert found.weight == "note" and str(tmp_path / "other/pot") in found.finding
    monkeypatch.setenv("PATH", str(tmp_path / "own"))
    assert "other_command" not in names(troubles_of_files())


def test_variables_are_told_with_what_they_change_and_folders_by_their_number() -> None:
    environment = {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "PYTHONPATH": "/secret/project",
        "MINE": "x",
        "OMP_NUM_THREADS": "",
    }
    found = variables(environment)
    assert [(each.name, each.value) for each in found] == [
        ("PYTHONPATH", "1 path"),
        ("ONEDNN_MAX_CPU_ISA", "AVX2"),
    ]
    assert all(each.effect for each in found)
    assert names(troubles_of_environment(environment)) == [("held_back", "note")]


def test_every_variable_that_the_package_reads_is_known() -> None:
    sources = (file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    asked = re.compile(r"environ(?:\.get|\.setdefault)?[\[(]\"([A-Z_]+)\"")
    read = {name for source in sources for name in asked.findall(source)}
    read -= {"PATH"}  # handed on to programs that scripts start, with a folder more at its end
    assert read and read <= set(EFFECTS)


def test_a_newer_python_is_told_of_and_the_newest_that_is_said_to_be_supported_is_not() -> None:
    supported = re.findall(r"Python :: 3\.(\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    newest = max(map(int, supported))
    assert names(troubles_of_python((3, newest))) == []
    assert names(troubles_of_python((3, newest + 1))) == [("python", "note")]


def test_text_ends_with_the_verdict_and_keeps_to_80_columns_and_markdown_has_all_of_it() -> None:
    found = examine(with_self_test=False)
    told = found.model_copy(
        update={
            "self_test": SelfTest(
                samples=100, images=300, seconds=1.5, trials=(GOOD, Trial(device="GPU", failure="no"))
            ),
            "troubles": (Trouble(name="a", weight="problem", finding="it is broken", remedy="mend it"),),
            "verdict": "problems",
            "sentence": "1 problem: it is broken",
        }
    )
    text, page = as_text(told), as_markdown(told)
    assert text.splitlines()[-1] == "Not fit: 1 problem: it is broken."
    assert "problem: it is broken\n  mend it" in text
    assert re.search(r"CPU +99\.0% +99\.0% +44\.0 +10 of 11 +2\.00 ms +1\.00 ms", text)
    assert re.search(r"GPU +fails", text)
    for part in (
        "| CPU | 99.0% |",
        "- problem: it is broken. mend it.",
        "**Not fit: 1 problem: it is broken.**",
    ):
        assert part in page
    assert as_text(found).splitlines()[-1].startswith("Fit: ")
