"""Speech: features of utterances out of Kaldi's archives, and networks that remember what they have heard."""

from openvino.tools.pot.api.samples.speech.data_loader import ArkDataLoader, Utterance
from openvino.tools.pot.api.samples.speech.engine import ArkEngine
from openvino.tools.pot.api.samples.speech.metric import FrameDecisions, ScoreError

__all__ = ["ArkDataLoader", "ArkEngine", "FrameDecisions", "ScoreError", "Utterance"]
