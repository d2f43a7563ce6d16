"""What the build says of the package that depends on where its repository is: addresses, and the links of the README.

Hatchling runs it. The address comes from POT_REPOSITORY, which the release workflow sets to that of the repository it
runs in, else from `repository` in pyproject.toml. Links within the repository lead there, to the tag of the version.
Without an address a package has none, and the README is its text without these links: nothing leads nowhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

README = "README.md"
_IMAGE = re.compile(r"!\[([^\]]*)\]\((?!https?://)([^)\s]+)\)\n?")
_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!https?://|#)([^)\s]+)\)")


class RepositoryHook(MetadataHookInterface):
    """Sets `urls` and `readme`, which pyproject.toml lists as dynamic."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Complete the metadata of a build."""
        address = os.environ.get("POT_REPOSITORY", self.config.get("repository", "")).rstrip("/")
        text = Path(self.root, README).read_text(encoding="utf-8")
        tag = "v" + version_in(Path(self.root, "src/openvino/tools/pot/version.py"))
        metadata["urls"] = urls(address, tag)
        metadata["readme"] = {"content-type": "text/markdown", "text": readme(text, address, tag)}


def version_in(file: Path) -> str:
    """The version that a file says."""
    found = re.search(r'^__version__ = "([^"]+)"$', file.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} says no version")
    return found[1]


def urls(address: str, tag: str) -> dict[str, str]:
    """What the package index links to; nothing without an address."""
    if not address:
        return {}
    return {
        "Source": address,
        "Documentation": f"{address}/blob/{tag}/README.md",
        "Changelog": f"{address}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }


def readme(text: str, address: str, tag: str) -> str:
    """The README for a place other than the repository.

    Args:
        text: as it stands there.
        address: of the repository; empty: links within it become plain text, and its images are left out.
        tag: of the version.
    """
    if not address:
        return _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _IMAGE.sub(rf"![\1]({address}/raw/{tag}/\2)\n", text)
    return _LINK.sub(rf"[\1]({address}/blob/{tag}/\2)", text)
