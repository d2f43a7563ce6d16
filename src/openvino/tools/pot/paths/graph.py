"""POT's import paths of graphs and their patterns."""

from __future__ import annotations

from openvino.tools.pot.paths.entries import COMMAND, PLACES, Names, gone, here, operations, within

_PATTERNS = "quantizers start at layers that gain, so no patterns are left out; ignored leaves nodes in float"
_EDITS = (
    "load_model's graph is the openvino.Model model.models[0]['model']; edit it with OpenVINO's own means"
)
_OPERATIONS = (
    "CONCAT_UNIFY_INPUTS CONCAT_UNIFY_OUTPUTS DETECTION_OUTPUT_FINAL_TYPES ELTWISE_ADD_SUB ELTWISE_TYPES "
    "OPERATIONS_CHANNEL_AXIS OPERATIONS_WITH_BIAS OPERATIONS_WITH_WEIGHTS QUANTIZE_AGNOSTIC_OPERATIONS "
    "SPLIT_OPERATIONS TRANSPOSED_OPERATIONS TYPES_TO_QUANTIZABLE_PORTS"
)

GRAPH: dict[str, Names] = {
    "graph": {
        **here("load_model save_model"),
        **gone(PLACES, "GraphTransformer"),
        **gone(_EDITS, "connect_nodes connect_nodes_by_name remove_node_by_name"),
    },
    "graph.builder": gone(
        _EDITS, "build_graph build_graph_for_node make_copy_fake_quantize make_copy_graph_attrs"
    ),
    "graph.cpu_patterns": gone(_PATTERNS, "get_cpu_ignored_patterns"),
    "graph.editor": {
        **within("graph.model_utils", "get_node_by_name get_nodes_by_type"),
        **gone(_EDITS, "FunctionResultsAccumulator OPERATIONS add_fullname_for_nodes connect_nodes"),
        **gone(_EDITS, "connect_nodes_by_name create_node find_node get_all_operation_nodes"),
        **gone(_EDITS, "remove_node_by_name"),
    },
    "graph.gna_patterns": gone(_PATTERNS, "get_gna3_ignored_patterns get_gna_ignored_patterns"),
    "graph.gpu_patterns": gone(_PATTERNS, "get_gpu_ignored_patterns"),
    "graph.graph_utils": gone(
        "load_model and save_model of openvino.tools.pot.graph read and write models",
        "load_graph model_preprocessing save_graph",
    ),
    "graph.model_utils": {
        **here("add_outputs compress_model_weights get_node_by_name get_nodes_by_type load_model save_model"),
        **gone(_EDITS, "build_model_for_node get_all_operation_nodes models_union nx_type_infer"),
    },
    "graph.node_utils": {
        **here("check_const_input check_input_data_is_const get_all_node_outputs get_bias_for_node"),
        **here("get_first_convolutions get_input_data_value get_input_shape get_node_data_type"),
        **here("get_node_input get_node_input_ports get_node_inputs get_node_output get_node_output_ports"),
        **here("get_node_value get_output_shape get_quantized_input_key get_weights_for_node"),
        **here("node_with_quantized_input_and_bias node_with_quantized_weights"),
        **gone(
            "its openvino.Node is node.node; node.node.input(1).replace_source_output(...) gives it other values",
            "set_bias_for_node set_node_value set_weights_for_node",
        ),
        **gone(
            "a node has name and fullname",
            "convert_to_outputs_name create_node_name reset_node_fullname",
        ),
        **gone(PLACES, "get_lstm_ends"),
    },
    "graph.nx_model": within("graph.model", "CompressedModel"),
    "graph.ops": gone(_EDITS, "OPERATIONS get_operations_list"),
    "graph.passes": {
        **operations("DETECTION_OUTPUT_FINAL_TYPES OPERATIONS_WITH_BIAS OPERATIONS_WITH_WEIGHTS"),
        **operations("SPLIT_OPERATIONS TYPES_TO_QUANTIZABLE_PORTS"),
        **gone("compress_model_weights compresses weights", "compress_weights"),
        **gone(PLACES, "FakeQuantizeNameSwapper FakeQuantizeOptimization FakeQuantizePropagation"),
        **gone(PLACES, "IgnoreShapeSubgraph InsertFakeQuantize RemoveFakeQuantize SpecialBlocksMarker"),
        **gone(PLACES, "create_fake_quantize_node find_shape_subgraph_endpoints insert_fake_quantize"),
        **gone(PLACES, "insert_output_fake_quantize"),
        **gone(_EDITS, "InsertBiasNode MatMulPreprocessing ModelPreprocessor SaveBNStatistics"),
        **gone(
            _EDITS, "add_removed_converts create_bias_node get_next_in_ports remove_converts traverse_graph"
        ),
    },
    "graph.pattern_builder": {
        **gone(_PATTERNS, "PatternBuilder"),
        **operations("OPERATIONS_WITH_BIAS"),
    },
    "graph.pattern_utils": {
        **operations("ELTWISE_TYPES OPERATIONS_WITH_BIAS"),
        **gone(
            _PATTERNS, "check_for_branching check_fused_op_const_patterns check_fused_scale_shift_patterns"
        ),
        **gone(
            _PATTERNS, "fc_conv_fused_basis_patterns get_assign_result_pattern get_clamp_mult_const_pattern"
        ),
        **gone(_PATTERNS, "get_fq_result_pattern get_fused_op_const_pattern get_fused_scale_shift_patterns"),
    },
    "graph.special_operations": here(f"{_OPERATIONS} is_eltwise"),
    "graph.special_patterns": {
        **gone(_PATTERNS, "IGNORED_PATTERNS get_ignored_patterns registry_ignore_patterns"),
        **operations("OPERATIONS_WITH_WEIGHTS"),
    },
    "graph.transformer": {
        **gone(PLACES, "GraphTransformer"),
        **operations("QUANTIZE_AGNOSTIC_OPERATIONS"),
    },
    "graph.utils": {
        **operations("QUANTIZE_AGNOSTIC_OPERATIONS"),
        **gone(_PATTERNS, "HARDWARE_AWARE_IGNORED_PATTERNS get_hw_aware_ignored_patterns"),
        **gone(PLACES, "HARDWARE_SPECIAL_FIELDS check_agnostic_and_ignored_params find_operation_matches"),
        **gone(PLACES, "get_hardware_config_operation_type get_operation_list is_ignored"),
        **gone(PLACES, "get_operation_list_with_outputs is_data_type_quantizable operations_matched"),
        **gone(PLACES, "preprocess_ignored_params"),
        **gone(COMMAND, "DEFAULT_PATH PathEncoder convert_mo_to_ie_operation create_cli_params_for_mo"),
        **gone(COMMAND, "create_quantization_info_for_mo"),
    },
    "graph.vpu_patterns": gone(_PATTERNS, "get_vpu_ignored_patterns"),
}
