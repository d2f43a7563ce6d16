"""Figures, plans and comparisons as data; whoever shows them decides how."""
