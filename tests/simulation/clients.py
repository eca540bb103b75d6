"""Clients, each of whom submits under its own key until it is promised a job, and operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bellpair_core.logic.jobs.submit_job import Submission
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.pair import OperationKind
from bellpair_core.model.tenant import Principal, Role
from tests.examples import ACME, BELL

from .wire import CLIENTS

if TYPE_CHECKING:
    from .world import World

PRINCIPAL = Principal(tenant=ACME, key_id="0a1b2c3d", role=Role.USER)
OPERATOR = Principal(tenant="operators", key_id="4e5f6a7b", role=Role.OPERATOR)
ANSWER_SECONDS = 12.0
TRIES = 25
_RETRIABLE = frozenset(
    {
        ErrorCode.REGION_PASSIVE,
        ErrorCode.NOT_ACCEPTING,
        ErrorCode.UNAVAILABLE,
        ErrorCode.REGION_AWAY,
    }
)
_FINAL = frozenset(
    {
        ErrorCode.JOB_FINISHED,
        ErrorCode.PAIR_BUSY,
        ErrorCode.PAIR_HELD,
        ErrorCode.PAIR_UNCHANGED,
    }
)


class Asker:
    """Somebody who sends requests to whichever region answers.

    Attributes
    ----------
    name
        For the history, and the idempotency key.
    """

    def __init__(self, world: World, name: str, endpoint: str) -> None:
        self.name = name
        self._world = world
        self._endpoint = endpoint

    def until_answered(
        self, function: str, request: dict[str, Any], takes: frozenset[ErrorCode] = frozenset()
    ) -> Any:
        """The answer, or ``None`` when there is none to be had.

        Parameters
        ----------
        takes
            The refusals that this request may meet, beside what any may.
        """
        world = self._world
        for number in range(TRIES):
            try:
                return self._ask(function, request)
            except TransientFault:
                self._turn_to(None)
            except BellpairError as error:
                if error.code in _FINAL | takes:
                    return None
                if error.code is ErrorCode.DEVICE_OFFLINE:
                    world.scheduler.sleep(5)
                elif error.code not in _RETRIABLE:
                    world.referee.violated(f"{self.name} was refused with {error.code}: {error}")
                    return None
                self._turn_to(error.members.get("active_region"))
            world.scheduler.sleep(min(8.0, 0.25 * 2**number) * (0.5 + world.random.random() / 2))
        return None

    def _turn_to(self, named: str | None) -> None:
        regions = list(self._world.regions)
        other = regions[1 - regions.index(self._endpoint)]
        self._endpoint = named or other

    def _ask(self, function: str, request: dict[str, Any]) -> Any:
        """One HTTP request: it may not arrive, and its answer may be lost."""
        world, scheduler = self._world, self._world.scheduler
        random, weather = world.random.random, world.wire.weather
        region = world.regions[self._endpoint]
        scheduler.sleep(random() * 0.05)
        if not world.network.reaches(CLIENTS, region.name) or random() < weather.refused:
            raise TransientFault("no connection")
        invocation = region.invoke(function, request)
        answered = scheduler.wait(invocation, ANSWER_SECONDS)
        scheduler.sleep(random() * 0.05)
        if not answered or random() < weather.unanswered:
            raise TransientFault("no answer")
        if isinstance(invocation.error, BellpairError):
            raise invocation.error
        if invocation.error is not None:
            raise TransientFault("502")
        return invocation.value


class Client(Asker):
    """One submission, by the rules of the client library.

    Attributes
    ----------
    done
        Whether it needs nothing more.
    """

    def __init__(
        self, world: World, number: int, device: str, *, starts: float, cancels: float | None
    ) -> None:
        super().__init__(world, f"client-{number}", "us-east-1")
        self.done = False
        self._device = device
        self._starts = starts
        self._cancels = cancels

    def run(self) -> None:
        """Submit, and cancel where that is wanted."""
        world = self._world
        world.scheduler.sleep(self._starts)
        accepted = self.until_answered(*self.request())
        if accepted is not None:
            job_id = accepted.job.id
            world.referee.acknowledge(job_id, self.name)
            world.history.note("promised", job_id)
            if self._cancels is not None:
                world.scheduler.sleep(self._cancels)
                self._cancel(job_id)
            self.see_through(job_id)
        self.done = True

    def request(self) -> tuple[str, dict[str, Any]]:
        """What is asked, and of which function."""
        submission = Submission(source=BELL, shots=5, device=self._device)
        return "submit", {"principal": PRINCIPAL, "submission": submission, "key": self.name}

    def see_through(self, job_id: str) -> None:
        """Do what the job needs of its owner until it is over."""

    def _cancel(self, job_id: str) -> None:
        self._world.referee.cancelled.add(job_id)
        self.until_answered("cancel", {"principal": PRINCIPAL, "job_id": job_id})


class Operator(Asker):
    """Somebody who has the pair changed, once."""

    def __init__(self, world: World, name: str, kind: OperationKind) -> None:
        super().__init__(world, name, world.random.choice(list(world.regions)))
        self._kind = kind

    def run(self) -> None:
        """Ask for it."""
        request = {
            "principal": OPERATOR,
            "kind": self._kind,
            "drain_seconds": self._world.random.choice((0, 5, 20)),
            "token": self.name,
        }
        started = self.until_answered("operate", request)
        self._world.history.note("ordered", f"{started.order.id}" if started else "refused")
