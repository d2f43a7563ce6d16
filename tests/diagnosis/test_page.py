"""The page of a diagnosis, without a browser: all is there, no text of a model is markup, nothing is fetched."""

from __future__ import annotations

import html
import json
import re
import sys
from html.parser import HTMLParser

import pytest
from hand_made import NASTY, cause, diagnosis, layer

from openvino.tools.pot.diagnosis.causes import CAUSES
from openvino.tools.pot.diagnosis.facts import Diagnosis
from openvino.tools.pot.diagnosis.page import figure, flags, page, tiles
from openvino.tools.pot.utils.errors import ConfigError

MOST_BYTES = 5_000_000
VOID = {"meta", "link", "input", "br", "img"}


@pytest.fixture(scope="module")
def text() -> str:
    return page(diagnosis())


class Outline(HTMLParser):
    """Elements, their attributes, and the text of those that are seen; fails where they are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[str] = []
        self.data = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.data = self.data or data
        elif self.open[-1:] != ["style"]:
            self.seen.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.seen).split())


def test_all_that_is_known_is_told(text: str) -> None:
    words = Outline(text).words
    found = diagnosis()
    wanted = [
        "Worse", found.sentence, "18.3 dB", "2.4 → 0.9 ms", "0.31 → 0.079 MB", "10 of 12",
        "leaving conv_5 in float", "+6.4", "costs 0.02 of 0.9 ms", 'quantize(model, data, **{\'ignored\'',
        *(own.node for own in found.layers), "scores", "labels", "97", "100 samples; 60 of them",
        "Sample 17 stretches 4 ranges, sample 3 stretches 1 range.", CAUSES["few_samples"].means, found.notes[0],
        "openvino-pot 1.0", "A processor", "diagnose('hand <made>', data=data, samples=100, device='CPU')",
    ]  # fmt: skip
    assert not [each for each in wanted if " ".join(each.split()) not in words]


def test_texts_of_a_model_are_never_markup(text: str) -> None:
    outline = Outline(text)
    assert NASTY not in text
    assert not [tag for tag, _ in outline.tags if tag == "b"]
    assert json.loads(outline.data)["facts"]["layers"][1]["node"] == NASTY
    assert NASTY in {attributes.get("data-node") for _, attributes in outline.tags}
    assert len([tag for tag, _ in outline.tags if tag == "script"]) == 2
    assert html.escape("hand <made>") in text


def test_the_page_holds_the_whole_diagnosis(text: str) -> None:
    assert Diagnosis.model_validate(json.loads(Outline(text).data)["facts"]) == diagnosis()


def test_nothing_is_fetched(text: str) -> None:
    own = page(diagnosis(notes=()))
    assert not re.findall(r"https?:|//[a-z]|@import|\bimport\s*\(|fetch\(|XMLHttp", own)
    assert "url(#" in text and not re.findall(r"url\((?!#)", text)
    for tag, attributes in Outline(text).tags:
        for name in ("src", "href"):
            value = attributes.get(name) or "#"
            assert value == "data:," or value.startswith("#"), f"{tag} asks for {value}"
    policy = [attributes["content"] for _, attributes in Outline(text).tags if "http-equiv" in attributes]
    assert (policy[0] or "").startswith("default-src 'none'")


def test_a_thousand_layers_are_small_enough() -> None:
    many = tuple(
        layer(order, 1e-3, node=f"module/block_{order}/a_long_name_of_a_convolution") for order in range(2000)
    )
    assert len(page(diagnosis(layers=many)).encode()) < MOST_BYTES


def test_the_same_diagnosis_gives_the_same_page(text: str) -> None:
    assert page(diagnosis()) == text


def test_little_that_is_known_makes_a_page_as_well() -> None:
    little = diagnosis(layers=(), remedies=(), causes=(), notes=(), outputs=(), verdict="no gain")
    words = Outline(page(little)).words
    assert "No gain" in words and "Nothing was tried" in words
    seen = diagnosis().calibration.model_copy(update={"enough": None, "samples": 1, "stretching": ()})
    assert "1 sample; ranges still grew" in Outline(page(diagnosis(calibration=seen))).words


def test_a_metric_stands_first_where_one_is_known() -> None:
    found = diagnosis(metric=("accuracy", 0.9123, 0.8876))
    assert tiles(found)[0].value == "0.9123 → 0.8876"
    assert "accuracy" in Outline(page(found)).words


def test_flags_are_of_the_worst_layers_with_what_helps_them() -> None:
    found = flags(diagnosis())
    assert [(flag.rank, flag.layer.node) for flag in found] == [(3, "conv_2"), (1, "conv_5"), (2, NASTY)]
    best = next(flag for flag in found if flag.rank == 1)
    assert best.remedy is not None and best.remedy.title == "leaving conv_5 in float"
    assert [flag.remedy for flag in found if flag.rank != 1] == [None, None]


@pytest.mark.long
@pytest.mark.parametrize("name", CAUSES)
def test_every_cause_has_its_words(name: str) -> None:
    found = diagnosis(
        layers=(layer(0, 1.0, causes=(cause(name, "conv_1"),)),), causes=(cause(name, "conv_1"),)
    )
    text = page(found)
    assert html.escape(CAUSES[name].title, quote=False) in html.unescape(text)
    assert json.loads(Outline(text).data)["kinds"][name]["helps"] == CAUSES[name].helps


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (0.0, "0"), (0.12345, "0.123"), (12.345, "12.3"), (123.4, "123"), (12345.6, "12,346"), (-1.5, "-1.5"),
     (2.5e7, "2.50e+07"), (3e-6, "3.00e-06"), (99.96, "100")],
)  # fmt: skip
def test_figures_are_short(value: float | None, shown: str) -> None:
    assert figure(value) == shown


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigError, match=r"pages need jinja2: pip install jinja2 \(or '\.\[report\]'"):
        page(diagnosis())
