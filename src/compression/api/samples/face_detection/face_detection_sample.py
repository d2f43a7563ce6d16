"""Old name of openvino.tools.pot.api.samples.face_detection.face_detection_sample."""

from openvino.tools.pot.api.samples.face_detection.face_detection_sample import MTCNNEngine as MTCNNEngine
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import Recall as Recall
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import (
    WiderFaceLoader as WiderFaceLoader,
)
from openvino.tools.pot.api.samples.face_detection.face_detection_sample import main as main
