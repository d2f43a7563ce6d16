"""Passes over samples split over the workers of an executor: processes here, or machines of a cluster."""
