"""Bellpair's infrastructure: one construct for each capability, stacks that compose them."""
