"""The quantized entries, shared by the files of this folder: pytest runs all tests of an entry in a row."""

from __future__ import annotations

import pytest
from zoo_runs import BARS, Result, documented_run


@pytest.fixture(scope="session", params=BARS)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    name: str = request.param
    return documented_run(name, tmp_path_factory.mktemp(name))
