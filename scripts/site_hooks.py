"""What mkdocs asks for while it builds the site: pages that stand outside of docs, and links that lead to them.

Documents link to each other, and to files, as they lie in the repository, which is what a repository's pages and
editors show. The site has them elsewhere: the README is its home, and a file of code that a document links to is a page
of its own.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.append(str(Path(__file__).parent))
from site_reference import PAGES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
HOME = "README.md"
STARTS = (HOME, "CHANGELOG.md", "CONTRIBUTING.md", "examples/README.md")
"""Pages outside of docs that are there, whoever links to them."""

_CODE = re.compile(r"^```[\s\S]*?^```$|^    .*$|`[^`\n]+`", re.MULTILINE)
_ITEM = re.compile(r"(?:-|\d+\.) ")
_NUMBER = re.compile(r"^( *\d+)\.(?= )")
"""A number at the end of a sentence that a new line begins with, in a paragraph that is no numbered list."""
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_LANGUAGES = {".py": "python", ".json": "json", ".toml": "toml", ".yml": "yaml"}
_BINARY = (".ipynb", ".png", ".svg")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation by the pages that it does not name."""
    for kept in (reached, _sources):
        kept.cache_clear()  # `mkdocs serve` builds again and again
    sections = {title: pages for entry in config.nav or () for title, pages in entry.items()}
    named = set(_pages(config.nav))
    guides = (file.name for file in sorted(DOCS.glob("*.md")))
    sections["Guides"] += [page for page in guides if page not in named]
    samples = sorted(ROOT.glob("examples/*/README.md"))
    sections["Samples"] += [
        {"All scripts": "examples/README.md"}, *(path.relative_to(ROOT).as_posix() for path in samples)
    ]  # fmt: skip
    (decisions,) = (entry["Decisions"] for entry in sections["Inside"] if "Decisions" in entry)
    decisions += [f"decisions/{file.name}" for file in sorted(DOCS.glob("decisions/0*.md"))]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what stands outside of docs, and what is made from the code."""
    for path in reached():
        if not path.startswith("docs/"):
            files.append(_outside(config, path))
    for name, make in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=make()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where the site has what they mean."""
    here = page.file.src_uri
    if page.parent is None:
        page.meta["hide"] = ["navigation"]  # which would be the page alone
    source = _repository_path(here)
    if source is None:
        return markdown

    def led(match: re.Match[str]) -> str:
        path, anchor = _target(source, match[2])
        if path is None:
            return match[0]
        goal = posixpath.relpath(site_path(path), posixpath.dirname(here) or ".")
        return f"{match[1]}{goal}{anchor}{match[3]}"

    return deepened(outside_code(markdown, lambda text: _LINK.sub(led, text)))


def deepened(markdown: str) -> str:
    """Lists as Python's Markdown wants them.

    What belongs to an item stands four deep, where GitHub takes two or three, and behind an item with paragraphs of its
    own there is an empty line.
    """
    lines: list[str] = []
    is_fenced, own, has_parts = False, 0, False
    for line in markdown.split("\n"):
        is_fenced ^= line.startswith("```")
        if own < 3 and lines and lines[-1] and not is_fenced:
            line = _NUMBER.sub(r"\1\\.", line)
        depth = len(line) - len(line.lstrip())
        item = None if is_fenced else _ITEM.match(line)
        if item:
            lines += [""] if has_parts and lines[-1] else []
            own, has_parts = len(item[0]), False
        elif line and depth < own:
            own = 0
        elif line and own:
            has_parts |= not lines[-1]
        lines.append(f"{' ' * (4 - own)}{line}" if own and line and not item else line)
    return "\n".join(lines)


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Change a document, but for its code."""
    pieces, last = [], 0
    for code in _CODE.finditer(markdown):
        pieces += [change(markdown[last : code.start()]), code[0]]
        last = code.end()
    return "".join([*pieces, change(markdown[last:])])


def links(markdown: str) -> list[str]:
    """Where the links of a document lead, in its own words."""
    return [link[1] for link in _LINK.findall(_CODE.sub("", markdown))]


@cache
def reached() -> tuple[str, ...]:
    """Files of the repository that the site shows: all of docs, and what documents link to, paths from the root."""
    waiting = [*STARTS, *(file.relative_to(ROOT).as_posix() for file in sorted(DOCS.rglob("*.md")))]
    seen = dict.fromkeys(waiting)
    while waiting:
        path = waiting.pop()
        if path.endswith(".md"):
            targets = (_target(path, link)[0] for link in links((ROOT / path).read_text(encoding="utf-8")))
            fresh = [goal for goal in targets if goal and goal not in seen and (ROOT / goal).exists()]
            seen.update(dict.fromkeys(fresh))
            waiting += fresh
    return tuple(seen)


def site_path(path: str) -> str:
    """Where the site has a file of the repository."""
    if path == HOME:
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return path if path.endswith((".md", *_BINARY)) else f"{path}.md"


def _target(source: str, link: str) -> tuple[str | None, str]:
    """The file of the repository that a link in a document means, None for others, and its anchor."""
    path, mark, anchor = link.partition("#")
    if not path or "://" in path or path.startswith("mailto:"):
        return None, ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path)), mark + anchor


@cache
def _sources() -> dict[str, str]:
    return {site_path(path): path for path in reached()}


def _repository_path(site: str) -> str | None:
    return _sources().get(site)


def _outside(config: MkDocsConfig, path: str) -> File:
    file = ROOT / path
    if path.endswith((".md", *_BINARY)):
        return File.generated(config, site_path(path), abs_src_path=str(file))
    name = f"# {path}\n\n"
    if file.is_dir():
        listed = "\n".join(f"- `{each.name}`" for each in sorted(file.iterdir()) if each.suffix)
        return File.generated(config, site_path(path), content=name + listed)
    text = file.read_text(encoding="utf-8").rstrip()
    language = _LANGUAGES.get(PurePosixPath(path).suffix, "text")
    return File.generated(config, site_path(path), content=f"{name}```{language}\n{text}\n```\n")


def _pages(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from _pages(each)
