"""What the program ``mo`` of old scripts runs."""

import sys

from openvino.tools.pot.legacy.mo.command import main

sys.exit(main())
