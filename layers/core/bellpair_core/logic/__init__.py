"""The use cases, one to a file in a folder for its subject, as plain Python over the ports."""
