"""Two regions with a sentinel each, one ledger, and time that a test lets pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from bellpair_core.logic.pair.watch_peer import Round, Verdict, Watch, probe
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.pair import Order, PairRecord
from bellpair_core.ports import AtOnce, Ledger, PeerHealth
from bellpair_core.settings import DeviceSetting, SentinelSetting, Settings
from tests.fakes import FakeClock, FakeWakeups, MemoryLedger
from tests.fakes.fake_pair_desk import FakeOperations
from tests.fakes.one_by_one import one_by_one

WELL = PeerHealth(healthy=True)
SILENT = PeerHealth(healthy=False, reason="no answer: timeout")
EAST, WEST = "us-east-1", "us-west-2"
SENTINEL = SentinelSetting(
    interval_s=1, confirm_n=3, confirm_m=4, cool_down_s=10, canary_s=60, canary_limit_s=45
)
SV1 = DeviceSetting(name="sv1", arn="arn:aws:braket:::device/quantum-simulator/amazon/sv1")


class Road:
    """A region's way to the ledger, which may be cut."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self.cut = False

    def __getattr__(self, name: str) -> Any:
        if self.cut:
            raise TransientFault("the ledger cannot be reached")
        return getattr(self._ledger, name)


class Region:
    """One region: its API, its way to the ledger and one process of its sentinel.

    Attributes
    ----------
    alive
        False stops everything in the region, as a loss or a freeze does.
    api
        Whether its API runs.
    deaf_to
        Regions whose API it cannot reach.
    clock_ahead
        How much its wall clock is wrong.
    """

    def __init__(self, name: str, pair: TwoSentinels, *, canaries: bool) -> None:
        self.name = name
        self.pair = pair
        self.alive = True
        self.api = True
        self.deaf_to: set[str] = set()
        self.clock_ahead = timedelta(0)
        self.road = Road(pair.ledger)
        self.operations = FakeOperations()
        self.peer_wakeups = FakeWakeups()
        self.settings = Settings(
            stage="test",
            region=name,
            primary_region=EAST,
            secondary_region=WEST,
            api_endpoint=f"http://{name}",
            sentinel=SENTINEL,
            devices=(SV1,) if canaries else (),
        )
        self.watch = Watch(SENTINEL)
        self.at_once: AtOnce = one_by_one

    def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
        """Ask the API of the region that the endpoint names."""
        asked = self.pair.regions[endpoint.removeprefix("http://")]
        if asked.name in self.deaf_to or not (asked.alive and asked.api):
            return SILENT
        if asked.road.cut:
            return PeerHealth(healthy=False, reason="HTTP status 503")
        return WELL

    def probe(self, watch: Watch | None = None) -> Round:
        """One round of the region's sentinel, or of another process of it."""
        return probe(
            watch or self.watch,
            ledger=cast(Ledger, self.road),
            peers=self,
            operations=self.operations,
            wakeups=self.peer_wakeups,
            clock=lambda: self.pair.clock() + self.clock_ahead,
            monotonic=self.pair.monotonic,
            at_once=self.at_once,
            settings=self.settings,
        )

    @property
    def orders(self) -> list[Order]:
        """What its sentinel has ordered."""
        return [Order.model_validate(given) for _, given in self.operations.started.values()]


class TwoSentinels:
    """East is active, west passive; both sentinels probe once a second."""

    def __init__(self, *, canaries: bool = False) -> None:
        self.clock = FakeClock()
        self._start = self.clock.now
        self.ledger = MemoryLedger(PairRecord(active=EAST, passive=WEST))
        self.regions: dict[str, Region] = {}
        for name in (EAST, WEST):
            self.regions[name] = Region(name, self, canaries=canaries)
        self.east, self.west = self.regions[EAST], self.regions[WEST]
        self.verdicts: list[Verdict] = []

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return (self.clock.now - self._start).total_seconds()

    def pass_time(self, rounds: int) -> list[Round]:
        """So many rounds of both sentinels; what west's found."""
        found: list[Round] = []
        for _ in range(rounds):
            if self.east.alive:
                self.east.probe()
            if self.west.alive:
                found.append(self.west.probe())
            self.clock.advance(timedelta(seconds=1))
        return found
