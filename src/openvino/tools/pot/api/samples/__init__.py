"""Data loaders, metrics and engines of the samples, under the names that POT's samples had."""
