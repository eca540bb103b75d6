"""The tags by which costs are told; no version is among them, it would change every resource."""

STAGE = "bellpair:stage"
"""Holds the stage's name."""

CAPABILITY = "bellpair:capability"
"""Holds the construct's name that a resource belongs to: ``Ledger``, ``JobsApi``, ``Workers`` …"""
