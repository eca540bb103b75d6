"""Quantum functions: deployed, named, looked at, invoked."""
