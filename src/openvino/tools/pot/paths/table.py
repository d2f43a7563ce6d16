"""Every import path that POT had, below ``openvino.tools.pot``, and what is there now.

The paths are those of POT 2022.3, as its own package listed them, less what was None there, and what scripts of before
import. A module maps each of its names to one of:

- ``Same``: a thing of ours, in the module of that name or, where none is named, in a file at POT's own path;
- a sentence, which says what to use in its place, and is raised where the name is called.

``compression`` offers the same paths, and those of ``MOVED``.
"""

from __future__ import annotations

from openvino.tools.pot.paths.algorithms import ALGORITHMS
from openvino.tools.pot.paths.entries import (
    COMMAND,
    OPTIMIZED,
    PARTS,
    REGISTRY,
    SEARCH,
    SPARSE,
    STATISTICS,
    Names,
    Same,
    gone,
    here,
    within,
)
from openvino.tools.pot.paths.graph import GRAPH

_MEASURED = "range_estimator names the statistics and aggregators that are used; arrays are numpy's to reduce"
_SECTIONS = "openvino.tools.pot.configs.config.Config checks configurations, with configure_params"
_SAMPLE = "main runs the sample; create_pipeline and its parameters are in examples/"
_LOGGING = "init_logger sets logging up, and get_logger gives a logging.Logger"
_FILES = "create_data_loader reads the images that the engine section's data_source names"

PATHS: dict[str, Names] = {
    "": {
        **here(
            "DataLoader Engine IEEngine Metric load_model save_model compress_model_weights create_pipeline"
        ),
        **here("DefaultQuantization AccuracyAwareQuantization MinMaxQuantization FastBiasCorrection"),
        **here("OverflowCorrection"),
        **within("algorithms.algorithm_selector", "QUANTIZATION_ALGORITHMS SPARSITY_ALGORITHMS"),
        **gone(PARTS, "ActivationChannelAlignment BiasCorrection WeightBiasCorrection"),
        **gone(OPTIMIZED, "ParamsGridSearchAlgorithm RangeOptimization RangeSupervision"),
        **gone(OPTIMIZED, "OutlierChannelSplitting"),
        **gone(SEARCH, "AccuracyAwareCommon AccuracyAwareGNA INT4MixedQuantization"),
        **gone(SEARCH, "TunableQuantization QuantNoiseEstimator"),
        **gone("the engine data_free makes images up for DefaultQuantization", "DataFreeQuantization"),
        **gone(SPARSE, "BaseWeightSparsity MagnitudeSparsity WeightSparsity"),
    },
    **ALGORITHMS,
    "api": here("DataLoader Engine Metric"),
    "api.data_loader": here("DataLoader"),
    "api.engine": here("Engine"),
    "api.metric": here("Metric"),
    "api.samples": {},
    "api.samples.3d_segmentation": {},
    "api.samples.3d_segmentation.3d_segmentation_sample": {
        **here("BRATSDataLoader DiceIndex SegmentationEngine main"),
        **within("api.samples.segmentation_3d.volumes", "resize3d"),
    },
    "api.samples.classification": {},
    "api.samples.classification.classification_sample": {
        **here("Accuracy ImageNetDataLoader main"),
        **gone(_SAMPLE, "get_configs optimize_model"),
        **gone("the config of ImageNetDataLoader takes preprocessing", "PREPROC_FNS crop resize"),
    },
    "api.samples.face_detection": {},
    "api.samples.face_detection.face_detection_sample": here("MTCNNEngine Recall WiderFaceLoader main"),
    "api.samples.face_detection.utils": {
        **here("bbreg build_image_pyramid calculate_iou calculate_tp calibrate_bboxes cut_roi"),
        **here("generate_bounding_box nms reshape_to_square"),
        **gone("cut_roi cuts boxes that reach over the edges of an image", "pad"),
    },
    "api.samples.object_detection": {},
    "api.samples.object_detection.data_loader": here("COCOLoader"),
    "api.samples.object_detection.metric": here("MAP"),
    "api.samples.object_detection.obejct_detection_sample": within(
        "api.samples.object_detection.object_detection_sample", "COCOLoader MAP main"
    ),
    "api.samples.segmentation": {},
    "api.samples.segmentation.segmentation_sample": {
        **here("MeanIOU VOCSegmentationLoader main"),
        **gone("VOCSegmentationLoader pads images itself", "central_padding"),
    },
    "api.samples.speech": {},
    "api.samples.speech.data_loader": here("ArkDataLoader"),
    "api.samples.speech.gna_sample": {
        **here("main"),
        **gone(_SAMPLE, "get_configs optimize_model parse_args"),
    },
    "api.samples.speech.utils": within("api.samples.speech.engine", "ArkEngine"),  # up to 2022.1
    "api.samples.utils": {},
    "api.samples.utils.argument_parser": here("get_common_argparser"),
    "app": {},
    "app.argparser": {
        **here("get_common_argument_parser"),
        **gone(COMMAND, "check_dependencies check_extra_arguments"),
    },
    "app.run": {
        **here("app main optimize"),
        **gone(COMMAND, "print_algo_configs"),
    },
    "configs": {},
    "configs.config": within("cli.config", "Config DEFAULT_PRESET DEFAULT_TARGET_DEVICE"),
    "configs.hardware": {},
    "configs.hardware_config": gone(
        "load_hardware_config of openvino.tools.pot.algorithms.quantization.utils lists a device's table",
        "HardwareConfig",
    ),
    "configs.templates": {},
    "configs.utils": gone(_SECTIONS, "check_params product_dict"),
    "data_loaders": {},
    "data_loaders.ac_data_loader": gone("ACEngine has the loader that its config describes", "ACDataLoader"),
    "data_loaders.creator": here("create_data_loader"),
    "data_loaders.image_loader": gone(_FILES, "IMREAD_GRAYSCALE ImageLoader"),
    "data_loaders.utils": gone(_FILES, "collect_img_files crop prepare_image"),
    "engines": {},
    "engines.ac_engine": here("ACEngine"),
    "engines.creator": here("create_engine"),
    "engines.ie_engine": here("IEEngine"),
    "engines.simplified_engine": here("SimplifiedEngine"),
    "engines.utils": {
        **here("add_tensor_names align_stat_names_with_results collect_model_outputs get_clean_name"),
        **here("process_accumulated_stats restore_original_node_names"),
        **gone(STATISTICS, "ACTIVATIONS append_stats get_inplace_stats_mapping get_per_layer_stat_mapping"),
        **gone(STATISTICS, "get_sequential_activations parse_sequential_stats update_stats"),
        **gone(
            "IEEngine.postprocess_output gets a dict of output names to arrays",
            "cast_friendly_names process_raw_output",
        ),
    },
    **GRAPH,
    "pipeline": {},
    "pipeline.initializer": here("create_pipeline"),
    "pipeline.pipeline": here("Pipeline"),
    "samplers": {},
    "samplers.batch_sampler": here("BatchSampler"),
    "samplers.creator": here("create_sampler"),
    "samplers.index_sampler": gone(
        "BatchSampler(data_loader, 1, subset_indices) of openvino.tools.pot.samplers.batch_sampler chooses samples",
        "IndexSampler",
    ),
    "samplers.sampler": {"Sampler": Same("samplers.batch_sampler", "BatchSampler")},
    "statistics": {},
    "statistics.collector": {
        **here("StatisticsCollector"),
        **gone(STATISTICS, "collect_statistics"),
    },
    "statistics.function_selector": {
        **gone(_MEASURED, "ACTIVATIONS ACTIVATIONS_STATS_FN PERCHANNEL PERTENSOR WEIGHTS WEIGHTS_STATS_FN"),
        **gone(_MEASURED, "get_aggregation_function get_stats_function get_stats_function_for_activations"),
        **gone(_MEASURED, "get_stats_function_for_weights"),
    },
    "statistics.functions": {},
    "statistics.functions.activations": {
        **gone(_MEASURED, "PERCHANNEL PERTENSOR abs_max_per_channel abs_max_per_tensor"),
        **gone(_MEASURED, "abs_quantile_per_channel abs_quantile_per_tensor calculate_per_channel_stats"),
        **gone(_MEASURED, "calculate_per_tensor_stats get_abs_max_per_channel get_abs_max_per_tensor"),
        **gone(_MEASURED, "get_max_per_channel get_max_per_tensor get_mean_per_channel"),
        **gone(_MEASURED, "get_mean_per_channel_axis get_min_per_channel get_min_per_tensor max_per_channel"),
        **gone(_MEASURED, "max_per_tensor mean_per_channel mean_per_channel_axis min_per_channel"),
        **gone(_MEASURED, "min_per_tensor quantile_per_channel quantile_per_tensor"),
    },
    "statistics.functions.aggregation": gone(
        _MEASURED,
        "amax amin batch_mean hodges_lehmann_mean mean mean_no_outliers median median_no_outliers "
        "no_outliers_estimator",
    ),
    "statistics.functions.weights": {
        **gone(
            _MEASURED, "PERCHANNEL PERTENSOR abs_max_per_filter abs_max_per_tensor abs_quantile_per_filter"
        ),
        **gone(_MEASURED, "abs_quantile_per_tensor calculate_per_filter_stats max_per_filter max_per_tensor"),
        **gone(_MEASURED, "min_per_filter min_per_tensor quantile_per_filter quantile_per_tensor"),
    },
    "statistics.statistic_graph_builder": gone(STATISTICS, "ACTIVATIONS StatisticGraphBuilder"),
    "statistics.statistics": gone(
        STATISTICS, "SQNRStatistic Statistic TensorStatistic TensorStatisticAxis compute_statistic"
    ),
    "statistics.utils": gone(STATISTICS, "merge_algos_by_samplers merge_stats_by_algo_names"),
    "utils": {},
    "utils.ac_imports": {},
    "utils.config_reader": {
        "read_config_from_file": Same("configs.files", "read_mapping"),
        **within("paths.helpers", "write_config_to_file"),
    },
    "utils.launcher": gone("compile the model with openvino.Core, which infers as well", "IELauncher"),
    "utils.logger": {
        **here("DEBUG_LEVEL get_logger init_logger stdout_redirect"),
        **gone(_LOGGING, "ProgressBarLogger RegularLogger"),
    },
    "utils.registry": gone(REGISTRY, "Registry RegistryStorage"),
    "utils.telemetry": {
        name: Same("paths.helpers", "no_telemetry")
        for name in (
            *("end_session_telemetry", "get_tid_telemetry", "send_configuration", "send_event"),
            "start_session_telemetry",
        )
    },
    "utils.telemetry_stub": gone(
        "nobody is told anything; openvino.tools.pot.utils.telemetry has functions that do nothing",
        "Telemetry",
    ),
    "utils.timestamp": within("paths.helpers", "get_timestamp get_timestamp_precise get_timestamp_short"),
    "utils.utils": {
        **within("paths.helpers", "convert_output_key create_tmp_dir get_ie_version"),
        **gone("os.environ holds variables of the environment", "Environment"),
    },
    "version": here("INVALID_VERSION get_version"),
}

MOVED = {"custom": "api", "custom.metric": "api.metric", "data_loaders.data_loader": "api.data_loader"}
"""Paths below ``compression`` alone -> where POT moved them."""


def moved(path: str) -> str:
    """The path of 2022 for one that may be older."""
    return MOVED.get(path, path)
