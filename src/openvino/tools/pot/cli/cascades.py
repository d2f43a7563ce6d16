"""What a configuration of a cascade says of one of its models: the command quantizes each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvino.tools.pot.configs.ignored import is_by_model
from openvino.tools.pot.configs.parameters import OF_ALL_MODELS
from openvino.tools.pot.utils.errors import ConfigError, Place, nearest


def for_model(params: Mapping[str, Any], name: str, names: Sequence[str], where: Place) -> dict[str, Any]:
    """The parameters of an algorithm for one of the models that it quantizes together.

    Args:
        params: as they are given; of a cascade, ``by_model`` says what is other for some of its models, and
            ``ignored`` may be a mapping of model name to scope.
        name: of the model.
        names: of all models.
        where: the parameters stand.

    Returns:
        Parameters without ``by_model``, with the model's own scope.

    Raises:
        ConfigError: a model is unknown, or a parameter can't differ between models.
    """
    by_model = params.get("by_model")
    if by_model and len(names) == 1:
        raise ConfigError(f"by_model is for cascades, found the single model {name!r}", where)
    own = _of_name(by_model or {}, name, names, where.at("by_model"))
    for key in own:
        if key in OF_ALL_MODELS:
            raise ConfigError("it is the same for all models", where.at("by_model", name, key))
    found = {key: value for key, value in {**params, **own}.items() if key != "by_model"}
    if is_by_model(found.get("ignored")):
        at = where.at("by_model", name, "ignored") if "ignored" in own else where.at("ignored")
        found["ignored"] = _of_name(found["ignored"], name, names, at)
    return found


def _of_name(mapping: Any, name: str, names: Sequence[str], where: Place) -> Mapping[str, Any]:
    """What a mapping of names says of one of them."""
    if not isinstance(mapping, Mapping):
        raise ConfigError(
            f"found {mapping!r}, expected a mapping of model name to what is other for it", where
        )
    for key, value in mapping.items():
        if key not in names:
            raise ConfigError(
                f"expected one of {', '.join(names)}, found {key!r}{nearest(str(key), names)}", where
            )
        if not isinstance(value, Mapping):
            raise ConfigError(f"found {value!r}, expected a mapping", where.at(key))
    found: Mapping[str, Any] = mapping.get(name, {})
    return found
