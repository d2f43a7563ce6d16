"""Whether a machine is fit to quantize, and what stands in the way."""
