"""Ctrl-C is a KeyboardInterrupt, at any time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import builders
from openvino.tools.pot import IEEngine

# Errors hold on to what was compiled: here the first goes before the second.
SCRIPT = """
import gc, signal, sys
sys.path.insert(0, {tests!r})
import builders
from openvino.tools.pot import IEEngine
from openvino.tools.pot.utils.errors import EngineError
class Fails(IEEngine):
    def postprocess_output(self, outputs, metadata):
        raise KeyError("theirs")
errors = []
for _ in range(2):
    engine = Fails({{}}, builders.labelled(builders.images(2)))
    engine.set_model(builders.network())
    try:
        engine.predict()
    except EngineError as error:
        errors.append(error)
while errors:
    del errors[0]
    gc.collect()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.process
def test_after_compiled_models_have_gone_in_any_order() -> None:
    script = SCRIPT.format(tests=str(Path(builders.__file__).parent))
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.returncode, run.stdout) == (0, "interrupted\n"), run.stderr


@pytest.mark.parametrize("where", ["_fill_input", "postprocess_output"])
def test_during_a_pass_and_the_engine_can_go_on(where: str) -> None:
    class Interrupted(IEEngine):
        calls = 0

    def hook(self: Any, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls == 2:
            signal.raise_signal(signal.SIGINT)
        return getattr(IEEngine, where)(self, *arguments)

    setattr(Interrupted, where, hook)
    engine = Interrupted({}, builders.labelled(builders.images(4)))
    engine.set_model(builders.network())
    builders.signals_on_the_stack_of_the_process()
    with pytest.raises(KeyboardInterrupt):
        engine.predict()
    assert engine.predict() == (None, None)
