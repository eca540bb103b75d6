"""The outside observer: asks both regions, the pair's record and the jobs, all through a drill."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bellpair.errors import BellpairError, NotFound
from bellpair.transport import Transport
from bellpair_local.drills.records import FINAL, HealthSample, JobSeen, Operation
from bellpair_local.drills.site import Site, local_http

HEALTH_PAUSE_S = 0.1
PAIR_PAUSE_S = 0.5
JOBS_PAUSE_S = 0.5
PAGE = 100
PAGES_MAX = 3
"""Pages of the listing read in one look; unfinished jobs beyond them are asked for one by one."""
SINGLE_LOOKS = 12
"""Jobs asked for one by one in each look, so that watching stays cheap beside the work."""
QUICK_SECONDS = 3.0


class Watch:
    """Something looked at again and again by a thread, until it is stopped.

    A look that fails because the platform does not answer is made again later.

    Parameters
    ----------
    name
        For the thread.
    pause
        Seconds between looks.
    look
        Takes one look.
    """

    def __init__(self, name: str, pause: float, look: Callable[[], None]) -> None:
        self._pause = pause
        self._look = look
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present look.

        Raises
        ------
        BaseException
            What ended it before.
        """
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except BellpairError:
                pass
            except BaseException as error:
                self._failure = error
                return
            self._stop.wait(self._pause)


class HealthWatch:
    """Asks every region for its health, each on its own so that a silent one delays no other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._samples: list[HealthSample] = []
        self._lock = threading.Lock()
        self._http = local_http()
        self.watches = [
            Watch(f"health-{region}", HEALTH_PAUSE_S, lambda region=region: self._look(region))  # type: ignore[misc]
            for region in site.regions
        ]

    @property
    def samples(self) -> list[HealthSample]:
        """All answers so far, in the order in which they came."""
        with self._lock:
            return list(self._samples)

    def first(self, since: float, suits: Callable[[HealthSample], bool]) -> HealthSample | None:
        """The first answer to a question asked after `since` that suits."""
        return next((s for s in self.samples if s.sent >= since and suits(s)), None)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _look(self, region: str) -> None:
        sample = self._site.health(self._http, region)
        with self._lock:
            self._samples.append(sample)


class PairWatch:
    """Follows the pair's record, its operations and the devices' breakers.

    Attributes
    ----------
    operations
        Every operation seen, by id, as last told.
    breakers
        The states that each device's breaker was seen in, in order, repetitions left out.
    pair
        The record as last told.
    """

    def __init__(self, site: Site) -> None:
        self._transport = site.as_operator(timeout=QUICK_SECONDS)
        self.operations: dict[str, Operation] = {}
        self.breakers: dict[str, list[tuple[float, str]]] = {}
        self.pair: Mapping[str, Any] = {}
        self.watch = Watch("pair", PAIR_PAUSE_S, self.look)

    def look(self) -> None:
        """Ask once.

        Raises
        ------
        BellpairError
            If neither region answers.
        """
        pair = self._transport.request("GET", "/v1/pair")
        self.pair = pair
        if operation := pair.get("operation"):
            told = Operation.read(operation)
            self.operations[told.id] = told
        told_of = {str(each["device"]): str(each["state"]) for each in pair.get("devices") or ()}
        for device in {*told_of, *self.breakers}:
            states = self.breakers.setdefault(device, [])
            # A breaker that is told of no more is closed.
            state = told_of.get(device, "closed")
            if not states or states[-1][1] != state:
                states.append((time.time(), state))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class JobsWatch:
    """Follows the promised jobs, and keeps each one's record as first seen when it was over.

    Parameters
    ----------
    promised
        Gives the ids of the jobs promised so far.
    """

    def __init__(self, site: Site, promised: Callable[[], Collection[str]]) -> None:
        self._transport = site.as_tenant(timeout=QUICK_SECONDS)
        self._promised = promised
        self._lock = threading.Lock()
        self._first_over: dict[str, JobSeen] = {}
        self._unfinished: dict[str, JobSeen] = {}
        self._turn: list[str] = []
        self.watch = Watch("jobs", JOBS_PAUSE_S, self.look)

    @property
    def first_over(self) -> dict[str, JobSeen]:
        """The jobs seen to be over, each as it was when that was first seen."""
        with self._lock:
            return dict(self._first_over)

    @property
    def over(self) -> int:
        """How many jobs have been seen to be over."""
        return len(self._first_over)

    @property
    def seen_unfinished(self) -> list[JobSeen]:
        """The jobs last seen unfinished, of those that were looked at one by one."""
        with self._lock:
            return list(self._unfinished.values())

    @property
    def unfinished(self) -> dict[str, JobSeen | None]:
        """The promised jobs not yet seen to be over, as last looked at one by one."""
        promised = self._promised()
        with self._lock:
            return {
                job_id: self._unfinished.get(job_id)
                for job_id in promised
                if job_id not in self._first_over
            }

    def look(self) -> None:
        """Find the jobs that have ended, and look at some of the others.

        Raises
        ------
        BellpairError
            If neither region answers.
        """
        waiting = set(self.unfinished)
        if not waiting:
            return
        listed = self._listed(waiting)
        over = [job_id for job_id, status in listed.items() if status in FINAL]
        self._turn = [job_id for job_id in self._turn if job_id in waiting]
        self._turn += sorted(waiting.difference(self._turn))
        others = [job_id for job_id in self._turn if job_id not in over][:SINGLE_LOOKS]
        self._turn = self._turn[len(others) :] + others
        for job_id in [*over, *others]:
            self._ask(job_id)

    def look_at(self, job_ids: Iterable[str]) -> None:
        """Ask for these jobs, one by one.

        Raises
        ------
        BellpairError
            If neither region answers.
        """
        for job_id in job_ids:
            self._ask(job_id)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _listed(self, waiting: Collection[str]) -> dict[str, str]:
        """Statuses of the newest jobs, as far back as unfinished ones reach."""
        listed: dict[str, str] = {}
        missing = set(waiting)
        token: str | None = None
        for _ in range(PAGES_MAX):
            params = {"limit": str(PAGE)} | ({"page_token": token} if token else {})
            page = self._transport.request("GET", "/v1/jobs", params=params)
            for job in page.get("jobs", ()):
                if job["id"] in missing:
                    listed[job["id"]] = job["status"]
                    missing.discard(job["id"])
            token = page.get("next_page_token")
            if not token or not missing:
                break
        return listed

    def _ask(self, job_id: str) -> None:
        try:
            seen = JobSeen.read(self._transport.request("GET", f"/v1/jobs/{job_id}"))
        except NotFound:
            return
        with self._lock:
            if seen.over:
                self._first_over.setdefault(job_id, seen)
                self._unfinished.pop(job_id, None)
            else:
                self._unfinished[job_id] = seen


def final_records(site: Site, job_ids: Collection[str], clients: int = 4) -> dict[str, JobSeen]:
    """What the ledger says of each job at the end; those it does not have are left out.

    Raises
    ------
    BellpairError
        If the platform does not answer.
    """
    transport = site.as_tenant()

    def ask(job_id: str) -> JobSeen | None:
        try:
            return JobSeen.read(transport.request("GET", f"/v1/jobs/{job_id}"))
        except NotFound:
            return None

    try:
        with ThreadPoolExecutor(clients) as pool:
            seen = list(pool.map(ask, job_ids))
    finally:
        transport.close()
    return {job.id: job for job in seen if job is not None}


def all_job_ids(site: Site) -> set[str]:
    """The ids of all the tenant's jobs, whether they were promised to anybody or not.

    Raises
    ------
    BellpairError
        If the platform does not answer.
    """
    transport: Transport = site.as_tenant()
    try:
        return {str(job["id"]) for job in transport.pages("/v1/jobs", "jobs", {"limit": str(PAGE)})}
    finally:
        transport.close()
