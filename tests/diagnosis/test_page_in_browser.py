"""The page of a diagnosis in a real browser: nothing goes wrong, all that can be clicked and pressed works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hand_made import NASTY, control, diagnosis, layer, worst
from openvino import opset13 as op

from builders import conv, images, model, parameter
from headless import NAMES, VARIABLE, Page, browser
from openvino.tools.pot.diagnosis import diagnose
from openvino.tools.pot.diagnosis.page import page

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        browser() is None, reason=f"no browser: none of {', '.join(NAMES)} in PATH, and no {VARIABLE}"
    ),
]

ROWS = "[...document.querySelectorAll('#layers tbody tr')].filter(r => !r.hidden)"
CHOSEN = "[...document.querySelectorAll('#layers tr.chosen')].map(r => r.dataset.node)"
TITLE = "document.querySelector('#panel h3').firstChild.textContent"
GROUND = "getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "rgb(21, 25, 30)", "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def chromium(folder: Path) -> Iterator[Page]:
    program = browser()
    assert program is not None
    with Page(program, folder / "profile") as found:
        yield found


@pytest.fixture
def shown(chromium: Page, folder: Path) -> Iterator[Page]:
    """The page, anew for each test; no test may leave an error on the console."""
    file = folder / "page.html"
    file.write_text(page(diagnosis()), encoding="utf-8")
    chromium.prefer("light")
    chromium.open(file)
    chromium.value("localStorage.clear()")
    chromium.problems.clear()
    chromium.open(file)
    yield chromium
    assert chromium.problems == []


def first(shown: Page, column: int) -> str:
    return str(shown.value(f"{ROWS}[0].cells[{column}].textContent"))


def test_the_worst_layer_is_chosen_at_first(shown: Page) -> None:
    assert shown.value(CHOSEN) == ["conv_5"]
    assert shown.value(TITLE) == "conv_5"
    assert shown.value("document.querySelectorAll('#panel .charts svg').length") == 4
    assert "55 % of the error" in shown.value("document.querySelector('#readout').textContent")


def test_rows_are_sorted_by_mouse_and_by_key(shown: Page) -> None:
    assert first(shown, 1) == "conv_5"
    shown.click("#layers th:nth-child(1) button")
    assert [first(shown, 1), shown.value("document.querySelector('#layers th').ariaSort")] == [
        "conv_1",
        "ascending",
    ]
    shown.click("#layers th:nth-child(1) button")
    assert [first(shown, 1), shown.value("document.querySelector('#layers th').ariaSort")] == [
        "conv_12",
        "descending",
    ]
    shown.value("document.querySelector('#layers th:nth-child(8) button').focus()")
    shown.press("Enter", "\r")
    sorts = "[...document.querySelectorAll('#layers thead th')].map(t => t.ariaSort)"
    assert shown.value(sorts) == [*["none"] * 7, "descending", "none", "none"]
    times = shown.value(f"{ROWS}.map(r => r.cells[7].dataset.value)")
    assert times[-1] == "", "what is not known stands last"
    assert [float(each) for each in times[:-1]] == sorted((float(each) for each in times[:-1]), reverse=True)


def test_rows_are_filtered_by_words(shown: Page) -> None:
    shown.click("#filter")
    shown.type("f32 conv_2")
    assert shown.value(f"{ROWS}.map(r => r.dataset.node)") == ["conv_2"]
    assert shown.value("document.querySelector('#count').textContent") == "1 of 12"
    assert shown.value(f"{ROWS}[0].tabIndex") == 0


def test_rows_are_chosen_by_mouse_and_by_key(shown: Page) -> None:
    shown.click("#layers tbody tr:nth-child(2)")
    assert [shown.value(CHOSEN), shown.value(TITLE)] == [[NASTY], NASTY]
    shown.value("document.querySelector('#layers tbody tr:nth-child(2)').focus()")
    shown.press("ArrowDown")
    shown.press("Enter", "\r")
    assert shown.value(CHOSEN) == ["conv_2"]


def test_flags_and_bars_of_the_picture_choose_layers(shown: Page) -> None:
    assert shown.value("document.querySelectorAll('.flag').length") == 3
    shown.click(".flag")
    assert shown.value(TITLE) == "conv_2"
    assert shown.value("document.querySelector('.flag').classList.contains('chosen')")
    shown.click("#picture .column[data-node=conv_12]")
    assert shown.value(CHOSEN) == ["conv_12"]
    shown.value("document.querySelector('#picture').focus()")
    shown.press("ArrowLeft")
    assert shown.value(CHOSEN) == ["conv_11"]


def test_the_picture_shows_what_was_measured(shown: Page) -> None:
    count = "document.querySelectorAll('#picture {}').length"
    found = {
        kind: shown.value(count.format(kind))
        for kind in (".time", ".time.slow", ".ghost", ".tick", ".leader")
    }
    assert found == {".time": 11, ".time.slow": 1, ".ghost": 12, ".tick": 2, ".leader": 3}
    width = shown.value("document.querySelector('#picture .curve').getBBox().width")
    assert width > 0.8 * shown.value("document.querySelector('#picture').clientWidth")
    assert shown.value("document.documentElement.scrollWidth <= innerWidth")


def test_a_click_in_the_graph_chooses_a_layer_and_the_wheel_zooms(shown: Page) -> None:
    assert shown.value("document.querySelectorAll('#graph g.layer').length") == 12
    assert shown.value("document.querySelectorAll('#graph .edge').length") == 12
    shown.click("#graph g.layer[data-node=conv_7]")
    assert [shown.value(CHOSEN), shown.value(TITLE)] == [["conv_7"], "conv_7"]
    assert shown.value("document.querySelectorAll('#graph .edge.chosen').length") == 2
    wide = "document.querySelector('#graph').viewBox.baseVal.width"
    before = shown.value(wide)
    box = shown.value(
        "(() => { const r = document.querySelector('#graph').getBoundingClientRect(); return [r.x, r.y]; })()"
    )
    shown.mouse("mouseWheel", box[0] + 200, box[1] + 60, deltaX=0, deltaY=-100)
    shown.value("new Promise(requestAnimationFrame)")
    assert shown.value(wide) < before
    shown.click("#fit")
    assert shown.value(wide) == before


def test_dragging_moves_the_graph_and_chooses_nothing(shown: Page) -> None:
    begins = "document.querySelector('#graph').viewBox.baseVal.x"
    shown.value("document.querySelector('#graph').scrollIntoView({block: 'center'})")
    x, y, before = *shown.value(
        "(() => { const r = document.querySelector('#graph g.layer[data-node=conv_7]').getBoundingClientRect();"
        "return [r.x + 5, r.y + 5]; })()"
    ), shown.value(begins)  # fmt: skip
    shown.mouse("mousePressed", x, y, button="left", clickCount=1)
    shown.mouse("mouseMoved", x + 40, y + 5, button="left", buttons=1)
    shown.mouse("mouseReleased", x + 40, y + 5, button="left", clickCount=1)
    assert shown.value(begins) < before
    assert shown.value(CHOSEN) == ["conv_5"]


def test_lines_are_copied(shown: Page) -> None:
    shown.value("addEventListener('copy', () => { window.taken = String(getSelection()); })")
    shown.click("#remedies button.copy")
    shown.value("new Promise(done => setTimeout(done, 50))")
    assert shown.value("document.querySelector('#remedies button.copy').textContent") == "copied"


def test_dark_and_light(shown: Page) -> None:
    assert shown.value(GROUND) == LIGHT
    shown.prefer("dark")
    assert shown.value(GROUND) == DARK
    shown.click("#theme")
    assert shown.value(GROUND) == LIGHT
    shown.click("#theme")
    assert shown.value(GROUND) == DARK


def test_paper_is_white_and_shows_all_rows(shown: Page) -> None:
    shown.prefer("dark")
    shown.say("Emulation.setEmulatedMedia", media="print")
    try:
        assert shown.value(GROUND) == LIGHT
        assert shown.value("getComputedStyle(document.querySelector('.tall')).maxHeight") == "none"
        assert shown.say("Page.printToPDF")["data"]
    finally:
        shown.say("Emulation.setEmulatedMedia", media="")


def test_narrow_windows_are_not_scrolled_sideways(shown: Page) -> None:
    shown.say("Emulation.setDeviceMetricsOverride", width=420, height=800, deviceScaleFactor=1, mobile=False)
    assert shown.value("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1200, 420])
def test_the_course_of_a_search_is_drawn(chromium: Page, folder: Path, width: int) -> None:
    file = folder / "search.html"
    file.write_text(page(diagnosis(accuracy_control=control())), encoding="utf-8")
    chromium.problems.clear()
    chromium.open(file, width=width)
    count = "document.querySelectorAll('#search .step{}').length"
    found = {kind: chromium.value(count.format(kind)) for kind in ("", ".met", ".missed", ".open", " .ring")}
    assert found == {"": 5, ".met": 2, ".missed": 2, ".open": 1, " .ring": 1}
    assert chromium.value("document.querySelector('#steps .best').cells[1].textContent") == "2 in float taken"
    assert chromium.value("document.documentElement.scrollWidth <= innerWidth")
    assert chromium.problems == []


@pytest.mark.parametrize("width", [1200, 420])
def test_samples_are_drawn(chromium: Page, folder: Path, width: int) -> None:
    file = folder / "samples.html"
    file.write_text(page(diagnosis(worst_samples=(worst(), worst()))), encoding="utf-8")
    chromium.problems.clear()
    chromium.open(file, width=width)
    sizes = "[...document.querySelectorAll('#samples img')].map(i => [i.naturalWidth, i.clientWidth > 90])"
    assert chromium.value(sizes) == [[4, True]] * 2
    assert chromium.value("document.documentElement.scrollWidth <= innerWidth")
    assert chromium.problems == []


@pytest.mark.parametrize(
    "layers", [(), tuple(layer(order, 1 / 800) for order in range(800))], ids=["none", "800"]
)
def test_no_layer_and_many_layers_make_a_page_without_errors(
    chromium: Page, folder: Path, layers: tuple[object, ...]
) -> None:
    file = folder / "other.html"
    file.write_text(page(diagnosis(layers=layers)), encoding="utf-8")
    chromium.problems.clear()
    chromium.open(file)
    assert chromium.value("document.querySelectorAll('#graph g.layer').length") == len(layers)
    assert chromium.problems == []


@pytest.mark.long
def test_names_without_end_are_not_scrolled_sideways(chromium: Page, folder: Path) -> None:
    """As exports give nodes the whole path of their module."""
    stem = "/model/backbone/stages/0/blocks/1/conv_of_a_name_that_has_no_end_" * 2
    x = parameter([1, 3, 16, 16], "an_input_of_a_name_without_end_" * 4)
    layers = conv(op.relu(conv(x, 8, f"{stem}0")), 8, f"{stem}1", seed=1)
    network = model(op.relu(layers, name=f"{stem}2").output(0), x)
    file = folder / "names.html"
    file.write_text(page(diagnose(network, data=images(30, shape=(1, 3, 16, 16)))), encoding="utf-8")
    chromium.problems.clear()
    chromium.open(file, width=390)
    assert chromium.value("document.documentElement.scrollWidth") <= 390
    assert chromium.problems == []
