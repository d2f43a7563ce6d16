"""The command's functions under the names that scripts call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openvino.tools.pot.cli.config import Config
from openvino.tools.pot.cli.job import make_job
from openvino.tools.pot.cli.main import main as main
from openvino.tools.pot.cli.quantize import measure_job, store_job
from openvino.tools.pot.configs.validation import plain
from openvino.tools.pot.paths import offer

app = main


def optimize(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Quantize as a configuration says.

    Args:
        config: a ``Config`` or any mapping with its sections. ``model.exec_log_dir`` or ``model.output_dir`` is where
            the folder ``optimized`` is made, by default ``./results``; ``engine.evaluate`` measures the result.

    Returns:
        The metrics of the quantized model by name, None if it isn't measured.

    Raises:
        ConfigError: something in the configuration is wrong.
        PotError: the work failed.
    """
    own = Config(plain(config))
    folder = Path(own.model.exec_log_dir or own.model.output_dir or "./results")
    evaluate = bool(own.engine.evaluate)
    job = make_job(own.sections(), evaluate)
    models, _ = store_job(job, folder, bool(own.model.keep_uncompressed_weights))
    return measure_job(job, models)[0] if evaluate else None


offer(globals())
