"""The workers that a command line names: processes here, or those of a Dask cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager

from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.utils.errors import ConfigError, said
from openvino.tools.pot.utils.optional import optional
from openvino.tools.pot.workers.processes import Processes
from openvino.tools.pot.workers.spreading import spread

PATIENCE = "30s"


def check_workers(options: argparse.Namespace) -> None:
    """See whether workers are named as they can be.

    Raises:
        ConfigError: there are none, or they are named twice, or a package is not installed.
    """
    if options.workers is not None and options.dask is not None:
        raise ConfigError("--workers and --dask exclude each other")
    if options.workers is not None and options.workers < 1:
        raise ConfigError(f"--workers is {options.workers}, expected a number of processes")
    if options.dask is not None:
        optional("distributed", "dask.distributed", "clusters (--dask)", "cluster")


@contextmanager
def at_work(options: argparse.Namespace, engines: Iterable[Engine | None]) -> Iterator[None]:
    """Let the workers that are named make the passes of engines meanwhile; without any, these make them themselves.

    Raises:
        ConfigError: no scheduler answers.
    """
    with ExitStack() as stack:
        executor: Executor | None = None
        if options.workers is not None:
            executor = stack.enter_context(Processes(options.workers))
        elif options.dask is not None:
            executor = _of_cluster(options.dask, stack)
        for engine in engines:
            stack.enter_context(spread(engine, executor))
        yield


def _of_cluster(address: str, stack: ExitStack) -> Executor:
    distributed = optional("distributed", "dask.distributed", "clusters (--dask)", "cluster")
    try:
        client = stack.enter_context(distributed.Client(address, timeout=PATIENCE, set_as_default=False))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--dask is {address!r}, and no scheduler answers there: {said(error)}") from error
    executor: Executor = client.get_executor()
    return executor
