"""Errors, logging, progress."""
