"""A drill while it is held: the load, the observer, and what is broken."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from bellpair.errors import ResultTimeout
from bellpair_local.drills.accounting import NOTHING, Away, waits
from bellpair_local.drills.evidence import Takeover
from bellpair_local.drills.function_account import LostRun
from bellpair_local.drills.load import Load
from bellpair_local.drills.observer import HealthWatch, JobsWatch, PairWatch, Watch
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.progress import Progress
from bellpair_local.drills.readiness import await_ready
from bellpair_local.drills.records import JobSeen, Mark
from bellpair_local.drills.site import NotReady, Site
from bellpair_local.interruptions import undisturbed

WARM_UP_JOBS = 8
WARM_UP_SECONDS = 60.0
WARM_UP_DEVICES = ("sv1", "ion-11", "square-20", "any")
PROGRESS_SECONDS = 5.0
LOOK_SECONDS = 0.1


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
        What cannot be reached at the moment.
    notes
        What this drill alone has to tell, by name.
    waiting_at_loss
        How many jobs waited for a region's devices while it was lost.
    left_out
        Ids of jobs that are no part of the account.
    lost_run
        The function that a region was lost under, if the drill has one.
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
        self.left_out: frozenset[str] = frozenset()
        self.lost_run: LostRun | None = None
        self._teller = progress
        self._mend = mend
        self._broken: dict[str, Callable[[], object]] = {}
        self.marks: list[Mark] = []
        self.takeovers: list[Takeover] = []
        self._lifted = False
        self.away = NOTHING
        self.began = 0.0
        self._told = 0.0
        self._submitted = False
        self._observing = False
        self._held_at: int | None = None
        self.epoch_before = 0
        self.load = Load(
            plan.requests(site.run),
            plan.rate,
            lambda number, on_retry: site.client(
                plan.chance(f"client {number}"), on_retry, plan.patience
            ),
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
            self.progress()
            time.sleep(LOOK_SECONDS)

    def until_submitted(self) -> None:
        """Wait until the clients have submitted everything."""
        while not self.load.over:
            self.progress()
            time.sleep(LOOK_SECONDS)
        if not self._submitted:
            self._submitted = True
            self.mark("load ends")

    def leave_out(self, *job_ids: str) -> None:
        """Have jobs be no part of the account."""
        self.left_out |= set(job_ids)

    def mark(self, text: str, at: float | None = None) -> float:
        """Note that something happened; when, in seconds since 1970."""
        mark = Mark(time.time() if at is None else at, text)
        self.marks.append(mark)
        self.tell(text)
        return mark.at

    def tell(self, text: str) -> None:
        """Tell progress."""
        self._teller.said(text)

    def progress(self, more: str = "") -> None:
        """Tell how far it is, every few seconds."""
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        waiting = f", {more}" if more else ""
        self._teller.passing(
            f"{self.load.accepted} of {self.plan.jobs} accepted, {self.jobs.over} over{waiting}"
        )

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
        self.away = Away(frozenset(self.devices_of(region)), region)
        self._lifted = True

    def regain(self) -> None:
        """From now on every job must end."""
        self.away, self._lifted = NOTHING, False

    def lose_device(self, device: str) -> None:
        """From now on jobs may wait for this device."""
        self.away, self._lifted = Away(frozenset({device})), True

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

    def await_well(self) -> None:
        """Wait until both regions are well, no operation runs and a promotion may follow.

        Raises
        ------
        NotReady
            If that takes too long.
        """
        await_ready(self.site, self.pair, self.health, self.tell)

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

    # The jobs and the devices

    def waits(self, job: JobSeen | None) -> bool:
        """Whether a job, as last looked at, waits for what is away."""
        return job is not None and waits(job, self.away)

    def unfinished_waiting(self) -> int:
        """How many jobs wait for what is away, as last looked at."""
        return sum(self.waits(job) for job in self.jobs.unfinished.values())

    def devices_of(self, region: str) -> list[str]:
        """Names of the devices that are in one region and in no other.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        return [name for name, told in self._devices().items() if told.get("region") == region]

    def device_names(self) -> list[str]:
        """Names of all devices.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        return list(self._devices())

    def simulators(self) -> list[str]:
        """Names of the devices that are simulators.

        Raises
        ------
        BellpairError
            If the platform does not answer.
        """
        return [name for name, told in self._devices().items() if told.get("kind") == "simulator"]

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
            self.leave_out(*(job.id for job in jobs))
            for job in jobs:
                try:
                    job.wait(max(1.0, deadline - time.monotonic()))
                except ResultTimeout:
                    self.tell(f"{job.id} takes long; going on without it")

    def _devices(self) -> dict[str, dict[str, Any]]:
        transport = self.site.as_tenant()
        try:
            devices = transport.request("GET", "/v1/devices")["devices"]
        finally:
            transport.close()
        return {each["name"]: each for each in devices}

    def _may_offer(self) -> bool:
        """Asked often: it only compares numbers."""
        if self._held_at is not None and self.load.offered >= self._held_at:
            return False
        most = self.plan.unfinished_max
        if most is None or self._lifted:
            return True
        # Jobs that wait for what is away would else take all the places.
        waiting = sum(map(self.waits, self.jobs.seen_unfinished))
        return self.load.accepted - self.jobs.over - waiting < most

    def _cure(self, name: str, cure: Callable[[], object]) -> None:
        self.tell(f"mending: {name}")
        cure()

    def _close(self) -> None:
        self.health.close()
        self.pair.close()
        self.jobs.close()
