"""The site: it builds without a warning, leads nowhere wrong, shows what the documents say, and fits a telephone."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from headless import Page, browser
from openvino.tools.pot import __all__ as public_names

pytest.importorskip("material", reason="mkdocs-material is not installed")

ROOT = Path(__file__).resolve().parents[2]
SEEN = ("li", "pre", "table", "tr", "img", "code", "em", "strong", "h1", "h2", "h3", "blockquote")
"""Elements that both readings of Markdown, GitHub's and the site's, must find as often."""

WIDE = """(async () => {
  const root = document.documentElement;
  const seen = () => root.scrollWidth > root.clientWidth ? root.scrollWidth : 0;
  for (const until = Date.now() + 2000; seen() && Date.now() < until;)  // what slides in when the width changes
    await new Promise(done => setTimeout(done, 50));
  return seen();
})()"""


def script(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def counted(html: str) -> dict[str, int]:
    return {tag: len(re.findall(rf"<{tag}[ >/]", html)) for tag in SEEN}


def unlike_on_github(site: Path) -> list[str]:
    """Pages on which the site's Markdown finds other elements than GitHub's does."""
    from markdown_it import MarkdownIt

    hooks, github = script("site_hooks"), MarkdownIt("commonmark").enable("table")
    unlike = []
    for path in hooks.reached():
        if path.endswith(".md"):
            place = site / re.sub(r"(^|/)(README|index)$", r"\1", hooks.site_path(path).removesuffix(".md"))
            html = (place / "index.html").read_text(encoding="utf-8")
            article = html.split("<article")[1].split("</article>")[0]
            here, there = counted(article), counted(github.render((ROOT / path).read_text(encoding="utf-8")))
            unlike += [
                f"{path}: {tag}, {there[tag]} on GitHub, {here[tag]} here"
                for tag in SEEN
                if here[tag] != there[tag]
            ]
    return unlike


def looked_at(site: Path, addresses: list[str], folder: Path) -> list[str]:
    """What a browser finds wrong: pages that scroll sideways, requests to other hosts, errors of scripts."""
    look, program = script("site_look"), browser()
    if program is None:
        pytest.skip("no Chromium is here; the site itself was built and checked")
    with look.served(site) as server, Page(program, folder, server) as page:
        wrong = []
        for address in addresses:
            page.open(server + address, width=look.WIDTHS[0])
            for width in look.WIDTHS:
                page.resize(width)
                if found := page.value(WIDE):
                    wrong.append(f"{address} is {found} pixels wide where {width} are seen")
        papers = set()
        for scheme in ("light", "dark"):
            page.prefer(scheme)
            page.open(f"{server}/")
            papers.add(page.value("getComputedStyle(document.body).backgroundColor"))
        assert len(papers) == 2, papers
        return [*wrong, *page.problems]


@pytest.mark.process
def test_the_site_is_whole(tmp_path: Path) -> None:
    look = script("site_look")
    site = tmp_path / "site"
    assert look.built(site) == []
    found = look.pages(site)
    assert len(found) > 80
    assert look.broken(site, found) == []
    assert unlike_on_github(site) == []
    assert (
        looked_at(site, [address for address in found if address != "/404.html"], tmp_path / "browser") == []
    )


def test_every_public_name_is_in_the_reference() -> None:
    groups = script("site_reference").GROUPS.values()
    told = [name for *_, names in groups for name in names]
    assert sorted(told) == sorted({*public_names} - {"__version__"})


def test_flags_are_those_of_the_parser() -> None:
    text = script("site_reference").flags()
    for flag in ("`--data-source`", "`--max-memory`", "`-c`, `--config`"):
        assert flag in text
    assert text.count("## `pot ") >= 7


def test_what_tests_install_is_enough_for_the_site() -> None:
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras["docs"]) <= set(extras["dev"])


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    look = script("site_look")
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="a/#x"></a><a href="b/"></a><img src="c.svg"><a href="https://d">'
    )
    (tmp_path / "a/index.html").write_text('<h1 id="y"></h1><a href="../#">')
    found = look.pages(tmp_path)
    assert look.broken(tmp_path, found) == ["/: a/#x", "/: b/", "/: c.svg"]
    assert look.elsewhere(found) == ["https://d"]


def test_lists_are_read_as_github_reads_them() -> None:
    deepened = script("site_hooks").deepened
    assert deepened("- a\n  b\n\n  c\n- d") == "- a\n    b\n\n    c\n\n- d"
    assert deepened("a row of\n120. Then") == "a row of\n120\\. Then"
    assert deepened("1. a\n   b\n2. c\n\nd") == "1. a\n    b\n2. c\n\nd"
    assert deepened("```\n- a\n  b\n```") == "```\n- a\n  b\n```"


def test_links_in_code_stay_as_they_are() -> None:
    hooks = script("site_hooks")
    text = "[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n[g](h.md#i)"
    assert hooks.links(text) == ["b.md", "h.md#i"]
    assert hooks.outside_code(text, str.upper).startswith("[A](B.MD) `[c](d.md)`")
