"""Old name of openvino.tools.pot.api.samples.speech."""

from openvino.tools.pot.api.samples.speech.data_loader import ArkDataLoader as ArkDataLoader
