"""``convert_model`` with the arguments of Model Optimizer, on ``openvino.convert_model``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openvino as ov
from openvino import layout_helpers, opset13
from openvino._offline_transformations import compress_model_transformation

from openvino.tools.pot.legacy.mo.arguments import Arguments, is_given, read
from openvino.tools.pot.legacy.mo.inputs import Input, read_inputs
from openvino.tools.pot.legacy.mo.layouts import Layouts
from openvino.tools.pot.legacy.mo.preprocessing import given_layouts, preprocessed
from openvino.tools.pot.legacy.mo.transform import apply_transformations
from openvino.tools.pot.utils.errors import ConfigError, ModelError, nearest, reason


def convert_model(input_model: Any = None, **arguments: Any) -> ov.Model:
    """Convert a model of a framework, as Model Optimizer did.

    Args:
        input_model: the path of a model file or folder, or a model in the memory of its framework.
        arguments: ``input``, ``output``, ``input_shape``, ``batch``, ``mean_values``, ``scale_values``, ``scale``,
            ``reverse_input_channels``, ``layout``, ``source_layout``, ``target_layout``, ``compress_to_fp16``,
            ``data_type``, ``model_name``, ``framework``, ``example_input``, ``extensions``, ``transform``,
            ``saved_model_dir``, ``disable_mmap``, ``silent``, ``log_level``; any other one of Model Optimizer's is
            taken at its default only.

    Returns:
        The converted model.

    Raises:
        ConfigError: an argument is unknown, has no counterpart today, or doesn't fit the model.
        ModelError: the model can't be converted.
    """
    asked = read({"input_model": input_model, **arguments})
    inputs = read_inputs(asked.input, asked.input_shape)
    model = _converted(asked, inputs)
    model = _with_outputs(_in_order(model, [each.name for each in inputs if each.name]), asked.output)
    if asked.batch is not None:
        _set_batch(model, asked)
    if asked.halves:
        # Before the means are there: they stay exact.
        compress_model_transformation(model)
    model = preprocessed(model, asked)
    _note(model, asked)
    apply_transformations(model, asked.transform)
    name = asked.model_name or _stem(asked)
    if name:
        model.set_friendly_name(name)
    return model


def _note(model: ov.Model, asked: Arguments) -> None:
    """Leave in the model, as Model Optimizer did, what is done to its images in it."""
    for name in ("mean_values", "scale_values", "scale", "reverse_input_channels"):
        value = getattr(asked, name)
        if is_given(value) and value is not False:
            model.set_rt_info(str(value), ["conversion_parameters", name])


def _converted(asked: Arguments, inputs: list[Input]) -> ov.Model:
    source = asked.input_model if asked.input_model is not None else asked.saved_model_dir
    if isinstance(source, (str, os.PathLike)) and not Path(source).exists():
        raise ModelError(f"model file {str(source)!r} does not exist")
    extensions = _extensions(asked.extensions)
    verbose = not asked.silent or asked.log_level.upper() in ("INFO", "DEBUG")
    try:
        model: ov.Model = ov.convert_model(
            source,
            input=[each.as_tuple() for each in inputs] or None,
            example_input=_example(asked, inputs),
            extension=extensions,
            verbose=verbose,
            share_weights=not asked.disable_mmap,
        )
    except Exception as error:
        is_path = isinstance(source, (str, os.PathLike))
        what = repr(str(source)) if is_path else f"of type {type(source).__name__}"
        raise ModelError(f"model {what} can't be converted: {reason(error)}") from error
    return model


def _example(asked: Arguments, inputs: list[Input]) -> Any:
    """The given example; for a PyTorch module without one, zeros of the shapes, as Model Optimizer traced with."""
    torch = sys.modules.get("torch")
    shapes = [each.shape for each in inputs]
    if asked.example_input is not None or torch is None or not isinstance(asked.input_model, torch.nn.Module):
        return asked.example_input
    if not shapes or any(shape is None or shape.is_dynamic for shape in shapes):
        return None
    return tuple(torch.zeros(list(shape.to_shape())) for shape in shapes if shape is not None)


def _extensions(given: Any) -> Any:
    """Libraries and extension objects; folders were for the front ends of old, which are gone."""
    if not is_given(given):
        return None
    each_one = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else [given]
    for each in each_one:
        if isinstance(each, (str, os.PathLike)) and not Path(each).is_file():
            raise ConfigError(f"convert_model: extensions has {str(each)!r}, expected the file of a library")
    return each_one


def _in_order(model: ov.Model, names: list[str]) -> ov.Model:
    """The model with its inputs in the order of their names, if all of them are named."""
    parameters = model.get_parameters()
    by_name = {
        name: parameter
        for parameter in parameters
        for name in (parameter.get_friendly_name(), *parameter.output(0).get_names())
    }
    chosen = [by_name[name] for name in names if name in by_name]
    places = [parameters.index(parameter) for parameter in chosen]
    if sorted(places) != list(range(len(parameters))) or places == sorted(places):
        return model
    return ov.Model(model.get_results(), model.get_sinks(), chosen, model.get_friendly_name())


def _with_outputs(model: ov.Model, given: Any) -> ov.Model:
    """The model cut at the outputs that are named, in their order."""
    names = given.split(",") if isinstance(given, str) else list(given or ())
    if not names:
        return model
    known = {name: output for node in model.get_ordered_ops() for name, output in _outputs(node)}
    for name in names:
        if name.strip() not in known:
            raise ConfigError(f"convert_model: output {name!r} is not in the model{nearest(name, known)}")
    results = [_result(known[name.strip()]) for name in names]
    sinks = model.get_sinks()
    needed = _needed([*results, *sinks])
    parameters = [each for each in model.get_parameters() if each.get_friendly_name() in needed]
    return ov.Model(results, sinks, parameters, model.get_friendly_name())


def _outputs(node: ov.Node) -> Iterable[tuple[str, ov.Output]]:
    """The outputs of a node by all their names."""
    if node.get_type_name() == "Result":
        return
    name = node.get_friendly_name()
    for output in reversed(node.outputs()):
        yield f"{name}:{output.get_index()}", output
        yield name, output
        for each in output.get_names():
            yield each, output


def _result(output: ov.Output) -> Any:
    """The result that an output has, or a new one."""
    for reader in output.get_target_inputs():
        if reader.get_node().get_type_name() == "Result":
            return reader.get_node()
    if not output.get_names():
        output.set_names({output.get_node().get_friendly_name()})
    return opset13.result(output)


def _needed(ends: list[ov.Node]) -> set[str]:
    """The names of all nodes that lead to some others, and of these."""
    needed, waiting = set(), list(ends)
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() not in needed:
            needed.add(node.get_friendly_name())
            waiting += [value.get_node() for value in node.input_values()]
    return needed


def _set_batch(model: ov.Model, asked: Arguments) -> None:
    """Set the dimension of the batch: where the layout says N, otherwise the first."""
    layouts, _ = given_layouts(model, asked)
    shapes = {}
    for position, port in enumerate(model.inputs):
        shape = port.get_partial_shape()
        if shape.rank.is_dynamic or not shape.rank.get_length():
            continue
        layout = layouts.get(position, Layouts()).source
        if layout is not None and not layout_helpers.has_batch(layout):
            continue
        axis = 0 if layout is None else layout_helpers.batch_idx(layout)
        shape[axis % shape.rank.get_length()] = asked.batch
        shapes[port] = shape
    try:
        model.reshape(shapes)
    except RuntimeError as error:
        raise ConfigError(
            f"convert_model: batch is {asked.batch}, which the model can't have: {reason(error)}"
        ) from error


def _stem(asked: Arguments) -> str:
    source = asked.input_model if asked.input_model is not None else asked.saved_model_dir
    return Path(source).stem if isinstance(source, (str, os.PathLike)) else ""
