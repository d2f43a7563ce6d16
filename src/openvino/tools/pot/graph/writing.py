"""Networks as files: written beside the target first, then moved in, so that there is one whole model or another.

Which ``.bin`` belongs to an ``.xml`` is said by its digest, which stands in the runtime info of the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import openvino as ov

from openvino.tools.pot.graph.digest import digest_of
from openvino.tools.pot.utils.errors import ModelError, reason
from openvino.tools.pot.utils.files import digest_of_file
from openvino.tools.pot.utils.folders import move_in, target_folder, working_folder

_ROOT, _KEY = "openvino_pot", "weights_sha256"
_UNKNOWN = "0" * 64
_SAVED, _MADE = "saved", "version"

# OpenVINO writes double quotes. A file that it wrote of a model of ours says nothing of its own weights.
_SEAL = re.compile(rf"<{_KEY} value='([0-9a-f]{{64}})'".encode())


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


def write_pair(model: ov.Model, xml: Path) -> None:
    """Write a model as IR, the digest of its weights with it.

    Args:
        model: stays as it is.
        xml: path of the ``.xml``.
    """
    sealed = model.clone()
    sealed.set_rt_info(_UNKNOWN, [_ROOT, _KEY])
    if sealed.has_rt_info([_ROOT, _MADE]):
        _note_saved(sealed)
    ov.save_model(sealed, xml, compress_to_fp16=False)
    written, found = (
        f'<{_KEY} value="{_UNKNOWN}"',
        f"<{_KEY} value='{digest_of_file(xml.with_suffix('.bin'))}'",
    )
    xml.write_bytes(xml.read_bytes().replace(written.encode(), found.encode()))


def _note_saved(model: ov.Model) -> None:
    """Leave in a quantized model what it is as it is saved, so that what is changed afterwards is seen."""
    found = digest_of(model)
    model.set_rt_info(found.graph, [_ROOT, _SAVED, "graph"])
    model.set_rt_info(" ".join(found.constants), [_ROOT, _SAVED, "constants"])


def check_pair(xml: Path, weights: Path) -> None:
    """See whether weights are those that were written with an ``.xml``, if that says which they are.

    Raises:
        ModelError: they are others.
    """
    if not xml.is_file() or not weights.is_file():  # which reading them says better
        return
    seal = _SEAL.search(xml.read_bytes())
    if seal is not None and seal[1].decode() != digest_of_file(weights):
        raise ModelError(
            f"weights file {str(weights)!r} does not belong to model file {str(xml)!r}: expected the weights that "
            "were saved with it, found others, or damaged ones"
        )


def too_few_weights(xml: Path, weights: Path) -> str:
    """The sentence on weights that an ``.xml`` does not find in their file."""
    places = re.findall(rb'offset="(\d+)"[^>]*size="(\d+)"', xml.read_bytes())
    needed = max((int(offset) + int(size) for offset, size in places), default=0)
    return (
        f"weights file {str(weights)!r} is cut, or of another model: it holds {weights.stat().st_size} bytes, "
        f"model file {str(xml)!r} reads {needed}"
    )
