"""Old name of openvino.tools.pot.pipeline.initializer."""

from openvino.tools.pot.pipeline.initializer import create_pipeline as create_pipeline
