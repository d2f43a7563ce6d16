"""Arithmetic on arrays: schemes, ranges, rounding, bias. Knows nothing of graphs or devices."""
