"""Lines that documents quote are lines that the package writes: each is found among its texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from openvino.tools.pot.algorithms.checking.report import CheckReport

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/openvino/tools/pot"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
FENCES = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# What a message has of its own: names between quotes, keys and files, and the beginning of all errors.
FILLED_IN = re.compile(r"^pot: error:|'[^']*'|\S*[.\[]\S*")
# Where a format of logging has a value.
VALUE = re.compile(r"%(?:\(\w+\))?[-+ #0]*[\d.]*[sdfgir]")

GITHUB_S = "Report a vulnerability"  # what a button says


def pattern(text: str) -> str:
    """A text with anything where a value is filled in."""
    return ".*?".join(re.escape(part) for part in VALUE.split(text))


def of_node(node: ast.AST) -> str | None:
    """A text, or a text with values, as a pattern."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return pattern(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (re.escape(p.value) if isinstance(p, ast.Constant) else ".*?" for p in node.values)
        return "".join(parts)
    return None


@cache
def texts() -> tuple[re.Pattern[str], ...]:
    """All texts of the package with two words of their own and more."""
    found: dict[str, None] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            written = of_node(node)
            if written is not None and len(re.findall(r"[A-Za-z]{2,}", written.replace(".*?", " "))) >= 2:
                found[written] = None
    return tuple(re.compile(each, re.DOTALL) for each in found)


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{2,}", FILLED_IN.sub("", text)))


def is_written(quote: str) -> bool:
    """Whether the quote is a part of a text of the package, or is made of texts that have nearly all of its words."""
    if any(re.escape(quote) in each.pattern for each in texts()):
        return True
    said = (match[0] for each in texts() if (match := each.search(quote)) is not None)
    left = words(quote).difference(*map(words, said))
    return len(left) <= len(words(quote)) // 6


def titles() -> set[str]:
    """Headings and cells of tables, which sentences may name."""
    whole = "\n".join(file.read_text("utf-8") for file in DOCUMENTS)
    cells = (
        cell.strip().lower()
        for row in re.findall(r"^\|(.*)\|$", whole, re.MULTILINE)
        for cell in row.split("|")
    )
    return {*re.findall(r"^#+ (.+)$", whole, re.MULTILINE), *cells}


def quotes(file: Path) -> Iterator[str]:
    """What stands in double quotes between words, three words and more."""
    prose = FENCES.sub("", file.read_text("utf-8"))
    prose = re.sub(r"^(?: {4}|\t).*$|`[^`\n]*`", "", prose, flags=re.MULTILINE)
    for quote in re.findall(r"(?<!\w)\"([A-Za-z][^\"\n]*(?:\n[^\"\n]+)?)\"(?!,\s\d{4})", prose):  # no paper
        if len(quote.split()) >= 3 and not {quote, quote.lower()} & titles() and quote != GITHUB_S:
            yield " ".join(quote.split())


def lines(file: Path) -> Iterator[str]:
    """Lines that the command or a check prints, which stand in code."""
    whole = file.read_text("utf-8")
    code = "\n".join([*re.findall(r"^ {4}.*$", whole, re.MULTILINE), *FENCES.findall(whole)])
    yield from re.findall(
        r"^ *((?:pot: error: |model: |images are fed as |input ').*?)(?:\.\.\.)?$", code, re.MULTILINE
    )


CASES = [(file, said) for file in DOCUMENTS for said in (*quotes(file), *lines(file))]


@pytest.mark.parametrize(
    ("file", "said"), CASES, ids=[f"{file.relative_to(ROOT)}: {said[:40]}" for file, said in CASES]
)
def test_what_is_quoted_is_written_by_the_package(file: Path, said: str) -> None:
    assert is_written(said)


def test_quotes_are_found_and_inventions_are_told_from_texts() -> None:
    assert len(CASES) >= 5
    assert is_written("unknown parameter 'presett'; did you mean 'preset'?")
    assert not is_written("the preset has been chosen by the wizard of parameters")


def test_lines_of_the_check_have_the_form_that_it_writes() -> None:
    """Figures in, the sentence out: the quoted line is what the report with these figures says."""
    for file in DOCUMENTS:
        for line in lines(file):
            found = re.fullmatch(
                r"model: (INT8 follows float to ([\d.]+) dB on (\d+) samples \(an error of ([\d.]+) %\); "
                r"(\d+) of (\d+) layers run in 8 bits; ([\d.]+) x as fast as float32)",
                line,
            )
            if found is None:
                continue
            decibels = float(found[2])
            assert float(found[4]) == pytest.approx(100 * 10 ** (-decibels / 20), rel=0.02)
            report = CheckReport(
                samples=int(found[3]),
                decibels=decibels,
                int8_layers=int(found[5]),
                layers=int(found[6]),
                as_fast=float(found[7]),
            )
            assert report.line == found[1]
