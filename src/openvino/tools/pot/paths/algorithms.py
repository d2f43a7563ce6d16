"""POT's import paths of its algorithms."""

from __future__ import annotations

from openvino.tools.pot.paths.entries import (
    OPTIMIZED,
    PARTS,
    PLACES,
    REGISTRY,
    SEARCH,
    SPARSE,
    STATISTICS,
    Names,
    Same,
    gone,
    here,
    operations,
    within,
)

_TRAINING = (
    "nothing is trained here; DefaultQuantization rounds weights by the error at outputs (weight_rounding)"
)
_RANGES = "ranges are found inside DefaultQuantization; range_estimator, preset and saturation_fix say how"
_ABSENT = Same("paths.helpers", "ABSENT")  # of packages that POT did without where they were not installed

ALGORITHMS: dict[str, Names] = {
    "algorithms": {},
    "algorithms.algorithm": {
        **here("Algorithm"),
    },
    "algorithms.algorithm_selector": {
        **here("get_algorithm"),
        **gone(REGISTRY, "get_registry COMPRESSION_ALGORITHMS REGISTRY_STORAGE"),
    },
    "algorithms.finetuning": {},
    "algorithms.finetuning.algorithm": {
        **gone(_TRAINING, "LayerwiseModelFinetuning"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.finetuning.layers": gone(_TRAINING, "FakeQuantize LinearModule STERound"),
    "algorithms.finetuning.utils": gone(_TRAINING, "get_optimization_params get_weight_node"),
    "algorithms.quantization": {},
    "algorithms.quantization.accuracy_aware": {},
    "algorithms.quantization.accuracy_aware.algorithm": within(
        "algorithms.accuracy", "AccuracyAwareQuantization"
    ),
    "algorithms.quantization.accuracy_aware_common": {},
    "algorithms.quantization.accuracy_aware_common.algorithm": gone(SEARCH, "AccuracyAwareCommon"),
    "algorithms.quantization.accuracy_aware_common.mixed_precision": {
        **gone(SEARCH, "INT4MixedQuantization"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.accuracy_aware_common.utils": {
        **gone("Pipeline.evaluate measures a model", "evaluate_model process_per_sample_metrics"),
        **gone(SEARCH, "METRIC2PROXY_METRIC METRICS_CONFIGS SPECIAL_METRICS create_metric_config"),
        **gone(SEARCH, "get_mixed_preset_config get_num_of_quantized_ops is_preset_performance"),
        **gone(SEARCH, "metric_name_from_config prepare_nodes_for_logger process_raw_output register_metric"),
        **gone(SEARCH, "register_metrics register_postprocessing sort_by_logit_distance"),
        **gone(SEARCH, "sort_by_metric_difference"),
    },
    "algorithms.quantization.accuracy_aware_gna": {},
    "algorithms.quantization.accuracy_aware_gna.algorithm": {
        **gone(SEARCH, "AccuracyAwareGNA"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.bias_correction": {},
    "algorithms.quantization.bias_correction.algorithm": {
        **gone(PARTS, "BiasCorrection"),
        **operations("OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS SPLIT_OPERATIONS"),
    },
    "algorithms.quantization.channel_alignment": {},
    "algorithms.quantization.channel_alignment.algorithm": gone(PARTS, "ActivationChannelAlignment"),
    "algorithms.quantization.datafree": {},
    "algorithms.quantization.datafree.algorithm": gone(
        "the engine data_free makes images up for DefaultQuantization", "DataFreeQuantization"
    ),
    "algorithms.quantization.datafree.utils": gone(_RANGES, "calc_clipped_mean calc_clipped_sigma"),
    "algorithms.quantization.default": {},
    "algorithms.quantization.default.algorithm": {
        **within("algorithms.quantization", "DefaultQuantization"),
        "TORCH_AVAILABLE": _ABSENT,
    },
    "algorithms.quantization.fake_quantize": {
        **within("arithmetic.fake_quantize", "get_num_levels"),
        **operations("OPERATIONS_WITH_WEIGHTS TRANSPOSED_OPERATIONS"),
        **gone(_RANGES, "asymmetric_range broadcast_fq_values compute_levels compute_stats_layouts"),
        **gone(_RANGES, "compute_weights_stats fill_fake_quantize_node fix_zero_filters_asymmetric"),
        **gone(_RANGES, "fix_zero_filters_symmetric set_rescaling_factors symmetric_range tune_range"),
        **gone(_RANGES, "tune_range_unify_zp"),
        **gone(PLACES, "create_renamed_layers_mapping get_fake_quantize_first_output get_quantized_model"),
        **gone(PLACES, "insert_fake_quantize_nodes unify_fq_scales"),
        **gone(
            "get_node_input and get_node_value of openvino.tools.pot.graph.node_utils look at nodes",
            "get_fake_quantize_input get_fake_quantize_input_value get_value",
        ),
    },
    "algorithms.quantization.fake_quantize_configuration": {
        **operations("CONCAT_UNIFY_INPUTS CONCAT_UNIFY_OUTPUTS QUANTIZE_AGNOSTIC_OPERATIONS"),
        **operations("TYPES_TO_QUANTIZABLE_PORTS"),
        **gone(_RANGES, "ACTIVATION_QUANTIZATION_MODES QUANTIZATION_MODES QUANTIZATION_PARAMETERS"),
        **gone(_RANGES, "add_range_estimator_configs intersect_configs"),
        **gone(PLACES, "change_configurations_by_model_type change_configurations_by_model_type_transformer"),
        **gone(PLACES, "find_fqs_to_unify get_configurations_by_preset get_configurations_by_qscheme"),
        **gone(PLACES, "get_fake_quantize_configuration read_all_fake_quantize_configurations"),
        **gone(PLACES, "unify_recurrent_fqs"),
    },
    "algorithms.quantization.fast_bias_correction": {},
    "algorithms.quantization.fast_bias_correction.algorithm": {
        **within("algorithms.quantization", "FastBiasCorrection"),
        **operations("OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS"),
    },
    "algorithms.quantization.layerwise_finetuning": {},
    "algorithms.quantization.layerwise_finetuning.algorithm": gone(_TRAINING, "QuantizeModelFinetuning"),
    "algorithms.quantization.minmax": {},
    "algorithms.quantization.minmax.algorithm": {
        **within("algorithms.quantization", "MinMaxQuantization"),
        **operations("TRANSPOSED_OPERATIONS"),
    },
    "algorithms.quantization.optimization": {},
    "algorithms.quantization.optimization.algorithm": {
        **gone(OPTIMIZED, "OptimizationAlgorithm"),
        "NEVERGRAD_AVAILABLE": _ABSENT,
        "SKOPT_AVAILABLE": _ABSENT,
    },
    "algorithms.quantization.optimization.params_tuning": gone(OPTIMIZED, "ParamsGridSearchAlgorithm"),
    "algorithms.quantization.optimization.rangeopt": gone(OPTIMIZED, "RangeOptimization"),
    "algorithms.quantization.outlier_channel_splitting": {},
    "algorithms.quantization.outlier_channel_splitting.algorithm": gone(OPTIMIZED, "OutlierChannelSplitting"),
    "algorithms.quantization.overflow_correction": {},
    "algorithms.quantization.overflow_correction.algorithm": {
        **within("algorithms.quantization", "OverflowCorrection"),
        **operations("ELTWISE_ADD_SUB OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.quantization.overflow_correction.utils": gone(
        "OverflowCorrection does all of it",
        "compute_scale correct_elt_overflow correct_node_overflow get_propagated_input_fq",
    ),
    "algorithms.quantization.qnoise_estimator": {},
    "algorithms.quantization.qnoise_estimator.algorithm": gone(SEARCH, "QuantNoiseEstimator"),
    "algorithms.quantization.qnoise_estimator.utils": gone(
        SEARCH, "get_composite_model model_disjoint_union relabel_nodes"
    ),
    "algorithms.quantization.range_estimator": {
        **gone(_RANGES, "DEFAULT_ACTIVATIONS_RANGE_ESTIMATOR_CONFIG DEFAULT_OUTPUTS_RANGE_ESTIMATOR_CONFIG"),
        **gone(_RANGES, "DEFAULT_WEIGHTS_RANGE_ESTIMATOR_CONFIG QUANTILE_ACTIVATIONS_RANGE_ESTIMATOR_CONFIG"),
        **gone(_RANGES, "QUANTILE_OUTPUTS_RANGE_ESTIMATOR_CONFIG QUANTILE_WEIGHTS_RANGE_ESTIMATOR_CONFIG"),
        **gone(_RANGES, "RANGE_ESTIMATOR_CONFIG_PRESETS get_range_estimator_config"),
    },
    "algorithms.quantization.range_supervision": {},
    "algorithms.quantization.range_supervision.algorithm": gone(OPTIMIZED, "RangeSupervision"),
    "algorithms.quantization.tunable_quantization": {},
    "algorithms.quantization.tunable_quantization.algorithm": gone(SEARCH, "TunableQuantization"),
    "algorithms.quantization.utils": {
        **within("hardware.listing", "load_hardware_config"),
        **gone(STATISTICS, "get_tensor_statistics get_stat_name_by_config"),
        **gone(
            _RANGES, "ACTIVATIONS WEIGHTS append_estimator_configs get_quantize_op_config merge_nested_dicts"
        ),
        **gone(PLACES, "get_ignored_operations"),
        **gone(
            "get_input_shape of openvino.tools.pot.graph.node_utils has shapes", "get_input_shape_for_bias"
        ),
        **gone(
            "stat_subset_size chooses samples, and those of IEEngine's data loader are for evaluation",
            "reset_dataset_to_default select_evaluation_dataset select_optimization_dataset",
        ),
    },
    "algorithms.quantization.weight_bias_correction": {},
    "algorithms.quantization.weight_bias_correction.algorithm": {
        **gone(PARTS, "WeightBiasCorrection"),
        **operations("OPERATIONS_WITH_BIAS"),
    },
    "algorithms.sparsity": {},
    "algorithms.sparsity.default": {},
    "algorithms.sparsity.default.algorithm": {
        **gone(SPARSE, "WeightSparsity"),
        "TORCH_AVAILABLE": _ABSENT,
    },
    "algorithms.sparsity.default.base_algorithm": gone(SPARSE, "BaseWeightSparsity"),
    "algorithms.sparsity.default.utils": {
        **gone(SPARSE, "check_model_sparsity_level"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.sparsity.layerwise_finetuning": {},
    "algorithms.sparsity.layerwise_finetuning.algorithm": gone(_TRAINING, "SparseModelFinetuning"),
    "algorithms.sparsity.magnitude_sparsity": {},
    "algorithms.sparsity.magnitude_sparsity.algorithm": {
        **gone(SPARSE, "MagnitudeSparsity"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "algorithms.utils": gone(PLACES, "process_ignored_scope"),
}
