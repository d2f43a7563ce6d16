"""The object that ``load_model`` returns and that pipelines pass along: one model, or a cascade."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import openvino as ov

from openvino.tools.pot.graph.digest import Digest
from openvino.tools.pot.graph.writing import write_networks
from openvino.tools.pot.utils.errors import ModelError
from openvino.tools.pot.utils.files import as_path


@dataclass
class SubModel:
    """One network of a model object.

    Attributes:
        name: what files saved from it are called.
        model: the network; node names in it are unique.
        renamed: name of a node as the user gave it -> the node that took it in when operations were fused.
        namesakes: name as the user gave it -> all nodes that it means, where it means several.
        source: the file it was read from, None for a model given in memory.
        check: what was seen of it beside the float model, a ``CheckReport``; None where it was not checked.
        decided: name of a FakeQuantize, or of a layer whose bias was shifted -> who decided about it and on what
            evidence, in order; empty for models that were not quantized just now.
        weights: what became of the weights where they alone were compressed, in order; empty otherwise.
        origin: the digest of the float network that a run began with; None before.
        rewritten: the algorithms that made another float network of that one, in their order.
    """

    name: str
    model: ov.Model
    renamed: Mapping[str, str] = field(default_factory=dict)
    source: Path | None = None
    check: Any = None
    namesakes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decided: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    weights: tuple[Any, ...] = ()
    origin: Digest | None = None
    rewritten: tuple[Any, ...] = ()

    def bearers(self, name: str) -> tuple[str, ...]:
        """The nodes that a name of the user's means."""
        return self.namesakes.get(name, (self.renamed.get(name, name),))


class CompressedModel:
    """A network, or the networks of a cascade in their order.

    Args:
        submodels: at least one.
        name: the name of the whole.
        is_cascade: whether paths and nodes are told apart by submodel name.
    """

    def __init__(self, submodels: list[SubModel], name: str, is_cascade: bool = False) -> None:
        self.submodels = submodels
        self.name = name
        self.is_cascade = is_cascade

    def __iter__(self) -> Iterator[SubModel]:
        return iter(self.submodels)

    @property
    def models(self) -> list[dict[str, Any]]:
        """``[{"name": str, "model": openvino.Model}, ...]``, as POT's model object offered it."""
        return [{"name": sub.name, "model": sub.model} for sub in self.submodels]

    @property
    def check(self) -> Any:
        """What was seen of the quantized network beside the float one, of a cascade of the one that follows it worst.

        A ``CheckReport``; None where nothing was checked.
        """
        found = [sub.check for sub in self.submodels if sub.check is not None]
        return min(found, key=lambda report: report.decibels, default=None)

    def table(self) -> str:
        """What was seen of each network beside the float one, as text; of those that were checked."""
        return "\n\n".join(sub.check.table() for sub in self if sub.check is not None)

    def _repr_html_(self) -> str | None:
        """The same for notebooks; None where nothing was checked, so that these show the usual text."""
        return "".join(sub.check._repr_html_() for sub in self if sub.check is not None) or None

    def save(self, save_path: str | Path, model_name: str | None = None) -> list[dict[str, str]]:
        """Same as ``save_model(self, save_path, model_name)``."""
        folder = as_path(save_path, "save_path")
        stems = _file_stems(self, model_name)
        networks = {stem: sub.model for stem, sub in zip(stems, self, strict=True)}
        paths = write_networks(networks, folder)
        if not self.is_cascade:
            return paths
        return [{"name": sub.name, **pair} for sub, pair in zip(self, paths, strict=True)]

    def clone(self) -> CompressedModel:
        """A copy whose graphs can be edited apart; weights are shared."""
        copies = [replace(sub, model=sub.model.clone(), check=None, decided={}) for sub in self.submodels]
        return CompressedModel(copies, self.name, self.is_cascade)


def as_model(model: Any) -> CompressedModel:
    """A model object as it is, or one around an ``openvino.Model``, which is not cloned.

    Raises:
        ModelError: it is something else.
    """
    if isinstance(model, ov.Model):
        return CompressedModel([SubModel(model.get_friendly_name(), model)], model.get_friendly_name())
    if not isinstance(model, CompressedModel):
        raise ModelError(
            f"model is a {type(model).__name__}, expected what load_model gives, or an openvino.Model"
        )
    return model


def save_model(
    model: CompressedModel | ov.Model,
    save_path: str | Path,
    model_name: str | None = None,
    for_stat_collection: bool = False,
) -> list[dict[str, str]]:
    """Write a model as OpenVINO IR.

    Args:
        model: what ``load_model`` or a pipeline returned, or an ``openvino.Model``.
        save_path: folder for the files; created where absent.
        model_name: file name without extension; absent: the name that the network has in its own file, as in POT, or
            as it was loaded if that was no IR. In a cascade the name of each submodel is appended. Of a path, the
            last part counts.
        for_stat_collection: accepted as in POT, where it was for the engine; without effect.

    Returns:
        ``[{"model": path of .xml, "weights": path of .bin}]``, with ``"name"`` too in a cascade.

    Raises:
        ModelError: the files can't be written; those that were there before are intact.
        ConfigError: the folder or the name is none.
    """
    return as_model(model).save(save_path, model_name)


def _file_stems(model: CompressedModel, model_name: str | None) -> list[str]:
    if not model.is_cascade:
        return [_allowed(as_path(model_name or _own_name(model.submodels[0]), "model_name").name or "model")]
    prefix = f"{as_path(model_name, 'model_name').name}_" if model_name else ""
    stems = [Path(sub.name).name or "model" for sub in model]
    if len(set(stems)) < len(stems):  # submodels in folders of their own
        stems = [sub.name.strip("/").replace("/", "_") for sub in model]
    if len(set(stems)) < len(stems):
        raise ModelError(
            f"models of {model.name!r} would share files: {', '.join(stems)}, expected names that differ"
        )
    return [_allowed(prefix + stem) for stem in stems]


def _allowed(stem: str) -> str:
    """The name of a file; on Windows without what its names can't hold, of which ``a:b`` would write elsewhere."""
    return re.sub(r'[<>:"/\\|?*]', "_", stem) if sys.platform == "win32" else stem


def _own_name(sub: SubModel) -> str:
    """Of an IR the name in its file, as POT took it; of others what they were loaded as."""
    read_from_ir = sub.source is not None and sub.source.suffix.lower() == ".xml"
    return sub.model.get_friendly_name() if read_from_ir else sub.name
