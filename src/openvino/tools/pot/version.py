"""The version of this package, read by the build as well."""

from openvino.tools.pot.paths import offer

__version__ = "0.1.0"
INVALID_VERSION = "invalid version"


def get_version() -> str:
    """The version of this package."""
    return __version__


offer(globals())
