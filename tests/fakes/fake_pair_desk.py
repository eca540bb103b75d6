"""What an operation on the pair reaches outside the ledger: machines, APIs, listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import PeerHealth


class FakeOperations:
    """Remembers the operations that were to be started.

    Attributes
    ----------
    started
        Region and input by name.
    unreachable
        Regions whose every start is a `TransientFault`.
    """

    def __init__(self) -> None:
        self.started: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.unreachable: set[str] = set()

    def start(self, region: str, name: str, input: Mapping[str, Any]) -> bool:
        """Note the operation; False if its name was used."""
        if region in self.unreachable:
            raise TransientFault(f"{region} cannot be reached")
        return self.started.setdefault(name, (region, input)) == (region, input)


class FakePeers:
    """Answers for APIs as the test says.

    Attributes
    ----------
    healthy
        Endpoints whose API answers well; every other one does not answer.
    asked
        Endpoints in the order in which they were asked.
    """

    def __init__(self) -> None:
        self.healthy: set[str] = set()
        self.asked: list[str] = []

    def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
        """How the region is."""
        self.asked.append(endpoint)
        if endpoint in self.healthy:
            return PeerHealth(healthy=True)
        return PeerHealth(healthy=False, reason="no answer")


class FakeAnnouncements:
    """Remembers what was announced.

    Attributes
    ----------
    told, ended, regressed
        Changes of the pair, jobs' ends, and devices that do worse, in the order of the calls.
    """

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.ended: list[Mapping[str, Any]] = []
        self.regressed: list[Mapping[str, Any]] = []

    def pair_changed(self, detail: Mapping[str, Any]) -> None:
        """Note the change."""
        self.told.append(detail)

    def job_ended(self, detail: Mapping[str, Any]) -> None:
        """Note the end."""
        self.ended.append(detail)

    def fidelity_regressed(self, detail: Mapping[str, Any]) -> None:
        """Note the device."""
        self.regressed.append(detail)
