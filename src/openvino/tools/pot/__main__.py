"""``python -m openvino.tools.pot``, the same as ``pot``."""

import sys

from openvino.tools.pot.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
