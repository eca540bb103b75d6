"""The use cases, one to a file, as plain Python over the ports."""
