"""Write the schemas of what commands print with `--format json` into docs/schema, one file a command.

python scripts/schemas.py
"""

from __future__ import annotations

import json
from pathlib import Path

from openvino.tools.pot.cli.forms import FORMS, schema_of

FOLDER = Path(__file__).resolve().parents[1] / "docs/schema"


def texts() -> dict[str, str]:
    """Name of a file -> what stands in it."""
    return {f"{command}.json": json.dumps(schema_of(command), indent=2) + "\n" for command in FORMS}


def main() -> None:
    """Write all of them; what there was of others goes."""
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.json"):
        file.unlink()
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
