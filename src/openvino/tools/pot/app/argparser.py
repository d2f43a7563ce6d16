"""The command's arguments for scripts that read them."""

from __future__ import annotations

import argparse

from openvino.tools.pot.cli.arguments import make_parser
from openvino.tools.pot.paths import offer


def get_common_argument_parser() -> argparse.ArgumentParser:
    """A new parser of the flags of ``pot``; it raises ConfigError for wrong ones."""
    return make_parser(with_commands=False)


offer(globals())
