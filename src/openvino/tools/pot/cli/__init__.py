"""The ``pot`` command."""
