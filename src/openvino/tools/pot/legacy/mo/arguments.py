"""Arguments of ``convert_model``: those with a counterpart, and all others, which are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from openvino.tools.pot.utils.errors import ConfigError, nearest

_FRAMEWORKS = ("onnx", "tf", "tensorflow", "tflite", "pytorch", "paddle")
_GONE_FRAMEWORKS = ("caffe", "mxnet", "kaldi")
_HALVES, _WHOLES = ("FP16", "half"), ("FP32", "float")


@dataclass(frozen=True)
class Arguments:
    """Arguments that mean something today, as the script gave them.

    ``output_dir`` is among them as the function never wrote files: only the command does.
    """

    input_model: Any = None
    framework: str | None = None
    input: Any = None
    output: Any = None
    input_shape: Any = None
    batch: int | None = None
    mean_values: Any = ()
    scale_values: Any = ()
    scale: Any = None
    reverse_input_channels: bool = False
    source_layout: Any = ()
    target_layout: Any = ()
    layout: Any = ()
    compress_to_fp16: bool = False
    data_type: str | None = None
    extensions: Any = None
    transform: Any = ""
    model_name: str | None = None
    output_dir: Any = None
    example_input: Any = None
    saved_model_dir: Any = None
    disable_mmap: bool = False
    silent: bool = True
    log_level: str = "ERROR"

    @property
    def halves(self) -> bool:
        """Whether weights are to be stored as half floats."""
        return bool(self.compress_to_fp16) or self.data_type in _HALVES


# Arguments without a counterpart, with their defaults.
DROPPED: dict[str, Any] = {
    "help": False,
    "version": None,
    "progress": False,
    "stream_output": False,
    "transformations_config": None,
    "static_shape": False,
    "freeze_placeholder_with_value": None,
    "use_legacy_frontend": False,
    "example_output": None,
    "disable_fusing": False,
    "disable_resnet_optimization": False,
    "disable_gfusing": False,
    "finegrain_fusing": None,
    "enable_concat_optimization": False,
    "keep_shape_ops": True,
    "disable_weights_compression": False,
    "generate_deprecated_IR_V7": False,
    "legacy_ir_generation": False,
    "move_to_preprocess": False,
    "input_model_is_text": None,
    "input_checkpoint": None,
    "input_meta_graph": None,
    "saved_model_tags": None,
    "tensorflow_use_custom_operations_config": None,
    "tensorflow_custom_operations_config_update": None,
    "tensorflow_object_detection_api_pipeline_config": None,
    "tensorboard_logdir": None,
    "tensorflow_custom_layer_libraries": None,
    "disable_nhwc_to_nchw": False,
    "input_symbol": None,
    "nd_prefix_name": None,
    "pretrained_model_name": None,
    "save_params_from_nd": None,
    "legacy_mxnet_model": None,
    "enable_ssd_gluoncv": False,
    "input_proto": None,
    "caffe_parser_path": None,
    "k": None,
    "disable_omitting_optional": False,
    "enable_flattening_nested_params": False,
    "counts": None,
    "remove_output_softmax": False,
    "remove_memory": False,
}
# What OpenVINO does anyway: it has no other front ends than the new ones.
_GRANTED = {"use_new_frontend": (True, False, None)}


def read(given: Mapping[str, Any]) -> Arguments:
    """Check arguments by name.

    Raises:
        ConfigError: one is unknown, has no counterpart, or contradicts another.
    """
    known = [field.name for field in fields(Arguments)]
    for name, value in given.items():
        if name in known or value in _GRANTED.get(name, ()):
            continue
        if name not in DROPPED:
            raise ConfigError(f"convert_model: there is no argument {name!r}{nearest(name, known)}")
        if value is not None and value is not False and value != DROPPED[name] and value not in ((), ""):
            raise ConfigError(
                f"convert_model: argument {name!r} is {value!r}, but what it did has no counterpart in OpenVINO"
            )
    arguments = Arguments(**{name: value for name, value in given.items() if name in known})
    _check(arguments)
    return arguments


def _check(arguments: Arguments) -> None:
    if arguments.framework in _GONE_FRAMEWORKS:
        raise ConfigError(
            f"convert_model: framework is {arguments.framework!r}, which OpenVINO no longer reads"
        )
    if arguments.framework not in (None, *_FRAMEWORKS):
        known = ", ".join(_FRAMEWORKS)
        raise ConfigError(f"convert_model: framework is {arguments.framework!r}, expected one of {known}")
    if arguments.data_type not in (None, *_HALVES, *_WHOLES):
        known = ", ".join((*_HALVES, *_WHOLES))
        raise ConfigError(f"convert_model: data_type is {arguments.data_type!r}, expected one of {known}")
    if arguments.input_model is None and arguments.saved_model_dir is None:
        raise ConfigError("convert_model: there is no input_model, expected a path or a model")
    for one, other in (
        ("input_model", "saved_model_dir"),
        ("batch", "input_shape"),
        ("scale", "scale_values"),
        ("layout", "source_layout"),
        ("layout", "target_layout"),
    ):
        if is_given(getattr(arguments, one)) and is_given(getattr(arguments, other)):
            raise ConfigError(f"convert_model: {one} and {other} are both given, expected one of them")


def is_given(value: Any) -> bool:
    """Whether an argument was given at all."""
    return value is not None and not (isinstance(value, (str, tuple, list, dict)) and not value)
