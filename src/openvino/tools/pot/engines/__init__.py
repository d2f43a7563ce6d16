"""How samples flow through a compiled model."""
