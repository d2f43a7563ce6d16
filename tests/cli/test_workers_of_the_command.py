"""``--workers`` and ``--dask``: the same files, and a sentence where there are no workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openvino as ov
import pytest
from commands import pot, write_images

import builders

SCHEDULER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    ov.save_model(builders.network(), "net.xml", compress_to_fp16=False)
    write_images(Path("images"), 40)
    return ["-q", "default", "-m", "net.xml", "--data-source", "images", "-d", "-e"]


def files(folder: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted(Path(folder, "optimized").glob("*.*"))]


@pytest.mark.process
@pytest.mark.long
def test_processes_make_the_same_files(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    alone = pot(capsys, *job, "--output-dir", "here")
    shared = pot(capsys, *job, "--output-dir", "there", "--workers", "2")
    assert (alone.code, shared.code) == (0, 0), shared.err
    assert files("here") == files("there") and len(files("here")) == 2
    assert alone.out.splitlines()[1:] == shared.out.splitlines()[1:] != []
    assert "workers read samples by themselves" in shared.err and "tasks went to 2 workers" in shared.err


@pytest.mark.process
@pytest.mark.long
def test_workers_of_a_cluster_make_the_same_files(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("cluster.py").write_text(SCHEDULER)
    cluster = subprocess.Popen(
        [sys.executable, "cluster.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert cluster.stdout is not None
    try:
        address = cluster.stdout.readline().strip()
        alone = pot(capsys, *job, "--output-dir", "here")
        shared = pot(capsys, *job, "--output-dir", "there", "--dask", address)
    finally:
        cluster.communicate("")
    assert (alone.code, shared.code) == (0, 0), shared.err
    assert files("here") == files("there") and len(files("here")) == 2


@pytest.mark.process
@pytest.mark.long
def test_a_diagnosis_takes_workers(job: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = pot(capsys, "diagnose", *job[2:6], "--no-remedies", "--workers", "2", "--log-level", "INFO")
    assert found.code == 0 and "tasks went to 2 workers" in found.err, found.err


def test_a_scheduler_that_does_not_answer(
    job: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openvino.tools.pot.cli.executors.PATIENCE", "1s")
    found = pot(capsys, *job, "--dask", "tcp://127.0.0.1:9")
    assert found.code == 2
    assert found.sentence.startswith("--dask is 'tcp://127.0.0.1:9', and no scheduler answers there")
