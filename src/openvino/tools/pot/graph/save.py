"""Writing models under POT's name for it."""

from __future__ import annotations

from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.model import CompressedModel, as_model


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
