"""What was found in a folder that another tool exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openvino.tools.pot.utils.errors import ConfigError

NETWORKS = (".xml", ".onnx")


@dataclass(frozen=True)
class Export:
    """One network, as a tool exported it, with what belongs to it.

    Attributes:
        family: the tool, as people call it.
        folder: that was given, or the one of the file that was.
        network: path of the network below ``folder``; its weights and all other files are beside it.
        target: name of the folder in INT8, as the tool's loader wants it.
        opens: a line of Python that opens the result, with ``{folder}`` and ``{network}`` for where it is.
        tokenizer: path below ``folder`` of the file that makes tokens of texts; None: it takes no texts.
        adds: name to content of files that the tool's loader needs, and the export did not have.
        alone: whether the network is all that is taken of the folder.
        generates: whether it makes one token after the other, so that weights alone are made smaller.
    """

    family: str
    folder: Path
    network: Path
    target: str
    opens: str
    tokenizer: Path | None = None
    adds: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    generates: bool = False

    @property
    def path(self) -> Path:
        """Of the network."""
        return self.folder / self.network

    @property
    def around(self) -> Path:
        """The folder that the export lies in."""
        return self.folder if self.alone else self.folder.parent

    def line(self, target: Path) -> str:
        """The line of Python that opens the result, which is in the folder ``target``."""
        network = (target / self.network).with_suffix(".xml")
        return self.opens.format(folder=target.as_posix(), network=network.as_posix())


def networks_in(folder: Path, pattern: str = "*") -> list[Path]:
    """The networks in a folder, by name: those of OpenVINO or, where there is none, of ONNX."""
    for suffix in NETWORKS:
        found = sorted(path for path in folder.glob(f"{pattern}{suffix}") if path.is_file())
        if found:
            return found
    return []


def only(networks: list[Path], family: str, folder: Path) -> Path:
    """The only network of an export.

    Raises:
        ConfigError: there is none, or there are several.
    """
    if len(networks) != 1:
        names = ", ".join(path.name for path in networks) or "none"
        raise ConfigError(
            f"folder {str(folder)!r} is an export of {family}: expected one network in it, found {names}"
        )
    return networks[0]
