"""Internals of POT's engine that overrides of its hooks call, as far as they mean something here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import openvino as ov

from openvino.tools.pot.graph.names import port_name
from openvino.tools.pot.utils.errors import EngineError

_GONE = {
    "_nx_model": "there is no second graph: self._model is what set_model was given",
    "_statistic_graph_builder": "statistics are measured beside the inferences that go through self._ie",
    "_convert_stats_names": "statistics are measured beside the inferences that go through self._ie",
    "_create_infer_requests": "make requests of what self._ie.compile_model gives",
    "_fill_batch_from_loader": "iterate over the sampler, and call self._process_batch",
    "_add_outputs": "no outputs are added for statistics; model_utils.add_outputs adds others",
}
_PROGRESS_EVERY = 10.0


class PotInternals:
    """What subclasses of POT's ``IEEngine`` find beside its hooks; ``docs/compatibility.md`` lists all of it."""

    def __getattr__(self, name: str) -> Any:
        """Say of internals that are gone what is in their place."""
        if name in _GONE:
            raise EngineError(
                f"{type(self).__name__} uses POT's internal {name}, which is not there: {_GONE[name]}"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _collect_statistics(
        self, outputs: Any = None, stats_layout: Any = None, annotations: Any = None
    ) -> None:
        """Nothing: what is fed through ``self._ie`` is measured already."""

    @property
    def _accumulated_layer_stats(self) -> dict[str, Any]:
        """Empty: statistics are not the business of overrides."""
        return {}

    def _reset(self) -> None:
        """Nothing: a pass begins with nothing left of the one before."""

    def _print_inference_progress(
        self, log: Callable[..., Any], current: int, total: int, started: float, now: float
    ) -> bool:
        """Log how far a pass is, every ten seconds; returns whether it did, so that the caller starts anew."""
        if now - started < _PROGRESS_EVERY:
            return False
        log("%d of %d", current + 1, total)
        return True

    def _process_infer_output(
        self,
        stats_layout: Any,
        predictions: Any,
        batch_annotations: Any,
        batch_meta: Any,
        per_sample: bool = False,
    ) -> None:
        """Postprocess the outputs of an inference, and give them to the metric."""
        outputs = predictions if isinstance(predictions, Mapping) else dict(enumerate(predictions))
        named = {getattr(port, "any_name", port): value for port, value in outputs.items()}
        engine: Any = self
        processed = engine.postprocess_output(named, batch_meta or [])
        engine._update_metrics(processed, batch_annotations, per_sample)

    @staticmethod
    def _get_input_any_name(port: ov.Output) -> str:
        """A name that a feed may use for an input."""
        return port_name(port)
