"""A drill while it is held: the load, the observer, what is broken, and the waiting in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from bellpair.errors import BellpairError, ResultTimeout
from bellpair_local.drills.accounting import waits
from bellpair_local.drills.evidence import Takeover
from bellpair_local.drills.interruptions import undisturbed
from bellpair_local.drills.load import Load
from bellpair_local.drills.observer import HealthWatch, JobsWatch, PairWatch, Watch
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.progress import Progress
from bellpair_local.drills.readiness import Readiness
from bellpair_local.drills.records import JobSeen, Mark, Operation
from bellpair_local.drills.site import NotReady, Site

READY_SECONDS = 180.0
WARM_UP_JOBS = 8
WARM_UP_SECONDS = 60.0
WARM_UP_DEVICES = ("sv1", "ion-11", "square-20", "any")
TAKEOVER_SECONDS = 90.0
STALL_SECONDS = 300.0
"""So long no job may end before those that are left count as stuck. The sweeper needs some."""
ADOPTED_SECONDS = 60.0
PROGRESS_SECONDS = 5.0
HTTP_OK = 200
_LOOK_SECONDS = 0.1


class Rehearsal:
    """One drill under way.

    Use it as a context manager: whatever it broke and did not mend is mended at the end.

    Parameters
    ----------
    site
        The platform.
    plan
        What to submit.
    progress
        Told how it goes.
    mend
        Whether to mend at an unforeseen end; no use on a cloud that is taken down anyway.
    heal
        Whether drills bring back what they killed.

    Attributes
    ----------
    began, epoch_before
        When the load began, and the pair's epoch then.
    marks, takeovers
        What happened since, in order.
    away
        Names of the devices that cannot be reached at the moment.
    notes
        What this drill alone has to tell, by name.
    waiting_at_loss
        How many jobs waited for a region's devices while it was lost.
    warm_up_jobs
        Ids of jobs that are no part of the account.
    qpu_away
        The QPU that was taken away, from when until when.
    """

    def __init__(
        self, site: Site, plan: Plan, progress: Progress, *, mend: bool = True, heal: bool = True
    ) -> None:
        self.site = site
        self.plan = plan
        self.heal = heal
        self.notes: dict[str, Any] = {}
        self.waiting_at_loss: int | None = None
        self.qpu_away: tuple[str, float, float] | None = None
        self.warm_up_jobs: frozenset[str] = frozenset()
        self._teller = progress
        self._mend = mend
        self._broken: dict[str, Callable[[], object]] = {}
        self.marks: list[Mark] = []
        self.takeovers: list[Takeover] = []
        self._lifted = False
        self.away: frozenset[str] = frozenset()
        self.began = 0.0
        self._told = 0.0
        self._submitted = False
        self._observing = False
        self._held_at: int | None = None
        self.epoch_before = 0
        self.load = Load(
            plan.requests(site.run),
            plan.rate,
            lambda number, on_retry: site.client(plan.chance(f"client {number}"), on_retry),
            plan.clients,
            self._may_offer,
        )
        self.health = HealthWatch(site)
        self.pair = PairWatch(site)
        self.jobs = JobsWatch(site, lambda: self.load.promised)
        self._watches: list[Watch] = [*self.health.watches, self.pair.watch, self.jobs.watch]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ExitStack() as endings:
            # The last one registered runs first; a failure of one keeps no other from running.
            endings.callback(self._close)
            for watch in self._watches:
                endings.callback(watch.stop)
            if self._mend:
                for name, cure in self._broken.items():
                    endings.callback(self._cure, name, cure)
            endings.callback(self.load.stop)
            endings.enter_context(undisturbed(self.tell))

    # The course of a drill

    def observe(self) -> None:
        """Start the observer and wait until the pair is well.

        Raises
        ------
        NotReady
            If it does not get well.
        """
        for watch in self.health.watches:
            watch.start()
        self.await_well()
        self.pair.watch.start()
        self._observing = True

    def begin(self) -> None:
        """Wait until the pair is well, and start the load. What came before does not count.

        Raises
        ------
        NotReady
            If it does not get well.
        """
        if self._observing:
            self.await_well()
        else:
            self.observe()
        self._warm_up()
        self.takeovers.clear()
        self.marks.clear()
        self.epoch_before = self.epoch()
        self.began = time.time()
        self.jobs.watch.start()
        self.load.start()
        self.mark("load begins")

    def until_outage(self) -> None:
        """Wait for the seeded moment in the middle of the load."""
        self.until_answered(self.plan.outage_after())

    def until_answered(self, jobs: int) -> None:
        """Wait until so many submissions are answered, or the load is over."""
        self.tell(f"submitting {self.plan.jobs} jobs; the next event comes after {jobs}")
        while self.load.answered < jobs and not self.load.over:
            self._progress()
            time.sleep(_LOOK_SECONDS)

    def until_submitted(self) -> None:
        """Wait until the clients have submitted everything."""
        while not self.load.over:
            self._progress()
            time.sleep(_LOOK_SECONDS)
        if not self._submitted:
            self._submitted = True
            self.mark("load ends")

    def mark(self, text: str, at: float | None = None) -> float:
        """Note that something happened; when, in seconds since 1970."""
        mark = Mark(time.time() if at is None else at, text)
        self.marks.append(mark)
        self.tell(text)
        return mark.at

    def tell(self, text: str) -> None:
        """Tell progress."""
        self._teller.said(text)

    def breaks(self, name: str, cure: Callable[[], object]) -> None:
        """Remember how to mend what is about to be broken."""
        self._broken[name] = cure

    def mends(self, name: str) -> None:
        """Mend it now."""
        self._broken[name]()
        del self._broken[name]

    def leaves(self, name: str) -> None:
        """Leave it broken for good."""
        del self._broken[name]

    def lose(self, region: str) -> None:
        """From now on jobs may wait for this region's devices, and clients are not held back.

        The second, because what nobody submits shows no outage.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        self.away, self._lifted = frozenset(self.devices_of(region)), True

    def regain(self) -> None:
        """From now on every job must end."""
        self.away, self._lifted = frozenset(), False

    def lose_device(self, device: str) -> None:
        """From now on jobs may wait for this device."""
        self.away, self._lifted = frozenset({device}), True

    def hold_load_at(self, jobs: int) -> None:
        """Let the clients submit no more than so many jobs for a while."""
        self._held_at = jobs

    def release_load(self) -> None:
        """Let them go on."""
        self._held_at = None

    def hold_clients_back(self) -> None:
        """Let the bound of unfinished jobs count again, though a region is still away."""
        self._lifted = False

    # The pair

    def active(self) -> str:
        """The region that said last that it accepts.

        Raises
        ------
        NotReady
            If none has said so yet.
        """
        said = [s for s in self.health.samples if s.accepting]
        if not said:
            raise NotReady("No region accepts jobs.", "Look at `bellpair health`.")
        return max(said, key=lambda sample: sample.received).region

    def epoch(self) -> int:
        """The highest epoch that a region has told."""
        return max((s.epoch or 0 for s in self.health.samples), default=0)

    def await_well(self) -> None:
        """Wait until both regions are well, no operation runs and a promotion may follow.

        Raises
        ------
        NotReady
            If that takes too long.
        """
        self.tell("waiting until both regions are well and watched over")
        deadline = time.monotonic() + READY_SECONDS
        readiness = Readiness(self.site.regions)
        why: str | None = "no region has answered"
        while time.monotonic() < deadline:
            try:
                self.pair.look()
                why = readiness.obstacle(self.pair.pair, self.health.samples, time.time())
            except BellpairError as error:
                why = str(error)
            if why is None:
                return
            time.sleep(0.5)
        raise NotReady(
            f"The pair did not get ready for a drill within {READY_SECONDS:.0f} s: {why}.",
            "Look at `bellpair pair status`, `bellpair health` and `bellpair local status`.",
        )

    def await_takeover(self, since: float, epoch: int, *, planned: bool = False) -> Takeover | None:
        """Wait until another region accepts at a higher epoch; ``None`` if none does.

        Parameters
        ----------
        since
            When the outage began.
        epoch
            The epoch then.
        """
        deadline = time.monotonic() + TAKEOVER_SECONDS
        while time.monotonic() < deadline:
            found = self.health.first(since, lambda s: s.accepting and (s.epoch or 0) > epoch)
            if found is not None:
                self.mark(f"{found.region} accepts at epoch {found.epoch}", at=found.received)
                takeover = Takeover(since, found.region, found.received, None, planned)
                self.takeovers.append(takeover)
                return takeover
            time.sleep(_LOOK_SECONDS)
        self.mark("nobody took over")
        return None

    def await_adopted(self) -> None:
        """Wait until the last takeover's operation says that it is done; not for ever."""
        if not self.takeovers:
            return
        deadline = time.monotonic() + ADOPTED_SECONDS
        while time.monotonic() < deadline:
            operation = self.operation_of(self.takeovers[-1])
            if operation is not None and operation.outcome != "running":
                return
            time.sleep(_LOOK_SECONDS)

    def command(self, what: str, **body: Any) -> float:
        """Have an operator command the pair; when that was asked.

        Parameters
        ----------
        what
            ``switchover``, ``failover``, ``failback``, ``hold`` or ``release``.

        Raises
        ------
        BellpairError
            If it is refused.
        """
        transport = self.site.as_operator()
        try:
            asked = self.mark(f"operator asks for {what}")
            transport.request("POST", f"/v1/pair/{what}", body={"reason": "drill", **body})
        finally:
            transport.close()
        return asked

    # The jobs

    def settle(self) -> int:
        """Wait until every promised job is over, or waits for a device that is away.

        Jobs that do neither for too long are left to the account.

        Returns
        -------
        How many wait.
        """
        changed, before = time.monotonic(), -1
        while time.monotonic() - changed < STALL_SECONDS:
            unfinished = self.jobs.unfinished
            if len(unfinished) != before:
                changed, before = time.monotonic(), len(unfinished)
            stuck = [job for job in unfinished.values() if not self._waits(job)]
            if not stuck and self._wait_indeed(unfinished):
                return len(unfinished)
            self._progress(f"{len(unfinished)} unfinished")
            time.sleep(0.5)
        self.mark(f"{before} jobs do not move")
        return before

    def unfinished_waiting(self) -> int:
        """How many jobs wait for what is away, as last looked at."""
        return sum(self._waits(job) for job in self.jobs.unfinished.values())

    def note_passive(self, region: str, since: float, epoch: int) -> None:
        """Wait until a region that was away says of itself that it is passive; note when.

        Parameters
        ----------
        since
            When it came back.
        epoch
            The last epoch in which it was active.
        """
        deadline = time.monotonic() + TAKEOVER_SECONDS
        self.notes["knows_that_it_is_passive"] = 0
        while time.monotonic() < deadline:
            found = self.health.first(
                since,
                lambda s: (
                    s.region == region
                    and s.status == HTTP_OK
                    and not s.accepting
                    and (s.epoch or 0) > epoch
                ),
            )
            if found is not None:
                self.notes["knows_that_it_is_passive"] = 1
                self.notes["knew_after_s"] = round(found.received - since, 3)
                self.mark(f"{region} knows that it is passive", at=found.received)
                return
            time.sleep(_LOOK_SECONDS)

    def devices_of(self, region: str) -> list[str]:
        """Names of the devices that are in one region and in no other.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        return [name for name, home in self._devices().items() if home == region]

    def device_names(self) -> list[str]:
        """Names of all devices.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        return list(self._devices())

    # Parts of the above

    def _warm_up(self) -> None:
        """Run some jobs to their end, so that the loss meets workers at work and not being started.

        They are no part of the account.
        """
        self.tell("warming up")
        requests = Plan(WARM_UP_JOBS, self.plan.rate, self.plan.seed).requests("warm-up")
        deadline = time.monotonic() + WARM_UP_SECONDS
        with self.site.client(self.plan.chance("warm-up"), lambda error, pause: None) as client:
            jobs = [
                client.submit(
                    each.source,
                    each.shots,
                    WARM_UP_DEVICES[each.number % len(WARM_UP_DEVICES)],
                    idempotency_key=each.key,
                )
                for each in requests
            ]
            self.warm_up_jobs = frozenset(job.id for job in jobs)
            for job in jobs:
                try:
                    job.wait(max(1.0, deadline - time.monotonic()))
                except ResultTimeout:
                    self.tell(f"{job.id} takes long; going on without it")

    def _devices(self) -> dict[str, str | None]:
        transport = self.site.as_tenant()
        try:
            devices = transport.request("GET", "/v1/devices")["devices"]
        finally:
            transport.close()
        return {each["name"]: each.get("region") for each in devices}

    def _may_offer(self) -> bool:
        """Asked often: it only compares numbers."""
        if self._held_at is not None and self.load.offered >= self._held_at:
            return False
        most = self.plan.unfinished_max
        if most is None or self._lifted:
            return True
        # Jobs that wait for what is away would else take all the places.
        waiting = sum(map(self._waits, self.jobs.seen_unfinished)) if self.away else 0
        return self.load.accepted - self.jobs.over - waiting < most

    def _waits(self, job: JobSeen | None) -> bool:
        return job is not None and bool(self.away) and waits(job, self.away)

    def _wait_indeed(self, unfinished: dict[str, JobSeen | None]) -> bool:
        """Whether jobs last seen waiting still do: a look may be some seconds old."""
        if not unfinished:
            return self.load.over
        try:
            self.jobs.look_at(unfinished)
        except BellpairError:
            return False
        return all(self._waits(job) for job in self.jobs.unfinished.values())

    def operation_of(self, takeover: Takeover) -> Operation | None:
        """The operation that promoted the region: the first to do so after the outage began."""
        for operation in self.pair.operations.values():
            done = operation.steps.get("promoted") or operation.steps.get("resumed")
            if done is not None and done >= takeover.since - 1.0 and done <= takeover.accepting_at:
                return operation
        return None

    def _progress(self, more: str = "") -> None:
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        waiting = f", {more}" if more else ""
        self._teller.passing(
            f"{self.load.accepted} of {self.plan.jobs} accepted, {self.jobs.over} over{waiting}"
        )

    def _cure(self, name: str, cure: Callable[[], object]) -> None:
        self.tell(f"mending: {name}")
        cure()

    def _close(self) -> None:
        self.health.close()
        self.pair.close()
        self.jobs.close()
