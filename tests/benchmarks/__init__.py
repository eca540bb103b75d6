"""Figures, as JSON: what the platform does in a second, on the machine at hand."""
