"""Old name of openvino.tools.pot.api.samples.face_detection.utils."""

from openvino.tools.pot.api.samples.face_detection.utils import bbreg as bbreg
from openvino.tools.pot.api.samples.face_detection.utils import build_image_pyramid as build_image_pyramid
from openvino.tools.pot.api.samples.face_detection.utils import calculate_iou as calculate_iou
from openvino.tools.pot.api.samples.face_detection.utils import calculate_tp as calculate_tp
from openvino.tools.pot.api.samples.face_detection.utils import calibrate_bboxes as calibrate_bboxes
from openvino.tools.pot.api.samples.face_detection.utils import cut_roi as cut_roi
from openvino.tools.pot.api.samples.face_detection.utils import generate_bounding_box as generate_bounding_box
from openvino.tools.pot.api.samples.face_detection.utils import nms as nms
from openvino.tools.pot.api.samples.face_detection.utils import reshape_to_square as reshape_to_square
