"""Old name of openvino.tools.pot.utils.logger."""

from openvino.tools.pot.utils.logger import get_logger as get_logger
from openvino.tools.pot.utils.logger import init_logger as init_logger
