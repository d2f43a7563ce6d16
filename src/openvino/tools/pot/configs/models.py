"""What says which models are read: for ``load_model``, and the section ``model`` of configuration files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino as ov
from pydantic import Field, field_validator, model_validator

from openvino.tools.pot.configs.validation import Parameters
from openvino.tools.pot.utils.files import as_path

BOOKKEEPING = frozenset(
    {
        *("exec_log_dir", "model_log_dir", "output_dir", "direct_dump", "log_algo_name"),
        *("keep_uncompressed_weights", "quantization_info"),
    }
)
"""What POT's command line wrote into the model's section beside what users write."""


class _Network(Parameters):
    model: Any = None
    weights: str | None = None

    @field_validator("model")
    @classmethod
    def _path_or_model(cls, value: Any) -> Any:
        if value is None and not cls.model_fields["model"].is_required():
            return None
        if isinstance(value, ov.Model) or (isinstance(value, str) and value):
            return value
        raise ValueError(f"expected a path or an openvino.Model, found {value!r}")

    @model_validator(mode="after")
    def _weights_fit(self) -> _Network:
        ends = Path(self.model).suffix.lower() if isinstance(self.model, str) else ""
        if self.weights and ends not in ("", ".xml"):
            raise ValueError(f"weights go with an .xml, found {self.weights!r} with model {self.model!r}")
        return self


class CascadeModel(_Network):
    """One model of a cascade."""

    name: str
    model: Any


class ModelConfig(_Network):
    """What ``load_model`` reads: one model, or the models of a cascade.

    Attributes:
        model_name: what the result is called; absent: as the model's file.
        model: path of an IR, ONNX, TensorFlow (Lite) or Paddle file, or an ``openvino.Model``.
        weights: path of the ``.bin`` of an IR; absent: beside the ``.xml``.
        cascade: in place of ``model``.
    """

    model_name: str | None = None
    cascade: list[CascadeModel] | None = Field(default=None, min_length=1)

    @field_validator("model_name")
    @classmethod
    def _names_files(cls, value: str | None) -> str | None:
        return value and str(as_path(value, "it"))

    @model_validator(mode="after")
    def _one_of_both(self) -> ModelConfig:
        if (self.model is None) == (self.cascade is None):
            found = "neither" if self.model is None else "both"
            raise ValueError(f"expected either model, a path, or cascade, a list of models, found {found}")
        if self.cascade and self.weights:
            raise ValueError("the models of a cascade name their weights themselves, found weights too")
        names = [each.name for each in self.cascade or ()]
        if len(set(names)) < len(names):
            raise ValueError(f"cascade names {names} are not unique")
        return self
