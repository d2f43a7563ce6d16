"""See whether what stands here is the release that a tag says, before it is built.

python scripts/check_release.py v0.1.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from metadata_hook import version_in

ROOT = Path(__file__).resolve().parents[1]


def complaints(tag: str, version: str, changelog: str) -> list[str]:
    """A sentence for everything that does not fit.

    Args:
        tag: that was pushed.
        version: of the package.
        changelog: its text, in the form of Keep a Changelog.
    """
    found = (
        [] if tag == f"v{version}" else [f"the tag is {tag!r}, expected 'v{version}', as version.py has it"]
    )
    head = re.search(r"^## \[([^\]]+)\](?: - (.+))?$", changelog, re.MULTILINE)
    if head is None or head[1] != version:
        found.append(f"CHANGELOG.md begins with {head[1] if head else 'nothing'!r}, expected {version!r}")
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", head[2] or ""):
        found.append(f"CHANGELOG.md dates {version} {head[2]!r}, expected a date such as 2026-12-01")
    return found


def main(tag: str) -> int:
    """Print what does not fit; returns the exit code."""
    version = version_in(ROOT / "src/openvino/tools/pot/version.py")
    found = complaints(tag, version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    print(*found or [f"{tag} it is"], sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
