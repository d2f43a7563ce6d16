"""Every import that scripts use resolves, and to one and the same thing under its old and new names."""

import importlib
import subprocess
import sys

import pytest

from openvino.tools.pot.utils.errors import PotError

POT = "openvino.tools.pot"
SAMPLES = {
    **{
        f"{task}{module}": names
        for task, loader, metric in (
            ("classification", "ImageNetDataLoader", "Accuracy"),
            ("object_detection", "COCOLoader", "MAP"),
            ("segmentation", "VOCSegmentationLoader", "MeanIOU"),
        )
        for module, names in {
            "": (loader, metric),
            f".{task}_sample": (loader, metric),
            ".data_loader": (loader,),
            ".metric": (metric,),
        }.items()
    },
    "face_detection.face_detection_sample": ("MTCNNEngine", "Recall", "WiderFaceLoader"),
    "face_detection.utils": ("build_image_pyramid", "calibrate_bboxes", "cut_roi", "nms"),
    "utils.argument_parser": ("get_common_argparser",),
}
PATHS = {
    POT: (
        *("DataLoader", "Metric", "Engine", "IEEngine", "load_model", "save_model", "compress_model_weights"),
        *("create_pipeline", "Pipeline", "DefaultQuantization", "MinMaxQuantization", "FastBiasCorrection"),
    ),
    f"{POT}.api": ("DataLoader", "Metric", "Engine"),
    f"{POT}.api.data_loader": ("DataLoader",),
    f"{POT}.api.metric": ("Metric",),
    f"{POT}.api.engine": ("Engine",),
    f"{POT}.engines.ie_engine": ("IEEngine",),
    f"{POT}.engines.simplified_engine": ("SimplifiedEngine",),
    f"{POT}.engines.ac_engine": ("ACEngine",),
    f"{POT}.data_loaders.creator": ("create_data_loader",),
    f"{POT}.configs.config": ("Config",),
    f"{POT}.app.run": ("main", "app", "optimize"),
    f"{POT}.graph": ("load_model", "save_model"),
    f"{POT}.graph.model_utils": (
        *("load_model", "save_model", "compress_model_weights"),
        *("get_nodes_by_type", "get_node_by_name", "add_outputs"),
    ),
    f"{POT}.pipeline.initializer": ("create_pipeline",),
    f"{POT}.samplers.batch_sampler": ("BatchSampler",),
    f"{POT}.statistics.collector": ("StatisticsCollector",),
    f"{POT}.utils.logger": ("init_logger", "get_logger"),
    f"{POT}.algorithms.quantization": ("DefaultQuantization", "MinMaxQuantization", "FastBiasCorrection"),
    **{f"{POT}.api.samples.{module}": names for module, names in SAMPLES.items()},
}
ALIASES = {
    "compression.api": ("DataLoader", "Metric", "Engine"),
    "compression.api.data_loader": ("DataLoader",),
    "compression.api.metric": ("Metric",),
    "compression.api.engine": ("Engine",),
    "compression.data_loaders.data_loader": ("DataLoader",),
    "compression.custom.metric": ("Metric",),
    "compression.engines.ie_engine": ("IEEngine",),
    "compression.engines.simplified_engine": ("SimplifiedEngine",),
    "compression.engines.ac_engine": ("ACEngine",),
    "compression.configs.config": ("Config",),
    "compression.graph": ("load_model", "save_model"),
    "compression.graph.model_utils": PATHS[f"{POT}.graph.model_utils"],
    "compression.pipeline.initializer": ("create_pipeline",),
    "compression.samplers.batch_sampler": ("BatchSampler",),
    "compression.utils.logger": ("init_logger", "get_logger"),
    "compression.algorithms.quantization": PATHS[f"{POT}.algorithms.quantization"],
    **{f"compression.api.samples.{module}": names for module, names in SAMPLES.items()},
}
HOMES = {name: module for module, names in PATHS.items() if module != POT for name in names}
LATER = (
    *("AccuracyAwareQuantization", "BiasCorrection", "ActivationChannelAlignment", "OverflowCorrection"),
    *("DataFreeQuantization", "RangeSupervision", "MagnitudeSparsity", "WeightSparsity"),
)


@pytest.mark.parametrize(("module", "names"), [*PATHS.items(), *ALIASES.items()], ids=[*PATHS, *ALIASES])
def test_path_resolves(module: str, names: tuple[str, ...]) -> None:
    found = importlib.import_module(module)
    for name in names:
        value = getattr(found, name)
        home = HOMES.get(name)
        if home is not None:
            assert value is getattr(importlib.import_module(home), name)


@pytest.mark.parametrize("name", LATER)
def test_a_name_is_an_algorithm_that_can_be_run_by_name_or_says_what_to_use(name: str) -> None:
    algorithm = getattr(importlib.import_module(POT), name)
    algorithms = importlib.import_module(f"{POT}.algorithms").ALGORITHMS
    if name in algorithms:
        assert algorithms[name] is algorithm
    else:
        with pytest.raises(PotError, match=f"{name} is not there: "):
            algorithm({}, None)


def test_all_names_that_are_listed_exist() -> None:
    pot = importlib.import_module(POT)
    assert {name for name in pot.__all__ if not hasattr(pot, name)} == set()
    assert set(PATHS[POT]) <= set(dir(pot))


@pytest.mark.process
def test_importing_the_package_alone_loads_nothing_else_of_ours_and_nothing_of_others() -> None:
    """Beyond what importing openvino loads; its telemetry goes on to import things in a thread of its own."""
    probe = f"import sys, {POT}; print(*sys.modules.copy())"
    run = subprocess.run(
        [sys.executable, "-c", probe], check=True, timeout=60, capture_output=True, text=True
    )
    found = {name for name in run.stdout.split() if name.startswith((POT, "addict", "pydantic", "rich"))}
    assert found == {POT, f"{POT}.version", f"{POT}.paths"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (f"{POT}.engines.simplified_engine", "SimplifiedEngine"),
        (f"{POT}.statistics.collector", "StatisticsCollector"),
    ],
)
def test_a_module_of_later_work_is_absent_or_whole(module: str, name: str | None) -> None:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        assert module.startswith(str(error.name))
    else:
        assert name is None or hasattr(found, name)
