"""An engine that hears utterances frame by frame, each from the network's initial state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from openvino.tools.pot.api.samples.speech.data_loader import Utterance
from openvino.tools.pot.engines.filling import Samples, filled
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.engines.items import Item
from openvino.tools.pot.engines.passes import judge
from openvino.tools.pot.engines.stream import NamedOutputs, OutputNames
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.samplers.batch_sampler import BatchSampler
from openvino.tools.pot.utils.errors import DataError, EngineError, ModelError, reason

Floats = NDArray[np.float32]


class ArkEngine(IEEngine):
    """Runs a network over the utterances of an ``ArkDataLoader``, whose state begins anew with each of them.

    Samples are frames, as in the loader and in POT: ``stat_subset_size`` counts them. Each utterance that has a frame
    among those asked for is run from its first frame to the last of these. Statistics are of all frames that are run;
    the metric is updated once for each utterance, with those asked for.

    Args:
        config: as ``IEEngine`` takes it.
        data_loader: has ``utterances``, which tell where frames begin to belong together.
        metric: takes scores ``[frames, values]`` and as many targets.
    """

    def _predict(
        self,
        stats_layout: Any,
        sampler: Any,
        print_progress: bool = False,
        need_metrics_per_sample: bool = False,
    ) -> Any:
        """One pass over the utterances; whoever measures watches it, and needs nothing else."""
        self._tally.labelled = False
        wanted = {index for batch in sampler.batches() for index in batch}
        for _, items, outputs in self._heard(wanted, print_progress):
            if stats_layout is None:
                judge(self, items, outputs, need_metrics_per_sample)

    def scores(self, model: CompressedModel | ov.Model) -> dict[str, Floats]:
        """The only output of a model for all frames of each utterance, by its name: ``[frames, values]``.

        They can be the ``targets`` of another loader.

        Raises:
            ModelError: the model has several outputs, or can't be run.
        """
        self.set_model(model)
        found = {}
        for utterance, _, outputs in self._heard(set(range(len(self.data_loader))), show=False):
            if len(outputs) != 1:
                raise ModelError(f"scores are wanted of one output, the model has {list(outputs)}")
            (scores,) = outputs.values()
            found[utterance.name] = np.asarray(scores, np.float32).reshape(len(scores), -1)
        return found

    def _heard(self, wanted: set[int], show: bool) -> Iterator[tuple[Utterance, list[Item], NamedOutputs]]:
        """Each utterance with the frames of it that are wanted, and their outputs, joined along the batch."""
        model, runs = self._single_model(), self._runs(wanted)
        request = self._request(model)
        owners = {index: utterance for utterance, indices in runs for index in indices}
        samples = Samples(BatchSampler(self.data_loader, 1, list(owners)), "Speech", show)
        feeds = filled(self, model, samples)
        for utterance, frames in groupby(feeds, lambda pair: owners[pair[0][0].index]):
            request.reset_state()
            items, found = [], []
            for (item,), feed in frames:
                outputs = _inferred(request, feed, item.index)
                if item.index in wanted:
                    items.append(item)
                    found.append(outputs)
            joined = [np.concatenate(each) for each in zip(*found, strict=True)]
            yield utterance, items, NamedOutputs(OutputNames.of(request.get_compiled_model()), joined)

    def _runs(self, wanted: set[int]) -> list[tuple[Utterance, Sequence[int]]]:
        """The utterances with frames that are wanted, with all frames up to the last of these."""
        utterances: Sequence[Utterance] | None = getattr(self.data_loader, "utterances", None)
        if utterances is None:
            raise EngineError(
                f"ArkEngine needs a data loader with utterances, as ArkDataLoader has them, found "
                f"{type(self.data_loader).__name__}"
            )
        last = {each: max(wanted.intersection(each.frames), default=-1) for each in utterances}
        return [(each, range(each.frames.start, end + 1)) for each, end in last.items() if end >= 0]

    def _request(self, model: ov.Model) -> Any:
        try:
            return self._ie.compile_model(model, self.device).create_infer_request()
        except RuntimeError as error:
            raise ModelError(f"the model can't be run on device {self.device!r}: {reason(error)}") from error


def _inferred(request: Any, feed: Any, index: int) -> list[NDArray[Any]]:
    """Copies of the outputs for a frame."""
    try:
        request.infer(feed)
    except RuntimeError as error:
        raise DataError(f"sample {index}: inference failed: {reason(error)}") from error
    return [tensor.data.copy() for tensor in request.output_tensors]
