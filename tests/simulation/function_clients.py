"""Clients who invoke the function, and let it go on where a cost cap paused it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bellpair_core.logic.functions.invoke_function import InvocationRequest
from bellpair_core.logic.jobs.resume_job import Resumption
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import JobStatus

from .clients import PRINCIPAL, Client

if TYPE_CHECKING:
    from .world import World

FUNCTION = "loop"
LOOK_SECONDS = 5.0
RAISE_USD = 1.0


@dataclass(frozen=True)
class Wish:
    """What a client wants of the function.

    Attributes
    ----------
    calls
        How many programs each of its calls has.
    checkpoint
        Before which of the calls it keeps its state; ``None`` for never.
    fails
        Whether it is to fail after its last call.
    cap
        The cost cap, US dollars.
    raises
        How many times the client lets it go on with a higher one.
    """

    device: str
    calls: tuple[int, ...]
    checkpoint: int | None = None
    fails: bool = False
    cap: float | None = None
    raises: int = 9

    @property
    def request(self) -> InvocationRequest:
        """The invocation."""
        inputs: dict[str, Any] = {
            "calls": list(self.calls),
            "checkpoint": self.checkpoint,
            "fails": self.fails,
        }
        return InvocationRequest(
            inputs=inputs, device=self.device, max_cost_usd=self.cap, timeout_s=40_000, seed=7
        )


class FunctionClient(Client):
    """One invocation, by the rules of the client library."""

    def __init__(
        self, world: World, number: int, wish: Wish, *, starts: float, cancels: float | None
    ) -> None:
        super().__init__(world, number, wish.device, starts=starts, cancels=cancels)
        self._wish = wish

    def request(self) -> tuple[str, dict[str, Any]]:
        """See `Client.request`."""
        return "invoke", {
            "principal": PRINCIPAL,
            "function": FUNCTION,
            "invocation": self._wish.request,
            "key": self.name,
        }

    def see_through(self, job_id: str) -> None:
        """Raise the cap each time that it is reached, as often as the client likes to."""
        world, wish = self._world, self._wish
        cap, left = wish.cap, wish.raises
        while True:
            world.scheduler.sleep(LOOK_SECONDS)
            job = world.ledger.jobs.get(job_id)
            if job is None or job.status.terminal:
                return
            if job.status is not JobStatus.PAUSED:
                continue
            if not left:
                world.referee.calls.left_paused.add(job_id)
                return
            left -= 1
            if world.monthly_cap is not None:
                world.monthly_cap += RAISE_USD
            cap = None if cap is None else cap + RAISE_USD
            resumption = Resumption(max_cost_usd=cap)
            self.until_answered(
                "go-on",
                {"principal": PRINCIPAL, "job_id": job_id, "resumption": resumption},
                takes=frozenset({ErrorCode.NOT_PAUSED}),
            )
