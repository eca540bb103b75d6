"""The sentinel: give a sign of life, and watch the peer while this region is passive.

Nothing here compares the clocks of two regions to tell life from death. A peer lives while its
API answers, or while its beat in the ledger moves, by this region's monotonic clock. Only the
cool-down reads a time that another region may have written (`PairRecord.promoted_at`): with a
slow clock here it lasts longer, with a fast one shorter, and since a promotion is fenced by the
epoch, the worst that a wrong clock brings is an early promotion of a region that was to rest.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bellpair_core.model.beat import Beat
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import PAUSE_GRACE
from bellpair_core.model.pair import Operation, OperationKind, Order, PairRecord
from bellpair_core.ports import AtOnce, Clock, Ledger, Operations, PeerHealth, Peers, Wakeups
from bellpair_core.settings import SentinelSetting, Settings

from .canary import CanaryNews, CanaryWatch, tend_canary
from .promotion_rules import withheld

_LOG = logging.getLogger(__name__)

FRESH_INTERVALS = 1.5
"""A beat that moved so many intervals ago still counts: beat and look may just miss each other."""

GAP_INTERVALS = 3
"""After so many intervals without a round, what was seen before says nothing any more."""

TIMEOUT_INTERVALS = 0.9
"""How long the calls of a round may take, so that the next round begins in time."""

START_PATIENCE_INTERVALS = 10
"""How long an operation that was started may take to show its effect."""


class Verdict(StrEnum):
    """What a round found of the peer."""

    ALIVE = "alive"
    DEAD = "dead"
    STUCK = "stuck"
    UNKNOWN = "unknown"
    """It has never beaten: it is being set up, and was never there to be lost."""
    UNSURE = "unsure"
    """Its silence proves nothing: this region's own API did not answer in that time either."""
    BLIND = "blind"
    """This region is the one cut off: without the ledger it knows nothing and does nothing."""

    @property
    def lost(self) -> bool:
        """Whether it speaks for a promotion."""
        return self in (Verdict.DEAD, Verdict.STUCK)


class Round(NamedTuple):
    """What a round found and did.

    Attributes
    ----------
    pair
        The pair record; ``None`` when blind.
    canary_s
        How long a canary was out that was found ended, or that is overdue; seconds.
    started
        Name of the operation that was started.
    held_back
        Why none was started although the peer counts as lost.
    """

    verdict: Verdict
    pair: PairRecord | None = None
    canary_s: float | None = None
    started: str | None = None
    held_back: str = ""

    def paused_s(self, now: datetime) -> float:
        """For how many seconds the pair has taken no new jobs."""
        if self.pair is None or self.pair.accepting or self.pair.since is None:
            return 0.0
        # Another region's clock may have said since when.
        return max(0.0, (now - self.pair.since).total_seconds())


class Watch:
    """What one process remembers from round to round.

    Two processes that watch at once disturb nothing: each has its own window, beats of both
    move the counter, and of two promotions for one epoch one has no effect.

    Attributes
    ----------
    lost
        The last verdicts on the peer, newest last: whether they spoke for a promotion.
    endpoint
        Where the peer's API was last said to be.
    """

    def __init__(self, setting: SentinelSetting) -> None:
        self.lost: deque[bool] = deque(maxlen=setting.confirm_m)
        self.endpoint = ""
        self.canary = CanaryWatch()
        self._setting = setting
        self._last_round: tuple[float, datetime] | None = None
        self._beat: Beat | None = None
        self._moved_at = 0.0
        self._counter: int | None = None
        self._own_answered_at: float | None = None
        self._started: tuple[int, float] | None = None
        self._told = ""

    @property
    def suspicious(self) -> bool:
        """Whether anything in the window speaks for a promotion."""
        return any(self.lost)

    def begin_round(self, now: float, at: datetime) -> None:
        """Forget everything where too long was not looked.

        A process that was frozen may find its monotonic clock frozen too, so either clock tells.
        """
        if self._last_round is not None:
            before, before_at = self._last_round
            gap_s = max(now - before, abs((at - before_at).total_seconds()))
            if gap_s > GAP_INTERVALS * self._setting.interval_s:
                self.forget()
                self._own_answered_at = None
        self._last_round = (now, at)

    def forget(self) -> None:
        """Begin the window anew, as if the peer had just been seen for the first time."""
        self.lost.clear()
        self._beat = None

    def note(self, verdict: Verdict) -> None:
        """Put the round's verdict into the window; one that proves nothing lets the others age."""
        if verdict in (Verdict.UNKNOWN, Verdict.UNSURE):
            if self.lost:
                self.lost.popleft()
        else:
            self.lost.append(verdict.lost)

    def own_answered(self, now: float) -> None:
        """Note that this region's own API has just answered, however long that took."""
        self._own_answered_at = now

    @property
    def begun(self) -> bool:
        """Whether this region's own API has ever answered this process.

        Until then a region is being set up, and calls itself neither well nor ill.
        """
        return self._own_answered_at is not None

    def well(self, now: float) -> bool:
        """Whether this region's own API answers, if perhaps slowly."""
        limit_s = self._setting.confirm_n * self._setting.interval_s
        return self._own_answered_at is not None and now - self._own_answered_at < limit_s

    def next_count(self) -> int | None:
        """The number of the next beat; ``None`` until the last one's is known."""
        if self._counter is not None:
            self._counter += 1
        return self._counter

    def counted(self, own: Beat | None) -> None:
        """Go on counting where this region's last beat, of whichever process, left off."""
        if self._counter is None:
            self._counter = own.counter if own else 0

    def saw(self, beat: Beat | None, now: float) -> None:
        """Note the peer's beat."""
        if beat is None:
            return
        # One that is seen for the first time may have been left long ago or just now: wait.
        if self._beat is None or self._beat.counter != beat.counter:
            self._moved_at = now
        self._beat = beat
        self.endpoint = beat.endpoint

    def beats(self, now: float) -> bool:
        """Whether the peer said a short time ago that it is well."""
        limit_s = FRESH_INTERVALS * self._setting.interval_s
        return self._beat is not None and self._beat.healthy and now - self._moved_at < limit_s

    def started(self, epoch: int, now: float) -> None:
        """Note that an operation was started at this epoch."""
        self._started = (epoch, now)

    def waits_for_start(self, epoch: int, now: float) -> bool:
        """Whether an operation that was started here may still come to its effect."""
        limit_s = START_PATIENCE_INTERVALS * self._setting.interval_s
        return (
            self._started is not None
            and self._started[0] == epoch
            and now - self._started[1] < limit_s
        )

    def tell(self, text: str) -> None:
        """Log ``text`` unless it was the last that was told."""
        if text and text != self._told:
            _LOG.warning(text)
        self._told = text


class _Sight(NamedTuple):
    """What the ledger showed."""

    pair: PairRecord
    peer: Beat | None
    own: Beat | None


def probe(
    watch: Watch,
    *,
    ledger: Ledger,
    peers: Peers,
    operations: Operations,
    wakeups: Wakeups,
    clock: Clock,
    monotonic: Callable[[], float],
    at_once: AtOnce,
    settings: Settings,
) -> Round:
    """One round: beat, look at the peer, and have this region promoted if the peer is lost.

    The passive region starts a failover when ``confirm_n`` of the last ``confirm_m`` rounds in
    which its own API answered in time found the peer lost, no operator holds the pair, no
    operation on it is about to promote, and the cool-down since the last promotion is over;
    whatever holds it back is told once, and it acts as soon as that ends, if the peer is still
    lost. The active region beats, and has a pause ended whose operation is lost with the passive
    region.

    Parameters
    ----------
    watch
        Changed by each round.
    wakeups
        The peer's dispatcher.
    """
    began = monotonic()
    watch.begin_round(began, clock())
    sight, peer, own_answered = _look(watch, ledger, peers, clock, monotonic, at_once, settings)
    if sight is None:
        watch.forget()
        watch.tell(f"region {settings.region} cannot reach the ledger: it watches nobody")
        return Round(Verdict.BLIND)
    watch.saw(sight.peer, began)
    pair = sight.pair
    verdict = _verdict(watch, peer, began, own_answered=own_answered)
    if pair.active == settings.region:
        # What was seen as the passive region must not count when it is that again.
        watch.lost.clear()
        watch.canary = CanaryWatch()
        return Round(
            verdict, pair, started=_pause_ended(watch, pair, operations, clock(), settings)
        )
    canary = CanaryNews()
    if verdict is Verdict.ALIVE:
        canary = _canary(watch, pair, ledger, wakeups, clock, monotonic, settings)
        if canary.overdue:
            verdict = Verdict.STUCK if own_answered else Verdict.UNSURE
    watch.note(verdict)
    if not verdict.lost or sum(watch.lost) < settings.sentinel.confirm_n:
        if verdict is Verdict.UNSURE:
            watch.tell("this region's own API does not answer in time, so it judges nobody")
        elif not watch.suspicious:
            watch.tell("")
        return Round(verdict, pair, canary.out_s)
    order = _order(pair, verdict, peer, clock(), settings)
    held_back = _held_back(pair, order, clock(), settings)
    if monotonic() - began > GAP_INTERVALS * settings.sentinel.interval_s:
        held_back = "this round took too long to be believed"
    if held_back:
        watch.tell(f"{order.reason}; no promotion yet: {held_back}")
        return Round(verdict, pair, canary.out_s, held_back=held_back)
    if watch.waits_for_start(pair.epoch, began) or not _started(order, operations, settings.region):
        return Round(verdict, pair, canary.out_s)
    watch.started(pair.epoch, began)
    return Round(verdict, pair, canary.out_s, order.id)


def _look(
    watch: Watch,
    ledger: Ledger,
    peers: Peers,
    clock: Clock,
    monotonic: Callable[[], float],
    at_once: AtOnce,
    settings: Settings,
) -> tuple[_Sight | None, PeerHealth | None, bool]:
    """What the ledger shows, what the peer answers, and whether the own API answered as soon.

    All is asked at once; the beat is left on the way.
    """
    setting = settings.sentinel
    timeout_s = TIMEOUT_INTERVALS * setting.interval_s
    count = watch.next_count()
    begun, well = watch.begun, watch.well(monotonic())

    def visit_ledger() -> _Sight:
        pair = ledger.pair()
        if count is None:
            own = ledger.beat(settings.region)
        else:
            own = None
            if begun:
                ledger.put_beat(
                    Beat(
                        region=settings.region,
                        counter=count,
                        healthy=well,
                        endpoint=settings.api_endpoint,
                        at=clock(),
                    )
                )
        return _Sight(pair, ledger.beat(settings.peer_region), own)

    def ask_own() -> bool:
        # It may take longer than this round: a region under load is slow and not ill.
        healthy = peers.health(
            settings.api_endpoint, setting.confirm_n * setting.interval_s
        ).healthy
        if healthy:
            watch.own_answered(monotonic())
        return healthy

    calls: dict[str, Callable[[], object]] = {"ledger": visit_ledger, "own": ask_own}
    if watch.endpoint:
        calls["peer"] = lambda: peers.health(watch.endpoint, timeout_s)
    found = at_once(calls, timeout_s)
    peer, sight = found.get("peer"), found["ledger"]
    if isinstance(peer, Exception):
        peer = PeerHealth(healthy=False, reason=f"no answer: {peer}")
    if not isinstance(sight, _Sight):
        expected = isinstance(sight, TransientFault | TimeoutError)
        if isinstance(sight, Exception) and not expected:
            _LOG.error("the ledger could not be asked", exc_info=sight)
        return None, None, False
    watch.counted(sight.own)
    return sight, peer if isinstance(peer, PeerHealth) else None, found["own"] is True


def _verdict(watch: Watch, peer: PeerHealth | None, now: float, *, own_answered: bool) -> Verdict:
    if watch.beats(now) or (peer is not None and peer.healthy):
        return Verdict.ALIVE
    if peer is None:
        return Verdict.UNKNOWN
    # Whoever is starved of its own processors takes everybody else for slow.
    return Verdict.DEAD if own_answered else Verdict.UNSURE


def _canary(
    watch: Watch,
    pair: PairRecord,
    ledger: Ledger,
    wakeups: Wakeups,
    clock: Clock,
    monotonic: Callable[[], float],
    settings: Settings,
) -> CanaryNews:
    try:
        return tend_canary(
            watch.canary,
            pair,
            ledger=ledger,
            wakeups=wakeups,
            clock=clock,
            monotonic=monotonic,
            settings=settings,
        )
    except TransientFault:
        # Not seen is neither well nor ill; the next round looks again.
        return CanaryNews()


def _order(
    pair: PairRecord,
    verdict: Verdict,
    peer: PeerHealth | None,
    now: datetime,
    settings: Settings,
) -> Order:
    setting, name = settings.sentinel, settings.peer_region
    if verdict is Verdict.STUCK:
        reason = f"{name} ran no job for {setting.canary_limit_s:g} s, not even a canary"
    else:
        answer = peer.reason if peer else "not asked"
        reason = f"{name} neither answered ({answer}) nor beat in {setting.confirm_n} probes"
    # One id for a while, whoever asks: sentinels that watch at once start one operation.
    bucket = int(now.timestamp() // (START_PATIENCE_INTERVALS * setting.interval_s))
    return Order(
        id=f"auto-{pair.epoch + 1}-{bucket}",
        kind=OperationKind.FAILOVER,
        by=f"sentinel of {settings.region}",
        reason=reason,
        epoch=pair.epoch,
        automatic=True,
        stuck=verdict is Verdict.STUCK,
        drain_seconds=0,
    )


def _pause_ended(
    watch: Watch, pair: PairRecord, operations: Operations, now: datetime, settings: Settings
) -> str | None:
    """Have a pause ended that outlived its operation; the name of the operation that does it."""
    if not pair.pause_outlived(now):
        watch.tell("")
        return None
    setting = settings.sentinel
    bucket = int(now.timestamp() // (START_PATIENCE_INTERVALS * setting.interval_s))
    order = Order(
        id=f"auto-release-{pair.epoch}-{bucket}",
        kind=OperationKind.RELEASE,
        by=f"sentinel of {settings.region}",
        reason="the pause outlived the operation that it was for",
        epoch=pair.epoch,
        automatic=True,
    )
    return order.id if _started(order, operations, settings.region) else None


def _held_back(pair: PairRecord, order: Order, now: datetime, settings: Settings) -> str:
    """What keeps this region from taking over now; empty if nothing does."""
    running = pair.operation
    if (
        running is not None
        and pair.busy_with_another(order.id, now)
        and _promotes_soon(running, now)
    ):
        return f"operation {running.id} is running"
    rules = withheld(
        pair,
        order,
        settings.region,
        primary=settings.primary_region,
        cool_down_s=settings.sentinel.cool_down_s,
        now=now,
    )
    return rules or ""


def _promotes_soon(running: Operation, now: datetime) -> bool:
    """Whether the operation is about to promote by itself.

    It runs in this region. One that drains a lost region for minutes yet, or should have promoted
    minutes ago, is not waited for: jobs are accepted by nobody meanwhile.
    """
    if running.promoted:
        return False
    drained = running.steps.get("paused", running.started_at)
    drained += timedelta(seconds=running.drain_seconds)
    return abs(drained - now) <= PAUSE_GRACE


def _started(order: Order, operations: Operations, region: str) -> bool:
    """Start the failover, or find it started; False if that could not be done."""
    try:
        operations.start(region, order.id, order.model_dump(mode="json"))
    except Exception:
        # Whatever it was: the beats must go on, and so must the tries.
        _LOG.exception(
            "the operation %s could not be started; the next round tries again", order.id
        )
        return False
    _LOG.warning("%s: started the operation %s", order.reason, order.id)
    return True
