"""The sizes that samples have, for models that get fixed ones."""

from __future__ import annotations

from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.graph.sizes import sizes_of
from openvino.tools.pot.graph.static import is_static, with_shapes


def fixed_by_sample(model: CompressedModel, engine: IEEngine) -> CompressedModel:
    """A model of one network with those sizes of its inputs that are open as the first sample has them.

    Args:
        model: stays as it is.
        engine: has the samples.

    Raises:
        DataError: the sample doesn't fit the model.
        ModelError: the rest of the model doesn't go with its sizes.
    """
    if not is_static(model) and len(engine.data_loader):
        (feed,) = engine.feeds(model, [0])
        return with_shapes(model, sizes_of(feed))
    return model
