"""Statistics of tensors: reduced inside the graph, streamed through accumulators, in one pass."""
