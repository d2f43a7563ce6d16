"""The engine of simplified mode: samples without labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openvino as ov
from addict import Dict

from openvino.tools.pot.configs.runtime import EngineConfig
from openvino.tools.pot.configs.sections import SimplifiedConfig
from openvino.tools.pot.configs.validation import validate
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer


class SimplifiedEngine(IEEngine):
    """Runs a model over samples that are data alone: a loader's items, or files that ``data_source`` names.

    Args:
        config: of ``IEEngine``, and of the ``simplified`` engine of configuration files.
        data_loader: the samples; absent: those of ``data_source``, found once the model is known.
        metric: what else is wanted of outputs.

    Raises:
        ConfigError: a key is unknown or ill-typed.
    """

    def __init__(
        self, config: Mapping[str, Any] | None = None, data_loader: Any = None, metric: Any = None
    ) -> None:
        config = {} if config is None else config
        section = validate(SimplifiedConfig, config, "engine config")
        super().__init__(EngineConfig.keys_in(config), data_loader, metric)
        # Beside a loader, which POT's own command made of the same section, the source is not looked at.
        self._section = section if section.data_source is not None else None
        self.config = Dict(config)

    def set_model(self, model: CompressedModel | ov.Model) -> None:
        """Choose the model that ``predict`` runs; the first one decides how files are read."""
        super().set_model(model)
        if self._data_loader is None and self._section is not None:
            from openvino.tools.pot.data_loaders.creator import create_data_loader

            assert self._model is not None
            self._data_loader = create_data_loader(self._section, self._model)


offer(globals())
