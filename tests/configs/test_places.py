"""Errors know their place as data: what the user gave, and the keys that lead to the fault."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from openvino.tools.pot import IEEngine, create_pipeline, load_model
from openvino.tools.pot.cli.cascades import for_model
from openvino.tools.pot.cli.config import Config
from openvino.tools.pot.engines.simplified_engine import SimplifiedEngine
from openvino.tools.pot.utils.errors import ConfigError, DataError, Place, PotError, placed

PARAMS = "DefaultQuantization params"


def refused(call: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        call()
    assert str(caught.value) == f"{caught.value.where}: {caught.value.sentence}"
    return caught.value


def algorithm(**params: Any) -> list[dict[str, Any]]:
    return [{"name": "DefaultQuantization", "params": params}]


WRONG = {
    "a parameter": (lambda: create_pipeline(algorithm(preset="fast"), None), PARAMS, "preset"),
    "a parameter below": (lambda: create_pipeline(algorithm(weights={"bits": 3}), None), PARAMS, "weights.bits"),
    "an unknown one": (lambda: create_pipeline(algorithm(weights={"bit": 8}), None), PARAMS, "weights"),
    "an unknown one called as a type is": (
        lambda: create_pipeline([{"name": "DefaultQuantization", "params": {"weights": {"bitss": 8, "int": 1}}}], None),
        PARAMS,
        "weights",
    ),
    "an element": (
        lambda: create_pipeline(algorithm(ignored={"operations": [{}]}), None),
        PARAMS,
        "ignored.operations[0].type",
    ),
    "an entry": (lambda: create_pipeline([*algorithm(), {"name": "Defualt"}], None), "algo_config[1]", "name"),
    "a model": (lambda: load_model({"cascade": [{"name": "a", "model": 5}]}), "model config", "cascade[0].model"),
    "an engine": (lambda: IEEngine({"batch_dim": -1}), "engine config", "batch_dim"),
    "an engine of files": (lambda: SimplifiedEngine({"data_source": 5}), "engine config", "data_source"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_an_error_has_the_place_of(name: str) -> None:
    call, what, path = WRONG[name]
    assert refused(call).where == Place(what, path)


def test_parameters_in_a_configuration_have_their_place_there() -> None:
    config = Config(
        {
            "model": {"model": "m.xml"},
            "engine": {"type": "simplified", "data_source": "images"},
            "compression": {"algorithms": algorithm(weights={"bits": 3})},
        }
    )
    error = refused(config.validate_algo_config)
    assert error.where == Place("configuration", "compression.algorithms[0].params.weights.bits")
    config.compression.algorithms[0].params = {"weights": {"bit": 8}}
    assert refused(config.validate_algo_config).where.path == "compression.algorithms[0].params.weights"


def test_places_lead_on_and_into_each_other() -> None:
    place = Place("a.json", "models").at(0, "name")
    assert str(place) == "a.json: models[0].name"
    assert place.over(Place("model config", "x[1]")) == Place("a.json", "models[0].name.x[1]")
    assert place.over(Place("model config")) == place
    assert Place("a.json", "list").over(Place("items", "[1].x")) == Place("a.json", "list[1].x")
    assert str(place.around(Place("sample 3", "x"))) == "a.json: models[0].name: sample 3: x"
    assert place.around(Place("", "x")).path == "models[0].name.x"


def test_an_error_is_placed_where_it_comes_from() -> None:
    with pytest.raises(ConfigError) as caught, placed(Place("a.json", "engine"), ConfigError):
        raise DataError("it is empty", "sample 3")
    assert str(caught.value) == "a.json: engine: sample 3: it is empty"
    assert caught.value.sentence == "it is empty"
    with pytest.raises(DataError, match=r"^engine: it is empty$"), placed("engine"):
        raise DataError("it is empty")


def test_an_error_keeps_its_place_between_processes() -> None:
    error = pickle.loads(pickle.dumps(ConfigError("it is\nwrong", Place("a.json", "x"))))
    assert (str(error), error.where, type(error)) == (
        "a.json: x: it is wrong",
        Place("a.json", "x"),
        ConfigError,
    )
    assert str(PotError()) == ""


NAMES = ("pnet", "rnet")
WHERE = Place(PARAMS)


def test_parameters_for_a_model_of_a_cascade() -> None:
    params = {
        "preset": "mixed",
        "ignored": {"pnet": {"scope": ["a"]}},
        "by_model": {"rnet": {"preset": "accuracy"}},
    }
    assert for_model(params, "pnet", NAMES, WHERE) == {"preset": "mixed", "ignored": {"scope": ["a"]}}
    assert for_model(params, "rnet", NAMES, WHERE) == {"preset": "accuracy", "ignored": {}}
    plain = {"ignored": {"scope": ["a"]}}
    assert for_model(plain, "pnet", NAMES, WHERE) == plain


@pytest.mark.parametrize(
    ("params", "path", "sentence"),
    [
        ({"by_model": {"rnett": {}}}, "by_model", "expected one of pnet, rnet, found 'rnett'; did you mean 'rnet'?"),
        ({"by_model": {"rnet": {"seed": 1}}}, "by_model.rnet.seed", "it is the same for all models"),
        ({"by_model": {"rnet": 3}}, "by_model.rnet", "found 3, expected a mapping"),
        ({"by_model": [3]}, "by_model", "found [3], expected a mapping of model name to what is other for it"),
        ({"ignored": {"a": {}}}, "ignored", "expected one of pnet, rnet, found 'a'"),
        (
            {"by_model": {"rnet": {"ignored": {"a": {}}}}},
            "by_model.rnet.ignored",
            "expected one of pnet, rnet, found 'a'",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_for_a_model_is_named(params: dict[str, Any], path: str, sentence: str) -> None:
    error = refused(lambda: for_model(params, "rnet", NAMES, WHERE))
    assert (error.where, error.sentence) == (WHERE.at(*path.split(".")), sentence)


def test_by_model_is_for_cascades() -> None:
    error = refused(lambda: for_model({"by_model": {"net": {}}}, "net", ["net"], WHERE))
    assert error.sentence == "by_model is for cascades, found the single model 'net'"
