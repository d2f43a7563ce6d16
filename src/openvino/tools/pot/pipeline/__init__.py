"""Sequences of algorithms."""
