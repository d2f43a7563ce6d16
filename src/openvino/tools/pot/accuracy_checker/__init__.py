"""Configurations of OpenVINO's Accuracy Checker: datasets, preprocessing, adapters and metrics, as far as built."""
