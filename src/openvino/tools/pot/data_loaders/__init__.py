"""Samples from files: images, arrays, and images made up where there are none."""
