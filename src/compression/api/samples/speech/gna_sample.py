"""Old name of openvino.tools.pot.api.samples.speech.gna_sample."""

from openvino.tools.pot.api.samples.speech.gna_sample import ArkDataLoader as ArkDataLoader
from openvino.tools.pot.api.samples.speech.gna_sample import main as main
