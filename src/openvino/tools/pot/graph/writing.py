"""Writing networks: beside the target first, then moved in, so that there is one whole model or another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.pairs import write_pair
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.folders import move_in, target_folder, working_folder


def write_networks(networks: Mapping[str, ov.Model], folder: Path) -> list[dict[str, str]]:
    """Write networks as OpenVINO IR; those that were there before are replaced together, or stay intact.

    Args:
        networks: by the name of their files without extension.
        folder: created where absent.

    Returns:
        ``[{"model": path of .xml, "weights": path of .bin}]``

    Raises:
        ModelError: the files can't be written.
    """
    try:
        with target_folder(folder), working_folder(folder) as work:
            for stem, network in networks.items():
                write_pair(network, work / f"{stem}.xml")
            move_in(work, [f"{stem}{suffix}" for stem in networks for suffix in (".bin", ".xml")])
    except (OSError, RuntimeError) as error:
        raise ModelError(f"model can't be written to folder {str(folder)!r}: {reason(error)}") from error
    return [{"model": str(folder / f"{s}.xml"), "weights": str(folder / f"{s}.bin")} for s in networks]
