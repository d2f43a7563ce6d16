"""Old name of openvino.tools.pot.graph.model_utils."""

from openvino.tools.pot.graph.model_utils import add_outputs as add_outputs
from openvino.tools.pot.graph.model_utils import compress_model_weights as compress_model_weights
from openvino.tools.pot.graph.model_utils import get_node_by_name as get_node_by_name
from openvino.tools.pot.graph.model_utils import get_nodes_by_type as get_nodes_by_type
from openvino.tools.pot.graph.model_utils import load_model as load_model
from openvino.tools.pot.graph.model_utils import save_model as save_model
