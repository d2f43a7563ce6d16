"""Datasets: files, annotations in many formats, images and how they are prepared, metrics; without OpenVINO."""
