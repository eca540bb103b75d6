"""Options that run each request's circuit in several forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from bellpair.options.backend import EnrichedExecutionBackend
from bellpair.options.request import Outcome, Plan, Request


class SeveralForms(EnrichedExecutionBackend, ABC):
    """An option whose subclass says what the forms of a request are, and what they come to."""

    def plan(self, requests: Sequence[Request]) -> Plan:
        """All forms of each request, one after the other."""
        forms = [self.forms(place, request) for place, request in enumerate(requests)]
        inner = self.within.plan([form for own in forms for form in own])

        def read(measured: Sequence[Any]) -> list[Outcome]:
            outcomes = iter(inner.read(measured))
            return [
                self.together(request, [next(outcomes) for _ in own])
                for request, own in zip(requests, forms, strict=True)
            ]

        return Plan(inner.programs, read)

    @abstractmethod
    def forms(self, place: int, request: Request) -> list[Request]:
        """The forms of the request at a place of the plan, which share out its shots."""

    @abstractmethod
    def together(self, request: Request, outcomes: Sequence[Outcome]) -> Outcome:
        """What a request's forms come to, in their order."""
