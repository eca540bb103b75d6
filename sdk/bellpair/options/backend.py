"""Execution backends: what plans requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellpair.options.request import Plan, Request


class ExecutionBackend(Protocol):
    """Plans what is to be run for requests, and reads outcomes from what was measured."""

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The programs of these requests; nothing is run here."""


class EnrichedExecutionBackend:
    """An option: a backend that has a backend.

    Parameters
    ----------
    within
        The backend that it turns to.
    seed
        Everything random in its plans comes from this.
    """

    def __init__(self, within: ExecutionBackend, *, seed: int = 0) -> None:
        self.within = within
        self.seed = seed

    def plan(self, requests: Sequence[Request]) -> Plan:
        """Turn to the backend within; options do more."""
        return self.within.plan(requests)


class DeviceBackend:
    """The innermost backend: each request is its program, and counts are what was read."""

    def plan(self, requests: Sequence[Request]) -> Plan:
        """One program for each request."""
        raise NotImplementedError
