"""The Lambda host, with real processes."""
