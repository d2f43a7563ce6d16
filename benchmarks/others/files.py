"""Types of files: Magika, on the example files of Pygments in some 500 languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from entries import Feed

from .network import Network, same_class
from .packages import converted, unpacked

HALF, BLOCK, PADDING = 1024, 4096, 256


def magika(cache: Path) -> Network:
    """Bytes of a file's beginning and end to its type: an embedding, a convolution and dense layers."""
    model = unpacked("magika==1.0.3", cache) / "magika/models/standard_v3_3/model.onnx"
    feeds = [feed(path) for path in examples(cache)]
    distinct = list({feed["bytes"].tobytes(): feed for feed in feeds}.values())
    return Network(
        name="filetype_magika",
        metric="same type as float model",
        model=converted(model, [1, 2 * HALF]),
        calibration=distinct[0::2][:300],
        evaluation=distinct[1::2][:300],
        agreement=same_class(),
    )


def examples(cache: Path) -> list[Path]:
    """Paths of example files, all languages mixed; each language has a few."""
    source = unpacked("pygments==2.19.2", cache, "--no-binary=pygments")
    folder = source / "pygments-2.19.2/tests/examplefiles"
    paths = [path for path in sorted(folder.glob("*/*")) if path.suffix != ".output"]
    return [paths[i] for i in np.random.default_rng(0).permutation(len(paths))]


def feed(path: Path) -> Feed:
    """What the package gives its network: bytes less outer whitespace, padded to the two halves."""
    content = path.read_bytes()
    tokens = np.full((1, 2 * HALF), PADDING, np.int32)
    begin = np.frombuffer(content[:BLOCK].lstrip()[:HALF], np.uint8)
    end = np.frombuffer(content[-BLOCK:].rstrip()[-HALF:], np.uint8)
    tokens[0, : len(begin)] = begin
    tokens[0, 2 * HALF - len(end) :] = end
    return {"bytes": tokens}
