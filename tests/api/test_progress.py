"""Progress is shown on a terminal and in notebooks, and nowhere else unless it is asked for."""

from __future__ import annotations

import importlib.util
import logging
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import builders
from openvino.tools.pot import compress_weights, create_pipeline, quantize
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.utils import progress
from openvino.tools.pot.utils.course import Course
from openvino.tools.pot.utils.logger import get_logger
from terminals import HIDDEN, SHOWN, on_terminal, python

needs_a_terminal = pytest.mark.skipif(importlib.util.find_spec("pty") is None, reason="no pseudo-terminals")

SCRIPT = f"""
import logging, os, signal, sys
sys.path.insert(0, {str(Path(builders.__file__).parent)!r})
import builders
from openvino.tools.pot import quantize
from openvino.tools.pot.utils.logger import init_logger
"""
RUN = "quantize(builders.network(), builders.images(40){more})\n"


def test_steps_know_their_place_and_go_on_when_they_come_again() -> None:
    course = Course(dict.fromkeys(("statistics", "parameters")))
    with course.step("statistics") as line:
        assert [*course.tracked(range(3), 3)] == [0, 1, 2]
    with course.step("parameters"):
        pass
    with course.step("statistics") as again:
        course.say("once more")
    with course.step("surprise") as other:
        pass
    assert again is line and (line.place, line.count, line.total) == ("1/2", 3, 3)
    assert str(line).startswith("1/2 statistics: 3 of 3, ") and str(line).endswith(" s (once more)")
    assert other.place == ""


def test_of_counts_within_counts_the_inner_is_shown_while_it_lasts() -> None:
    course = Course({})
    with course.step("search") as line:
        for _ in course.tracked(range(2), 2):
            for _ in course.tracked(range(5), 5):
                assert line.total == 5
        assert (line.count, line.total) == (2, 2)
        left = course.tracked(range(9), 9)  # never gone through to its end
        next(left)
        assert [*course.tracked(range(4), 4)] and (line.count, line.total) == (4, 4)


def test_a_course_within_a_course_is_part_of_it(caplog: pytest.LogCaptureFixture) -> None:
    outer, inner = progress.course("outer", wanted=True), progress.course("inner", wanted=False)
    with caplog.at_level(logging.INFO), outer, progress.step("outer"), inner, progress.step("inner"):
        assert [*progress.track(range(3), 3, "Work")] == [0, 1, 2]
    assert [record.message.partition(":")[0] for record in caplog.records] == ["Work", "outer"]


def test_an_error_leaves_no_course_behind() -> None:
    with pytest.raises(ZeroDivisionError), progress.course("work"), progress.step("work"):
        raise ZeroDivisionError
    assert progress._courses == []


@pytest.mark.long
def test_nothing_is_printed_where_nobody_asked(capfd: pytest.CaptureFixture[str]) -> None:
    quantize(builders.network(), builders.images(40))
    compress_weights(builders.network())
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_lines_on_standard_error_where_they_are_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    quantize(builders.network(), builders.images(40), progress=True)
    found = capfd.readouterr()
    assert found.out == ""
    lines = found.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "1/4 statistics", "2/4 parameters", "3/4 checking", "4/4 storing",
    ]  # fmt: skip
    assert "40 of 40" in lines[0]


@pytest.mark.long
@pytest.mark.parametrize("by_run", [True, False])
def test_not_even_lines_of_the_log_where_progress_is_unwanted(
    by_run: bool, caplog: pytest.LogCaptureFixture
) -> None:
    engine = IEEngine({"device": "CPU"}, builders.labelled(builders.images(40)), builders.TopOne())
    algorithms = [{"name": "MinMaxQuantization", "params": {}}]
    pipeline = create_pipeline(algorithms, engine, progress=None if by_run else False)
    with caplog.at_level(logging.INFO, logger=get_logger().name):
        made = pipeline.run(builders.network(), progress=False if by_run else None)
        pipeline.evaluate(made, progress=False if by_run else None)
    assert [record.message for record in caplog.records if " of 40" in record.message] == []


@needs_a_terminal
@pytest.mark.process
@pytest.mark.long
def test_steps_and_bars_on_a_terminal(tmp_path: Path) -> None:
    seen = on_terminal(python(SCRIPT + RUN.format(more="")), tmp_path)
    assert seen.code == 0, seen.text
    last = seen.text.rsplit("1/4", 1)[1].splitlines()
    assert [line.split()[:2] for line in ("1/4" + last[0], *last[1:4])] == [
        ["1/4", "statistics"], ["2/4", "parameters"], ["3/4", "checking"], ["4/4", "storing"],
    ]  # fmt: skip
    assert "40/40" in last[0]
    assert seen.screen.rindex(SHOWN) > seen.screen.rindex(HIDDEN)
    assert on_terminal(python(SCRIPT + RUN.format(more=", progress=False")), tmp_path).screen == ""


@needs_a_terminal
@pytest.mark.process
@pytest.mark.long
def test_what_a_script_prints_into_a_pipe_stays_there(tmp_path: Path) -> None:
    script = SCRIPT + (
        "class Told(list):\n"
        "    def __getitem__(self, index):\n"
        "        print('sample', index)\n"
        "        return super().__getitem__(index)\n"
        "quantize(builders.network(), Told(builders.images(40)))\n"
    )
    seen = on_terminal(python(script), tmp_path, out=False)
    assert seen.code == 0, seen.text
    assert set(seen.out.split()) == {"sample", *map(str, range(40))}
    assert "statistics" in seen.text and "sample" not in seen.text
    piped = on_terminal(python(script), tmp_path, err=False)
    assert piped.err == "" and "statistics" not in piped.text and "sample 39" in piped.text


@needs_a_terminal
@pytest.mark.process
@pytest.mark.long
def test_lines_of_the_log_stand_above_the_steps(tmp_path: Path) -> None:
    seen = on_terminal(python(SCRIPT + "init_logger('INFO')\n" + RUN.format(more="")), tmp_path)
    lines = [line for line in seen.text.splitlines() if " INFO: " in line]
    assert lines and all(line.count("INFO: ") == 1 and "statistics  " not in line for line in lines), lines


@needs_a_terminal
@pytest.mark.process
@pytest.mark.long
def test_an_interrupt_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    script = SCRIPT + (
        "class Stopped(list):\n"
        "    def __getitem__(self, index):\n"
        "        if index == 20:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        return super().__getitem__(index)\n"
        "try:\n"
        "    quantize(builders.network(), Stopped(builders.images(40)))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', file=sys.stderr)\n"
    )
    seen = on_terminal(python(script), tmp_path)
    assert seen.code == 0 and seen.text.splitlines()[-1] == "stopped", seen.text
    assert seen.screen.count(SHOWN) == seen.screen.count(HIDDEN) == 1


def executed(*cells: str) -> list[list[nbformat.NotebookNode]]:
    """The outputs of cells that run in a kernel, of which the first makes ready."""
    first = f"import sys; sys.path.insert(0, {str(Path(builders.__file__).parent)!r})\nimport builders\n"
    first += "from openvino.tools.pot import quantize\ndata = builders.images(40)"
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, (first, *cells))])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell["outputs"] for cell in notebook.cells[1:]]


@pytest.mark.process
@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="kernels start otherwise there")
def test_a_notebook_shows_steps_and_what_came_of_it() -> None:
    shown, silent, report = executed(
        "quantize(builders.network(), data);",
        "quantize(builders.network(), data, progress=False);",
        "quantize(builders.network(), data, report=True, progress=False)",
    )
    (page,) = [
        output["data"]["text/html"] for output in shown if output["metadata"] == {"openvino_pot": "progress"}
    ]
    assert page.count("<tr>") == 4 and "4/4" in page and "40/40" in page
    assert [output for output in shown if output["output_type"] == "stream"] == []
    assert silent == []
    (result,) = report
    assert "follows float to" in result["data"]["text/html"] and "text/plain" in result["data"]


def test_bars_of_a_notebook_are_escaped() -> None:
    from openvino.tools.pot.utils.views import _html

    course = Course({})
    with course.step("<b>") as line:
        course.say("<script>")
        line.total, line.count = 4, 1
        page = _html(course)
    assert "<script>" not in page and "<b>" not in page and "width: 25%" in page


def test_half_a_sample_is_no_share() -> None:
    """Totals that turn out too small draw no bar beyond its end."""
    from openvino.tools.pot.utils.views import _html

    course = Course({})
    with course.step("work") as line:
        line.total, line.count = 4, np.int64(9)  # type: ignore[assignment]
    assert "width: 100%" in _html(course)
