"""Which ``.bin`` belongs to an ``.xml``: its digest stands in the runtime info of the model."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import openvino as ov

from openvino.tools.pot.utils.errors import ModelError

_KEY = "weights_sha256"
_UNKNOWN = "0" * 64
_CHUNK = 1 << 20

# OpenVINO writes double quotes. A file that it wrote of a model of ours says nothing of its own weights.
_SEAL = re.compile(rf"<{_KEY} value='([0-9a-f]{{64}})'".encode())


def write_pair(model: ov.Model, xml: Path) -> None:
    """Write a model as IR, the digest of its weights with it.

    Args:
        model: stays as it is.
        xml: path of the ``.xml``.
    """
    sealed = model.clone()
    sealed.set_rt_info(_UNKNOWN, ["openvino_pot", _KEY])
    ov.save_model(sealed, xml, compress_to_fp16=False)
    written, found = f'<{_KEY} value="{_UNKNOWN}"', f"<{_KEY} value='{_digest(xml.with_suffix('.bin'))}'"
    xml.write_bytes(xml.read_bytes().replace(written.encode(), found.encode()))


def check_pair(xml: Path, weights: Path) -> None:
    """See whether weights are those that were written with an ``.xml``, if that says which they are.

    Raises:
        ModelError: they are others.
    """
    if not xml.is_file() or not weights.is_file():  # which reading them says better
        return
    seal = _SEAL.search(xml.read_bytes())
    if seal is not None and seal[1].decode() != _digest(weights):
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


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
