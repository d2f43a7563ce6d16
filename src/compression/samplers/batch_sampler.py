"""Old name of openvino.tools.pot.samplers.batch_sampler."""

from openvino.tools.pot.samplers.batch_sampler import BatchSampler as BatchSampler
