"""Small models by which a device is asked what it runs in 8 bits, and whether that is right."""
