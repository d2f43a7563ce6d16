"""Codes and enumerations of the Inference Engine API, with the numbers they had."""

from __future__ import annotations

from enum import Enum, IntEnum


class WaitMode(IntEnum):
    """Special values of a timeout."""

    RESULT_READY = -1
    STATUS_ONLY = 0


class StatusCode(IntEnum):
    """What a request says about itself."""

    OK = 0
    GENERAL_ERROR = -1
    NOT_IMPLEMENTED = -2
    NETWORK_NOT_LOADED = -3
    PARAMETER_MISMATCH = -4
    NOT_FOUND = -5
    OUT_OF_BOUNDS = -6
    UNEXPECTED = -7
    REQUEST_BUSY = -8
    RESULT_NOT_READY = -9
    NOT_ALLOCATED = -10
    INFER_NOT_STARTED = -11
    NETWORK_NOT_READ = -12


class MeanVariant(Enum):
    """How a mean is subtracted from an input."""

    MEAN_IMAGE = 0
    MEAN_VALUE = 1
    NONE = 2


class ResizeAlgorithm(Enum):
    """How an input is resized."""

    NO_RESIZE = 0
    RESIZE_BILINEAR = 1
    RESIZE_AREA = 2


class ColorFormat(Enum):
    """How the colours of an input are stored."""

    RAW = 0
    RGB = 1
    BGR = 2
    RGBX = 3
    BGRX = 4
    NV12 = 5
    I420 = 6
