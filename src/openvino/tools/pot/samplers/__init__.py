"""Order and choice of samples."""
