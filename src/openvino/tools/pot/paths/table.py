"""Every import path that POT had, below ``openvino.tools.pot``, and what is there now.

The paths are those of POT 2022.3, as its own package listed them, less what was None there, and what scripts of before
import. A module maps each of its names to one of:

- ``Same``: a thing of ours, in the module of that name or, where none is named, in a file at POT's own path;
- a sentence, which says what to use in its place, and is raised where the name is called.

``compression`` offers the same paths, and those of ``MOVED``.
"""

from __future__ import annotations

from typing import NamedTuple


class Same(NamedTuple):
    """Where a thing of ours is.

    Attributes:
        module: below ``openvino.tools.pot``; empty: POT's own path.
        name: in that module; empty: POT's own name.
    """

    module: str = ""
    name: str = ""


Names = dict[str, Same | str]


def _here(names: str = "") -> Names:
    """Names that a file at POT's own path has."""
    return dict.fromkeys(names.split(), Same())


def _in(module: str, names: str) -> Names:
    """Names that another module has."""
    return dict.fromkeys(names.split(), Same(module))


def _gone(sentence: str, names: str) -> Names:
    """Names that have no counterpart, and what to use."""
    return dict.fromkeys(names.split(), sentence)


_OPTIMIZED = "DefaultQuantization finds ranges by their error itself, and range_estimator sets them by hand"
_PARTS = "DefaultQuantization does that work where it helps, so leave it out of the list of algorithms"
_SEARCH = "AccuracyAwareQuantization searches which layers must stay in float"
_SPARSE = "weights are quantized, none are made zero; use DefaultQuantization alone"
_TRAINING = (
    "nothing is trained here; DefaultQuantization rounds weights by the error at outputs (weight_rounding)"
)
_RANGES = "ranges are found inside DefaultQuantization; range_estimator, preset and saturation_fix say how"
_PLACES = "where quantizers go is asked of `pot plan`, and the parameter ignored leaves nodes in float"
_PATTERNS = "quantizers start at layers that gain, so no patterns are left out; ignored leaves nodes in float"
_EDITS = (
    "load_model's graph is the openvino.Model model.models[0]['model']; edit it with OpenVINO's own means"
)
_STATISTICS = "statistics are measured by Pipeline.collect_statistics, as the algorithms need them"
_MEASURED = "range_estimator names the statistics and aggregators that are used; arrays are numpy's to reduce"
_COMMAND = "main and optimize of openvino.tools.pot.app.run are the command and a configuration's work"
_SECTIONS = "openvino.tools.pot.configs.config.Config checks configurations, with configure_params"
_SAMPLE = "main runs the sample; create_pipeline and its parameters are in examples/"
_LOGGING = "init_logger sets logging up, and get_logger gives a logging.Logger"
_FILES = "create_data_loader reads the images that the engine section's data_source names"
_REGISTRY = "nothing is registered; a script's own algorithm goes to Pipeline.add_algo"

_ABSENT = Same("paths.helpers", "ABSENT")  # of packages that POT did without where they were not installed
_OPERATIONS = (
    "CONCAT_UNIFY_INPUTS CONCAT_UNIFY_OUTPUTS DETECTION_OUTPUT_FINAL_TYPES ELTWISE_ADD_SUB ELTWISE_TYPES "
    "OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS OPERATIONS_WITH_WEIGHTS QUANTIZE_AGNOSTIC_OPERATIONS "
    "SPLIT_OPERATIONS TRANSPOSED_OPERATIONS TYPES_TO_QUANTIZABLE_PORTS"
)


def _operations(names: str) -> Names:
    return _in("graph.special_operations", names)


PATHS: dict[str, Names] = {
    "": {
        **_here(
            "DataLoader Engine IEEngine Metric load_model save_model compress_model_weights create_pipeline"
        ),
        **_here("DefaultQuantization AccuracyAwareQuantization MinMaxQuantization FastBiasCorrection"),
        **_here("OverflowCorrection"),
        **_in("algorithms.algorithm_selector", "QUANTIZATION_ALGORITHMS SPARSITY_ALGORITHMS"),
        **_gone(_PARTS, "ActivationChannelAlignment BiasCorrection WeightBiasCorrection"),
        **_gone(_OPTIMIZED, "ParamsGridSearchAlgorithm RangeOptimization RangeSupervision"),
        **_gone(_OPTIMIZED, "OutlierChannelSplitting"),
        **_gone(_SEARCH, "AccuracyAwareCommon AccuracyAwareGNA INT4MixedQuantization"),
        **_gone(_SEARCH, "TunableQuantization QuantNoiseEstimator"),
        **_gone("the engine data_free makes images up for DefaultQuantization", "DataFreeQuantization"),
        **_gone(_SPARSE, "BaseWeightSparsity MagnitudeSparsity WeightSparsity"),
    },
    "algorithms": {},
    "algorithms.algorithm": {
        **_here("Algorithm"),
    },
    "algorithms.algorithm_selector": {
        **_here("get_algorithm"),
        **_gone(_REGISTRY, "get_registry COMPRESSION_ALGORITHMS REGISTRY_STORAGE"),
    },
    "algorithms.finetuning": {},
    "algorithms.finetuning.algorithm": {
        **_gone(_TRAINING, "LayerwiseModelFinetuning"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.finetuning.layers": _gone(_TRAINING, "FakeQuantize LinearModule STERound"),
    "algorithms.finetuning.utils": _gone(_TRAINING, "get_optimization_params get_weight_node"),
    "algorithms.quantization": {},
    "algorithms.quantization.accuracy_aware": {},
    "algorithms.quantization.accuracy_aware.algorithm": _in(
        "algorithms.accuracy", "AccuracyAwareQuantization"
    ),
    "algorithms.quantization.accuracy_aware_common": {},
    "algorithms.quantization.accuracy_aware_common.algorithm": _gone(_SEARCH, "AccuracyAwareCommon"),
    "algorithms.quantization.accuracy_aware_common.mixed_precision": {
        **_gone(_SEARCH, "INT4MixedQuantization"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.accuracy_aware_common.utils": {
        **_gone("Pipeline.evaluate measures a model", "evaluate_model process_per_sample_metrics"),
        **_gone(_SEARCH, "METRIC2PROXY_METRIC METRICS_CONFIGS SPECIAL_METRICS create_metric_config"),
        **_gone(_SEARCH, "get_mixed_preset_config get_num_of_quantized_ops is_preset_performance"),
        **_gone(
            _SEARCH, "metric_name_from_config prepare_nodes_for_logger process_raw_output register_metric"
        ),
        **_gone(_SEARCH, "register_metrics register_postprocessing sort_by_logit_distance"),
        **_gone(_SEARCH, "sort_by_metric_difference"),
    },
    "algorithms.quantization.accuracy_aware_gna": {},
    "algorithms.quantization.accuracy_aware_gna.algorithm": {
        **_gone(_SEARCH, "AccuracyAwareGNA"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.bias_correction": {},
    "algorithms.quantization.bias_correction.algorithm": {
        **_gone(_PARTS, "BiasCorrection"),
        **_operations("OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS SPLIT_OPERATIONS"),
    },
    "algorithms.quantization.channel_alignment": {},
    "algorithms.quantization.channel_alignment.algorithm": _gone(_PARTS, "ActivationChannelAlignment"),
    "algorithms.quantization.datafree": {},
    "algorithms.quantization.datafree.algorithm": _gone(
        "the engine data_free makes images up for DefaultQuantization", "DataFreeQuantization"
    ),
    "algorithms.quantization.datafree.utils": _gone(_RANGES, "calc_clipped_mean calc_clipped_sigma"),
    "algorithms.quantization.default": {},
    "algorithms.quantization.default.algorithm": {
        **_in("algorithms.quantization", "DefaultQuantization"),
        "TORCH_AVAILABLE": _ABSENT,
    },
    "algorithms.quantization.fake_quantize": {
        **_in("quantization.fake_quantize", "get_num_levels"),
        **_operations("OPERATIONS_WITH_WEIGHTS TRANSPOSED_OPERATIONS"),
        **_gone(_RANGES, "asymmetric_range broadcast_fq_values compute_levels compute_stats_layouts"),
        **_gone(_RANGES, "compute_weights_stats fill_fake_quantize_node fix_zero_filters_asymmetric"),
        **_gone(_RANGES, "fix_zero_filters_symmetric set_rescaling_factors symmetric_range tune_range"),
        **_gone(_RANGES, "tune_range_unify_zp"),
        **_gone(_PLACES, "create_renamed_layers_mapping get_fake_quantize_first_output get_quantized_model"),
        **_gone(_PLACES, "insert_fake_quantize_nodes unify_fq_scales"),
        **_gone(
            "get_node_input and get_node_value of openvino.tools.pot.graph.node_utils look at nodes",
            "get_fake_quantize_input get_fake_quantize_input_value get_value",
        ),
    },
    "algorithms.quantization.fake_quantize_configuration": {
        **_operations("CONCAT_UNIFY_INPUTS CONCAT_UNIFY_OUTPUTS QUANTIZE_AGNOSTIC_OPERATIONS"),
        **_operations("TYPES_TO_QUANTIZABLE_PORTS"),
        **_gone(_RANGES, "ACTIVATION_QUANTIZATION_MODES QUANTIZATION_MODES QUANTIZATION_PARAMETERS"),
        **_gone(_RANGES, "add_range_estimator_configs intersect_configs"),
        **_gone(
            _PLACES, "change_configurations_by_model_type change_configurations_by_model_type_transformer"
        ),
        **_gone(_PLACES, "find_fqs_to_unify get_configurations_by_preset get_configurations_by_qscheme"),
        **_gone(_PLACES, "get_fake_quantize_configuration read_all_fake_quantize_configurations"),
        **_gone(_PLACES, "unify_recurrent_fqs"),
    },
    "algorithms.quantization.fast_bias_correction": {},
    "algorithms.quantization.fast_bias_correction.algorithm": {
        **_in("algorithms.quantization", "FastBiasCorrection"),
        **_operations("OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS"),
    },
    "algorithms.quantization.layerwise_finetuning": {},
    "algorithms.quantization.layerwise_finetuning.algorithm": _gone(_TRAINING, "QuantizeModelFinetuning"),
    "algorithms.quantization.minmax": {},
    "algorithms.quantization.minmax.algorithm": {
        **_in("algorithms.quantization", "MinMaxQuantization"),
        **_operations("TRANSPOSED_OPERATIONS"),
    },
    "algorithms.quantization.optimization": {},
    "algorithms.quantization.optimization.algorithm": {
        **_gone(_OPTIMIZED, "OptimizationAlgorithm"),
        "NEVERGRAD_AVAILABLE": _ABSENT,
        "SKOPT_AVAILABLE": _ABSENT,
    },
    "algorithms.quantization.optimization.params_tuning": _gone(_OPTIMIZED, "ParamsGridSearchAlgorithm"),
    "algorithms.quantization.optimization.rangeopt": _gone(_OPTIMIZED, "RangeOptimization"),
    "algorithms.quantization.outlier_channel_splitting": {},
    "algorithms.quantization.outlier_channel_splitting.algorithm": _gone(
        _OPTIMIZED, "OutlierChannelSplitting"
    ),
    "algorithms.quantization.overflow_correction": {},
    "algorithms.quantization.overflow_correction.algorithm": {
        **_in("algorithms.quantization", "OverflowCorrection"),
        **_operations("ELTWISE_ADD_SUB OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.overflow_correction.utils": _gone(
        "OverflowCorrection does all of it",
        "compute_scale correct_elt_overflow correct_node_overflow get_propagated_input_fq",
    ),
    "algorithms.quantization.qnoise_estimator": {},
    "algorithms.quantization.qnoise_estimator.algorithm": _gone(_SEARCH, "QuantNoiseEstimator"),
    "algorithms.quantization.qnoise_estimator.utils": _gone(
        _SEARCH, "get_composite_model model_disjoint_union relabel_nodes"
    ),
    "algorithms.quantization.range_estimator": {
        **_gone(_RANGES, "DEFAULT_ACTIVATIONS_RANGE_ESTIMATOR_CONFIG DEFAULT_OUTPUTS_RANGE_ESTIMATOR_CONFIG"),
        **_gone(
            _RANGES, "DEFAULT_WEIGHTS_RANGE_ESTIMATOR_CONFIG QUANTILE_ACTIVATIONS_RANGE_ESTIMATOR_CONFIG"
        ),
        **_gone(_RANGES, "QUANTILE_OUTPUTS_RANGE_ESTIMATOR_CONFIG QUANTILE_WEIGHTS_RANGE_ESTIMATOR_CONFIG"),
        **_gone(_RANGES, "RANGE_ESTIMATOR_CONFIG_PRESETS get_range_estimator_config"),
    },
    "algorithms.quantization.range_supervision": {},
    "algorithms.quantization.range_supervision.algorithm": _gone(_OPTIMIZED, "RangeSupervision"),
    "algorithms.quantization.tunable_quantization": {},
    "algorithms.quantization.tunable_quantization.algorithm": _gone(_SEARCH, "TunableQuantization"),
    "algorithms.quantization.utils": {
        **_in("hardware.listing", "load_hardware_config"),
        **_gone(_STATISTICS, "get_tensor_statistics get_stat_name_by_config"),
        **_gone(
            _RANGES, "ACTIVATIONS WEIGHTS append_estimator_configs get_quantize_op_config merge_nested_dicts"
        ),
        **_gone(_PLACES, "get_ignored_operations"),
        **_gone(
            "get_input_shape of openvino.tools.pot.graph.node_utils has shapes", "get_input_shape_for_bias"
        ),
        **_gone(
            "stat_subset_size chooses samples, and those of IEEngine's data loader are for evaluation",
            "reset_dataset_to_default select_evaluation_dataset select_optimization_dataset",
        ),
    },
    "algorithms.quantization.weight_bias_correction": {},
    "algorithms.quantization.weight_bias_correction.algorithm": {
        **_gone(_PARTS, "WeightBiasCorrection"),
        **_operations("OPERATIONS_WITH_BIAS"),
    },
    "algorithms.sparsity": {},
    "algorithms.sparsity.default": {},
    "algorithms.sparsity.default.algorithm": {
        **_gone(_SPARSE, "WeightSparsity"),
        "TORCH_AVAILABLE": _ABSENT,
    },
    "algorithms.sparsity.default.base_algorithm": _gone(_SPARSE, "BaseWeightSparsity"),
    "algorithms.sparsity.default.utils": {
        **_gone(_SPARSE, "check_model_sparsity_level"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.sparsity.layerwise_finetuning": {},
    "algorithms.sparsity.layerwise_finetuning.algorithm": _gone(_TRAINING, "SparseModelFinetuning"),
    "algorithms.sparsity.magnitude_sparsity": {},
    "algorithms.sparsity.magnitude_sparsity.algorithm": {
        **_gone(_SPARSE, "MagnitudeSparsity"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.utils": _gone(_PLACES, "process_ignored_scope"),
    "api": _here("DataLoader Engine Metric"),
    "api.data_loader": _here("DataLoader"),
    "api.engine": _here("Engine"),
    "api.metric": _here("Metric"),
    "api.samples": {},
    "api.samples.3d_segmentation": {},
    "api.samples.3d_segmentation.3d_segmentation_sample": {
        **_here("BRATSDataLoader DiceIndex SegmentationEngine main"),
        **_in("api.samples.segmentation_3d.volumes", "resize3d"),
    },
    "api.samples.classification": {},
    "api.samples.classification.classification_sample": {
        **_here("Accuracy ImageNetDataLoader main"),
        **_gone(_SAMPLE, "get_configs optimize_model"),
        **_gone("the config of ImageNetDataLoader takes preprocessing", "PREPROC_FNS crop resize"),
    },
    "api.samples.face_detection": {},
    "api.samples.face_detection.face_detection_sample": _here("MTCNNEngine Recall WiderFaceLoader main"),
    "api.samples.face_detection.utils": {
        **_here("bbreg build_image_pyramid calculate_iou calculate_tp calibrate_bboxes cut_roi"),
        **_here("generate_bounding_box nms reshape_to_square"),
        **_gone("cut_roi cuts boxes that reach over the edges of an image", "pad"),
    },
    "api.samples.object_detection": {},
    "api.samples.object_detection.data_loader": _here("COCOLoader"),
    "api.samples.object_detection.metric": _here("MAP"),
    "api.samples.object_detection.obejct_detection_sample": _in(
        "api.samples.object_detection.object_detection_sample", "COCOLoader MAP main"
    ),
    "api.samples.segmentation": {},
    "api.samples.segmentation.segmentation_sample": {
        **_here("MeanIOU VOCSegmentationLoader main"),
        **_gone("VOCSegmentationLoader pads images itself", "central_padding"),
    },
    "api.samples.speech": {},
    "api.samples.speech.data_loader": _here("ArkDataLoader"),
    "api.samples.speech.gna_sample": {
        **_here("main"),
        **_gone(_SAMPLE, "get_configs optimize_model parse_args"),
    },
    "api.samples.speech.utils": _in("api.samples.speech.engine", "ArkEngine"),  # up to 2022.1
    "api.samples.utils": {},
    "api.samples.utils.argument_parser": _here("get_common_argparser"),
    "app": {},
    "app.argparser": {
        **_here("get_common_argument_parser"),
        **_gone(_COMMAND, "check_dependencies check_extra_arguments"),
    },
    "app.run": {
        **_here("app main optimize"),
        **_gone(_COMMAND, "print_algo_configs"),
    },
    "configs": {},
    "configs.config": _in("cli.config", "Config DEFAULT_PRESET DEFAULT_TARGET_DEVICE"),
    "configs.hardware": {},
    "configs.hardware_config": _gone(
        "load_hardware_config of openvino.tools.pot.algorithms.quantization.utils lists a device's table",
        "HardwareConfig",
    ),
    "configs.templates": {},
    "configs.utils": _gone(_SECTIONS, "check_params product_dict"),
    "data_loaders": {},
    "data_loaders.ac_data_loader": _gone("ACEngine has the loader that its config describes", "ACDataLoader"),
    "data_loaders.creator": _here("create_data_loader"),
    "data_loaders.image_loader": _gone(_FILES, "IMREAD_GRAYSCALE ImageLoader"),
    "data_loaders.utils": _gone(_FILES, "collect_img_files crop prepare_image"),
    "engines": {},
    "engines.ac_engine": _here("ACEngine"),
    "engines.creator": _here("create_engine"),
    "engines.ie_engine": _here("IEEngine"),
    "engines.simplified_engine": _here("SimplifiedEngine"),
    "engines.utils": {
        **_here("add_tensor_names align_stat_names_with_results collect_model_outputs get_clean_name"),
        **_here("process_accumulated_stats restore_original_node_names"),
        **_gone(_STATISTICS, "ACTIVATIONS append_stats get_inplace_stats_mapping get_per_layer_stat_mapping"),
        **_gone(_STATISTICS, "get_sequential_activations parse_sequential_stats update_stats"),
        **_gone(
            "IEEngine.postprocess_output gets a dict of output names to arrays",
            "cast_friendly_names process_raw_output",
        ),
    },
    "graph": {
        **_here("load_model save_model"),
        **_gone(_PLACES, "GraphTransformer"),
        **_gone(_EDITS, "connect_nodes connect_nodes_by_name remove_node_by_name"),
    },
    "graph.builder": _gone(
        _EDITS, "build_graph build_graph_for_node make_copy_fake_quantize make_copy_graph_attrs"
    ),
    "graph.cpu_patterns": _gone(_PATTERNS, "get_cpu_ignored_patterns"),
    "graph.editor": {
        **_in("graph.model_utils", "get_node_by_name get_nodes_by_type"),
        **_gone(_EDITS, "FunctionResultsAccumulator OPERATIONS add_fullname_for_nodes connect_nodes"),
        **_gone(_EDITS, "connect_nodes_by_name create_node find_node get_all_operation_nodes"),
        **_gone(_EDITS, "remove_node_by_name"),
    },
    "graph.gna_patterns": _gone(_PATTERNS, "get_gna3_ignored_patterns get_gna_ignored_patterns"),
    "graph.gpu_patterns": _gone(_PATTERNS, "get_gpu_ignored_patterns"),
    "graph.graph_utils": _gone(
        "load_model and save_model of openvino.tools.pot.graph read and write models",
        "load_graph model_preprocessing save_graph",
    ),
    "graph.model_utils": {
        **_here(
            "add_outputs compress_model_weights get_node_by_name get_nodes_by_type load_model save_model"
        ),
        **_gone(_EDITS, "build_model_for_node get_all_operation_nodes models_union nx_type_infer"),
    },
    "graph.node_utils": {
        **_here("check_const_input check_input_data_is_const get_all_node_outputs get_bias_for_node"),
        **_here("get_first_convolutions get_input_data_value get_input_shape get_node_data_type"),
        **_here("get_node_input get_node_input_ports get_node_inputs get_node_output get_node_output_ports"),
        **_here("get_node_value get_output_shape get_quantized_input_key get_weights_for_node"),
        **_here("node_with_quantized_input_and_bias node_with_quantized_weights"),
        **_gone(
            "its openvino.Node is node.node; node.node.input(1).replace_source_output(...) gives it other values",
            "set_bias_for_node set_node_value set_weights_for_node",
        ),
        **_gone(
            "a node has name and fullname",
            "convert_to_outputs_name create_node_name reset_node_fullname",
        ),
        **_gone(_PLACES, "get_lstm_ends"),
    },
    "graph.nx_model": _in("graph.model", "CompressedModel"),
    "graph.ops": _gone(_EDITS, "OPERATIONS get_operations_list"),
    "graph.passes": {
        **_operations("DETECTION_OUTPUT_FINAL_TYPES OPERATIONS_WITH_BIAS OPERATIONS_WITH_WEIGHTS"),
        **_operations("SPLIT_OPERATIONS TYPES_TO_QUANTIZABLE_PORTS"),
        **_gone("compress_model_weights compresses weights", "compress_weights"),
        **_gone(_PLACES, "FakeQuantizeNameSwapper FakeQuantizeOptimization FakeQuantizePropagation"),
        **_gone(_PLACES, "IgnoreShapeSubgraph InsertFakeQuantize RemoveFakeQuantize SpecialBlocksMarker"),
        **_gone(_PLACES, "create_fake_quantize_node find_shape_subgraph_endpoints insert_fake_quantize"),
        **_gone(_PLACES, "insert_output_fake_quantize"),
        **_gone(_EDITS, "InsertBiasNode MatMulPreprocessing ModelPreprocessor SaveBNStatistics"),
        **_gone(
            _EDITS, "add_removed_converts create_bias_node get_next_in_ports remove_converts traverse_graph"
        ),
    },
    "graph.pattern_builder": {
        **_gone(_PATTERNS, "PatternBuilder"),
        **_operations("OPERATIONS_WITH_BIAS"),
    },
    "graph.pattern_utils": {
        **_operations("ELTWISE_TYPES OPERATIONS_WITH_BIAS"),
        **_gone(
            _PATTERNS, "check_for_branching check_fused_op_const_patterns check_fused_scale_shift_patterns"
        ),
        **_gone(
            _PATTERNS, "fc_conv_fused_basis_patterns get_assign_result_pattern get_clamp_mult_const_pattern"
        ),
        **_gone(_PATTERNS, "get_fq_result_pattern get_fused_op_const_pattern get_fused_scale_shift_patterns"),
    },
    "graph.special_operations": _here(f"{_OPERATIONS} is_eltwise"),
    "graph.special_patterns": {
        **_gone(_PATTERNS, "IGNORED_PATTERNS get_ignored_patterns registry_ignore_patterns"),
        **_operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "graph.transformer": {
        **_gone(_PLACES, "GraphTransformer"),
        **_operations("QUANTIZE_AGNOSTIC_OPERATIONS"),
    },
    "graph.utils": {
        **_operations("QUANTIZE_AGNOSTIC_OPERATIONS"),
        **_gone(_PATTERNS, "HARDWARE_AWARE_IGNORED_PATTERNS get_hw_aware_ignored_patterns"),
        **_gone(_PLACES, "HARDWARE_SPECIAL_FIELDS check_agnostic_and_ignored_params find_operation_matches"),
        **_gone(_PLACES, "get_hardware_config_operation_type get_operation_list is_ignored"),
        **_gone(_PLACES, "get_operation_list_with_outputs is_data_type_quantizable operations_matched"),
        **_gone(_PLACES, "preprocess_ignored_params"),
        **_gone(_COMMAND, "DEFAULT_PATH PathEncoder convert_mo_to_ie_operation create_cli_params_for_mo"),
        **_gone(_COMMAND, "create_quantization_info_for_mo"),
    },
    "graph.vpu_patterns": _gone(_PATTERNS, "get_vpu_ignored_patterns"),
    "pipeline": {},
    "pipeline.initializer": _here("create_pipeline"),
    "pipeline.pipeline": _here("Pipeline"),
    "samplers": {},
    "samplers.batch_sampler": _here("BatchSampler"),
    "samplers.creator": _here("create_sampler"),
    "samplers.index_sampler": _gone(
        "BatchSampler(data_loader, 1, subset_indices) of openvino.tools.pot.samplers.batch_sampler chooses samples",
        "IndexSampler",
    ),
    "samplers.sampler": {"Sampler": Same("samplers.batch_sampler", "BatchSampler")},
    "statistics": {},
    "statistics.collector": {
        **_here("StatisticsCollector"),
        **_gone(_STATISTICS, "collect_statistics"),
    },
    "statistics.function_selector": {
        **_gone(_MEASURED, "ACTIVATIONS ACTIVATIONS_STATS_FN PERCHANNEL PERTENSOR WEIGHTS WEIGHTS_STATS_FN"),
        **_gone(_MEASURED, "get_aggregation_function get_stats_function get_stats_function_for_activations"),
        **_gone(_MEASURED, "get_stats_function_for_weights"),
    },
    "statistics.functions": {},
    "statistics.functions.activations": {
        **_gone(_MEASURED, "PERCHANNEL PERTENSOR abs_max_per_channel abs_max_per_tensor"),
        **_gone(_MEASURED, "abs_quantile_per_channel abs_quantile_per_tensor calculate_per_channel_stats"),
        **_gone(_MEASURED, "calculate_per_tensor_stats get_abs_max_per_channel get_abs_max_per_tensor"),
        **_gone(_MEASURED, "get_max_per_channel get_max_per_tensor get_mean_per_channel"),
        **_gone(
            _MEASURED, "get_mean_per_channel_axis get_min_per_channel get_min_per_tensor max_per_channel"
        ),
        **_gone(_MEASURED, "max_per_tensor mean_per_channel mean_per_channel_axis min_per_channel"),
        **_gone(_MEASURED, "min_per_tensor quantile_per_channel quantile_per_tensor"),
    },
    "statistics.functions.aggregation": _gone(
        _MEASURED,
        "amax amin batch_mean hodges_lehmann_mean mean mean_no_outliers median median_no_outliers "
        "no_outliers_estimator",
    ),
    "statistics.functions.weights": {
        **_gone(
            _MEASURED, "PERCHANNEL PERTENSOR abs_max_per_filter abs_max_per_tensor abs_quantile_per_filter"
        ),
        **_gone(
            _MEASURED, "abs_quantile_per_tensor calculate_per_filter_stats max_per_filter max_per_tensor"
        ),
        **_gone(_MEASURED, "min_per_filter min_per_tensor quantile_per_filter quantile_per_tensor"),
    },
    "statistics.statistic_graph_builder": _gone(_STATISTICS, "ACTIVATIONS StatisticGraphBuilder"),
    "statistics.statistics": _gone(
        _STATISTICS, "SQNRStatistic Statistic TensorStatistic TensorStatisticAxis compute_statistic"
    ),
    "statistics.utils": _gone(_STATISTICS, "merge_algos_by_samplers merge_stats_by_algo_names"),
    "utils": {},
    "utils.ac_imports": {},
    "utils.config_reader": {
        "read_config_from_file": Same("config.files", "read_mapping"),
        **_in("paths.helpers", "write_config_to_file"),
    },
    "utils.launcher": _gone("compile the model with openvino.Core, which infers as well", "IELauncher"),
    "utils.logger": {
        **_here("DEBUG_LEVEL get_logger init_logger stdout_redirect"),
        **_gone(_LOGGING, "ProgressBarLogger RegularLogger"),
    },
    "utils.registry": _gone(_REGISTRY, "Registry RegistryStorage"),
    "utils.telemetry": {
        name: Same("paths.helpers", "no_telemetry")
        for name in (
            *("end_session_telemetry", "get_tid_telemetry", "send_configuration", "send_event"),
            "start_session_telemetry",
        )
    },
    "utils.telemetry_stub": _gone(
        "nobody is told anything; openvino.tools.pot.utils.telemetry has functions that do nothing",
        "Telemetry",
    ),
    "utils.timestamp": _in("paths.helpers", "get_timestamp get_timestamp_precise get_timestamp_short"),
    "utils.utils": {
        **_in("paths.helpers", "convert_output_key create_tmp_dir get_ie_version"),
        **_gone("os.environ holds variables of the environment", "Environment"),
    },
    "version": _here("INVALID_VERSION get_version"),
}

MOVED = {"custom": "api", "custom.metric": "api.metric", "data_loaders.data_loader": "api.data_loader"}
"""Paths below ``compression`` alone -> where POT moved them."""


def moved(path: str) -> str:
    """The path of 2022 for one that may be older."""
    return MOVED.get(path, path)
