"""Configurations as scripts handle them: POT's class over the sections of ``openvino.tools.pot.configs``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from addict import Dict

from openvino.tools.pot.cli.job import created
from openvino.tools.pot.configs.files import read_mapping
from openvino.tools.pot.configs.models import BOOKKEEPING
from openvino.tools.pot.configs.sections import Sections, parse_sections
from openvino.tools.pot.configs.validation import plain

DEFAULT_TARGET_DEVICE = "ANY"
DEFAULT_PRESET = "performance"  # POT's; where a configuration is silent, here each tensor has its own
# What POT's command line wrote into a configuration beside what users write.
_BOOKKEEPING = {"model": BOOKKEEPING, "engine": ("evaluate",)}


class Config(Dict):  # type: ignore[misc]
    """A configuration with attribute access: ``config.compression.algorithms[0].params``."""

    @classmethod
    def read_config(cls, path: str | Path) -> Config:
        """The configuration in a file.

        Raises:
            ConfigError: it can't be read.
        """
        return cls(read_mapping(path))

    def configure_params(self, ac_config: str | Path | None = None) -> None:
        """Check the configuration as quantizing does, and fill in defaults as POT did.

        Args:
            ac_config: path of a configuration of Accuracy Checker for the engine.

        Raises:
            ConfigError: a key is misspelt, missing or ill-typed, or an algorithm is not there.
        """
        values = plain(self)
        self.clear()
        self.update(Dict(values))  # scripts may have put plain mappings in, which give no attributes
        if ac_config is not None:
            self.engine.config = str(ac_config)
        sections = self.sections()
        self.engine.type = sections.engine.type
        if not self.model.model_name:
            self.model.model_name = Path(sections.model.model or "cascade").stem
        for algorithm in self.compression.algorithms:
            for key, value in {"target_device": "ANY", **sections.compression.shared}.items():
                algorithm.params.setdefault(key, value)
        names = [entry.name for entry in sections.compression.algorithms]
        self.model.log_algo_name = "_".join([self.model.model_name, *names])
        self.validate_algo_config()

    def validate_algo_config(self) -> None:
        """Check algorithms and their parameters.

        Raises:
            ConfigError: an algorithm is unknown, or a parameter is misspelt, ill-typed or not supported.
        """
        sections = self.sections()
        for position, entry in enumerate(sections.compression.algorithms):
            params = {**sections.compression.shared, **entry.params}
            where = sections.where.at("compression", "algorithms", position)
            created(entry.model_copy(update={"params": params}), None, where)

    def add_log_dir(self, model_log_dir: str | Path, exec_log_dir: str | Path) -> None:
        """Say where results go: the second one, in which ``optimized`` is made."""
        self.model.model_log_dir, self.model.exec_log_dir = str(model_log_dir), str(exec_log_dir)

    def sections(self) -> Sections:
        """The checked sections.

        Raises:
            ConfigError: a key is unknown, missing or ill-typed.
        """
        values: dict[str, Any] = plain(self)
        for section, keys in _BOOKKEEPING.items():
            if isinstance(values.get(section), dict):
                values[section] = {key: each for key, each in values[section].items() if key not in keys}
        return parse_sections(values, "configuration")
