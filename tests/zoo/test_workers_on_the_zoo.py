"""Real networks, their passes made by workers: the same bytes, however many there are."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from zoo_runs import Calibration, zoo

from builders import stored
from openvino.tools.pot import IEEngine, create_pipeline, load_model

pytestmark = [pytest.mark.zoo, pytest.mark.long]


def made(name: str, count: int, executor: Executor | None = None) -> tuple[bytes, bytes]:
    entry = zoo().load(name)
    engine = IEEngine({}, Calibration({"entry": entry, "count": count}))
    pipeline = create_pipeline([{"name": "DefaultQuantization"}], engine)
    found = pipeline.run(load_model({"model_name": name, "model": str(entry.model)}), executor=executor)
    return stored(found)


@pytest.mark.parametrize(
    "name", ["tiny_resnet8", "detect_yolo_fastestv2", "ocr_rec_ppocrv4", "text_minilm_stsb"]
)
def test_the_same_bytes_from_any_number_of_workers(name: str) -> None:
    expected = made(name, 24)
    for workers in (3, 8):
        with ThreadPoolExecutor(workers) as executor:
            assert made(name, 24, executor) == expected, workers
