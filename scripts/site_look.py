"""Build the site, open its pages in a browser without a window, and say what is wrong with them.

python scripts/site_look.py FOLDER            # pictures of all pages, narrow and wide, light and dark, to be looked at
python scripts/site_look.py FOLDER tutorial   # of those whose addresses hold the word

Links that lead elsewhere are listed, not followed: nothing here asks another host.
"""

from __future__ import annotations

import functools
import http.server
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from headless import Page

ROOT = Path(__file__).resolve().parents[1]
WIDTHS = (390, 1280)
_ELSEWHERE = ("http:", "https:", "mailto:", "data:", "javascript:")


def built(folder: Path) -> list[str]:
    """Build the site into a folder; returns the warnings."""
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # of mkdocs-material, which says so in an extra
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    told: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        # Not strict: a warning would end the build, and hide those after it.
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=False))
    finally:
        logger.removeHandler(handler)
    return told


class Links(HTMLParser):
    """What a page links to and shows, and the places in it that others may link to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep what is linked and what is named."""
        found = dict(attrs)
        self.targets += [value for key in ("href", "src") if (value := found.get(key))]
        self.ids |= {value for key in ("id", "name") if (value := found.get(key))}


def pages(site: Path) -> dict[str, Links]:
    """The pages of a site, by their addresses, which begin with ``/``."""
    found = sorted(site.rglob("*.html"))
    return {f"/{page.relative_to(site).as_posix().removesuffix('index.html')}": Links(page) for page in found}


def broken(site: Path, found: Mapping[str, Links]) -> list[str]:
    """Links within the site that lead nowhere: page, and target."""
    lost = []
    for address, page in found.items():
        for target in page.targets:
            parts = urlsplit(urljoin(address, target))
            goal = found.get(parts.path)
            is_file = goal is None and (site / unquote(parts.path).lstrip("/")).is_file()
            is_missed = goal is not None and parts.fragment and unquote(parts.fragment) not in goal.ids
            if not target.startswith(_ELSEWHERE) and (is_missed or not (goal or is_file)):
                lost.append(f"{address}: {target}")
    return lost


def elsewhere(found: Mapping[str, Links]) -> list[str]:
    """Addresses on other hosts."""
    return sorted({target for page in found.values() for target in page.targets if target.startswith("http")})


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a server of the site, on this machine alone."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def main(arguments: Sequence[str]) -> int:
    """Build, look, and tell; returns the exit code."""
    if not arguments:
        sys.exit("a folder for the pictures is wanted")
    sys.path.append(str(ROOT / "tests"))
    from headless import Page, browser

    program = browser()
    if program is None:
        sys.exit("no browser is here: apt-get install chromium-headless-shell")
    folder, words = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        site = Path(own, "site")
        wrong = built(site)
        found = pages(site)
        wrong += broken(site, found)
        with served(site) as address, Page(program, Path(own, "browser"), address) as page:
            for place in found:
                if not words or any(word in place for word in words):
                    _pictured(page, address + place, folder / (place.strip("/").replace("/", "-") or "home"))
            wrong += page.problems
    print("\n".join(["Elsewhere:", *elsewhere(found), "", "Wrong:", *(wrong or ["nothing"])]))
    return int(bool(wrong))


def _pictured(page: Page, address: str, file: Path) -> None:
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        for width in WIDTHS:
            page.open(address, width)
            height = page.value("document.documentElement.scrollHeight")
            page.picture(file.with_name(f"{file.name}-{width}-{scheme}.png"), min(height, 8000))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
