"""Old name of openvino.tools.pot.api.samples.utils.argument_parser."""

from openvino.tools.pot.api.samples.utils.argument_parser import get_common_argparser as get_common_argparser
