"""Random networks of all kinds of operations, with what they are fed."""

from random_graphs.graph import Graph, random_graph

__all__ = ["Graph", "random_graph"]
