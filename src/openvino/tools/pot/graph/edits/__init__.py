"""Edits of a model, one kind a file."""
