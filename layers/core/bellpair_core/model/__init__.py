"""Bellpair's values: plain data, no input or output."""
