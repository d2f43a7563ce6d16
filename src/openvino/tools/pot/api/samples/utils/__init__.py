"""What samples share."""
