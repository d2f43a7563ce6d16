"""POT's name for ``segmentation_3d.segmentation_3d_sample``: what the sample is made of, and its command line."""

from openvino.tools.pot.api.samples.segmentation_3d.segmentation_3d_sample import *
from openvino.tools.pot.api.samples.segmentation_3d.segmentation_3d_sample import main
from openvino.tools.pot.api.samples.utils.command_line import run
from openvino.tools.pot.paths import offer

offer(globals())

if __name__ == "__main__":
    run(main)
