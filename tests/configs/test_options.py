"""What type checkers are told of keywords is what there is."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from openvino.tools.pot import diagnose, quantize, shortcut
from openvino.tools.pot.configs.options import FurtherOptions, ModelType, Options, PresetName, TargetDevice
from openvino.tools.pot.configs.parameters import DefaultQuantizationParameters
from openvino.tools.pot.diagnosis import frontier
from openvino.tools.pot.hardware import _devices, find_device

FIELDS = DefaultQuantizationParameters.model_fields


def words(hint: Any) -> set[str]:
    """All that a type with choices takes."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return set().union(*(words(each) for each in get_args(hint)))


def test_options_are_all_parameters_of_the_algorithm() -> None:
    assert set(get_type_hints(Options)) == set(FIELDS)


def test_options_of_quantize_are_these_and_its_own_arguments() -> None:
    arguments = inspect.signature(quantize).parameters
    named = {name for name, each in arguments.items() if each.kind is inspect.Parameter.KEYWORD_ONLY}
    taken = set(shortcut.QuantizeOptions.__annotations__) | set(FurtherOptions.__annotations__)
    assert taken == (set(FIELDS) - {"stat_subset_size"}) | named - {"report"}


@pytest.mark.parametrize("name", sorted(name for name, field in FIELDS.items() if words(field.annotation)))
def test_words_that_are_offered_are_those_that_are_taken(name: str) -> None:
    aliases = {"symmetric", "asymmetric"} if name == "preset" else set()
    assert words(get_type_hints(Options)[name]) == words(FIELDS[name].annotation) | aliases


def test_every_word_is_taken() -> None:
    for preset in get_args(PresetName):
        assert DefaultQuantizationParameters(preset=preset).preset is not None
    for kind in get_args(ModelType):
        assert DefaultQuantizationParameters(model_type=kind).model_type == kind


def test_devices_are_those_of_the_tables() -> None:
    assert set(get_args(TargetDevice)) == set(_devices())


def test_an_enumeration_of_another_tool_still_names_a_device() -> None:
    assert find_device(Enum("Target", {"CPU": "CPU"})["CPU"]).name == "CPU"


@pytest.mark.parametrize("function", [diagnose, frontier])
def test_diagnoses_take_them_as_well(function: Any) -> None:
    assert inspect.signature(function).parameters["parameters"].annotation == "Unpack[Options]"
