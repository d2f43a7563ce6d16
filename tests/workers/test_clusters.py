"""Executors as they come, one of whose workers dies: the same bytes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import clusters
import pytest

from builders import images, network
from openvino.tools.pot import IEEngine, Processes, create_pipeline
from openvino.tools.pot.utils.errors import EngineError

TESTS = str(Path(__file__).resolve().parents[1])


def run(kind: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, clusters.__file__, kind],
        env={**os.environ, "FOLDER": str(folder), "RAY_AUTH_MODE": "disabled", "PYTHONPATH": TESTS},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.process
@pytest.mark.long
@pytest.mark.parametrize("kind", ["processes", "pool", "forking pool", "loky", "dask", "ray"])
def test_the_same_bytes_though_a_worker_dies(kind: str, tmp_path: Path) -> None:
    if kind == "ray" and find_spec("ray") is None:
        pytest.skip("Ray has no package for this Python")
    found = run(kind, tmp_path)
    lines = re.findall("^[0-9a-f]{64}$", found.stdout, re.MULTILINE)  # clusters have their own say there
    assert found.returncode == 0 and len(lines) == 3 and len(set(lines)) == 1, found.stderr
    assert (tmp_path / "killed").exists(), "no worker read the sample"


@pytest.mark.process
@pytest.mark.long
def test_an_interruption_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    script = """
import numpy as np, os, sys, time
from openvino.tools.pot import DataLoader, IEEngine, Processes, create_pipeline
import builders
class Slow(DataLoader):
    def __len__(self): return 4000
    def __getitem__(self, index):
        time.sleep(.02)
        return np.random.default_rng(index).normal(size=(1, 3, 8, 8)).astype(np.float32), None
if __name__ == "__main__":
    with Processes(2) as executor:
        print("begun", flush=True)
        pipeline = create_pipeline([{"name": "DefaultQuantization", "params": {"stat_subset_size": 4000}}],
                                   IEEngine({}, Slow()))
        pipeline.run(builders.network(), executor=executor)
"""
    file = tmp_path / "script.py"
    file.write_text(script)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": TESTS}
    started = subprocess.Popen(
        [sys.executable, str(file)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None and started.stdout.readline() == "begun\n"
    while not any(temporary.glob("openvino_pot_*/*.bin")):
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(started.pid, signal.SIGINT)
    _, errors = started.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt") and errors.count("Traceback") == 1, errors
    assert not list(temporary.iterdir())
    deadline = time.monotonic() + 10
    with pytest.raises(ProcessLookupError):  # when the group is empty
        while time.monotonic() < deadline:
            os.killpg(started.pid, 0)
            time.sleep(0.1)


@pytest.mark.process
@pytest.mark.long
def test_a_process_that_is_killed_takes_its_workers_along() -> None:
    script = (
        "import os, time\n"
        "from openvino.tools.pot import Processes\n"
        "if __name__ == '__main__':\n"
        "    pool = Processes(2)\n"
        "    print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(script)
        file.flush()
        started = subprocess.Popen([sys.executable, file.name], stdout=subprocess.PIPE, text=True)
        assert started.stdout is not None
        workers = [int(word) for word in started.stdout.readline().split()]
        started.kill()
        started.wait()
    assert workers
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_the_adapter_in_the_document_is_the_one_that_is_tested() -> None:
    source = Path(clusters.__file__).read_text(encoding="utf-8")
    tested = source.partition("# docs: ray begins\n")[2].partition("\n\n# docs: ray ends")[0].strip()
    document = Path(__file__).resolve().parents[2] / "docs/clusters.md"
    assert f"```\n{tested}\n```" in document.read_text(encoding="utf-8")


@pytest.mark.process
@pytest.mark.long
def test_a_sample_that_ends_every_worker_is_named() -> None:
    loader = clusters.Deadly([(image, None) for image in images(40)])
    pipeline = create_pipeline([{"name": "DefaultQuantization"}], IEEngine({}, loader))
    with Processes(2) as executor, pytest.raises(EngineError) as found:
        pipeline.run(network(), executor=executor)
    assert re.fullmatch(
        "worker processes died 3 times on sample 16 and the 3 behind it, and nothing came of it.*",
        str(found.value),
    )
