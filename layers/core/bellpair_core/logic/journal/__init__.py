"""A function's journal: what its lines come to, and how one writer among others adds to it."""
