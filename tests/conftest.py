"""What all tests share; this file's place also lets them import ``builders``."""

from hypothesis import settings

# The cores may be shared: a slow example says nothing about the code.
settings.register_profile("pot", deadline=None, max_examples=50)
settings.load_profile("pot")
