"""A script with workers, as users write it: run by tests as ``python clusters.py KIND``.

Prints what each run made as a line of two digests: without an executor, and twice with it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from builders import Items
from openvino.tools.pot import DataLoader, IEEngine, Processes, create_pipeline, demo, load_model
from openvino.tools.pot.graph.writing import write_pair

DEMO = Path(demo.__file__).parent


class Loader(DataLoader):
    """Noise; one of the samples ends the first process that reads it, if a file is named."""

    def __init__(self, count: int, killer: str = "") -> None:
        super().__init__()
        self._count, self._killer = count, killer

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        if self._killer and index == 70 and _is_worker():
            try:
                Path(self._killer).touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return np.random.default_rng(index).normal(size=(1, 1, 32, 32)).astype(np.float32), None


class Deadly(Items):
    """One of its samples ends whoever reads it, but the process that it was made in."""

    def __init__(self, items: Any) -> None:
        super().__init__(items)
        self.home = os.getpid()

    def __getitem__(self, index: int) -> Any:
        if index == 17 and os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


def _is_worker() -> bool:
    return os.getpid() != int(os.environ["CLIENT"])


# docs: ray begins
class RayExecutor(Executor):
    """Hands calls to Ray, which starts them anew where a worker dies."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        import ray

        future: Future[Any] = ray.remote(fn).remote(*args, **kwargs).future()
        return future


# docs: ray ends


@contextmanager
def executor(kind: str) -> Iterator[Executor]:
    """One with two workers."""
    with ExitStack() as stack:
        if kind == "processes":
            yield stack.enter_context(Processes(2))
        elif kind == "pool":
            yield stack.enter_context(ProcessPoolExecutor(2, get_context("spawn")))
        elif kind == "forking pool":
            yield stack.enter_context(ProcessPoolExecutor(2, get_context("fork")))
        elif kind == "loky":
            from loky import get_reusable_executor

            yield get_reusable_executor(2)
        elif kind == "dask":
            from distributed import Client, LocalCluster

            options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
            cluster = stack.enter_context(LocalCluster(**options))
            yield stack.enter_context(Client(cluster)).get_executor()
        else:
            import ray

            ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
            yield RayExecutor()
            ray.shutdown()


def digest(loader: Loader, given: Executor | None) -> str:
    """Of the files of the model that is made."""
    pipeline = create_pipeline([{"name": "DefaultQuantization"}], IEEngine({}, loader))
    paths = {"model_name": "digits", "model": str(DEMO / "digits.xml"), "weights": str(DEMO / "digits.bin")}
    found = pipeline.run(load_model(paths), executor=given)
    target = Path(os.environ["FOLDER"], "found.xml")
    write_pair(found.submodels[0].model, target)
    both = target.read_bytes() + target.with_suffix(".bin").read_bytes()
    return hashlib.sha256(both).hexdigest()


def main() -> None:
    """Run."""
    os.environ["CLIENT"] = str(os.getpid())
    killer = str(Path(os.environ["FOLDER"], "killed"))
    print(digest(Loader(200), None))
    with executor(sys.argv[1]) as given:
        print(digest(Loader(200), given))
        began = time.time()
        print(digest(Loader(200, killer), given))
    print(Path(killer).exists(), f"{time.time() - began:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
