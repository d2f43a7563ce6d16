"""Old name of openvino.tools.pot.configs.config."""

from openvino.tools.pot.configs.config import Config as Config
