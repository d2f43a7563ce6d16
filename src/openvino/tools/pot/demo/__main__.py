"""``python -m openvino.tools.pot.demo``: quantize the embedded digits network and compare before and after."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; returns the exit code. Ctrl-C ends it quietly at any moment, imports included."""
    try:
        from openvino.tools.pot.demo.walkthrough import run

        return run(arguments)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
