"""A job from its acceptance to its end, whatever it runs."""
