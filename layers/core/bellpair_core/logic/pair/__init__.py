"""The two regions: which one may act, how each is watched, how the other takes over."""
