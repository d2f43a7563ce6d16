"""DataFreeQuantization: DefaultQuantization on images that are made up, where there are no samples."""

from __future__ import annotations

from openvino.tools.pot.algorithms.quantization.default import DefaultQuantization
from openvino.tools.pot.api.engine import Engine
from openvino.tools.pot.configs.parameters import DataFreeParameters
from openvino.tools.pot.data_loaders.creator import made_images
from openvino.tools.pot.engines.ie_engine import IEEngine
from openvino.tools.pot.graph.model import CompressedModel
from openvino.tools.pot.paths import offer
from openvino.tools.pot.statistics.measured import MeasuredModel
from openvino.tools.pot.utils.logger import get_logger

__path__: list[str] = []  # POT had a package here: see openvino.tools.pot.paths

logger = get_logger(__name__)

_IMAGES = 300


class DataFreeQuantization(DefaultQuantization):
    """DefaultQuantization of a network for images, without any.

    An engine that has samples is taken at its word: these are used, real ones as well as those of the engine
    ``data_free``. Else images are made up as that engine makes them.
    """

    name = "DataFreeQuantization"
    parameters = DataFreeParameters
    stands_alone = True

    def apply(
        self, model: CompressedModel, engine: Engine | None, statistics: MeasuredModel | None = None
    ) -> CompressedModel:
        """The quantized model; the given one is left as it is.

        Args:
            model: in float, with one input for images unless the engine has samples.
            engine: may be none, or have no data loader.
            statistics: of an earlier pass, absent: measured.

        Raises:
            ConfigError: there are no samples, and the model takes something else than images.
        """
        return super().apply(
            model, engine if statistics is not None else self._fed(model, engine), statistics
        )

    def collect(
        self, model: CompressedModel, engine: Engine | None, part: tuple[int, int] | None = None
    ) -> MeasuredModel:
        """What the algorithm wants to know of a model, from samples or from images that are made up."""
        return super().collect(model, self._fed(model, engine), part)

    def _fed(self, model: CompressedModel, engine: Engine | None) -> Engine:
        """The engine if it has samples, else one over images that are made up."""
        if engine is not None and engine.data_loader is not None:
            logger.info("%s: the samples of the engine are used", self.name)
            return engine
        parameters = self.recipe.parameters
        assert isinstance(parameters, DataFreeParameters)
        count = parameters.stat_subset_size or _IMAGES
        logger.warning(
            "%d images for calibration are made up: the accuracy of the quantized model is not assured, a few real "
            "samples are better", count,
        )  # fmt: skip
        return IEEngine(
            {"device": "CPU"}, made_images(parameters.of_images, model, f"{self.name} params", count)
        )


offer(globals())
