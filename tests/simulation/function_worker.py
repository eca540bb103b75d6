"""The worker of the simulated functions, and the one small function that it runs.

The function makes a few quantum calls, each for as many shots as the results before tell, and
may keep a checkpoint between two of them. Its requests go to the broker as those of the real
worker do, with that one's patience and that one's outcomes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bellpair_core.logic.journal.fold_journal import CHECKPOINT, SAMPLE
from bellpair_worker import outcomes
from bellpair_worker.broker import BrokerFault, Refused, Session, Unreachable
from bellpair_worker.faults import fault
from tests.examples import BELL

from .scheduler import Died

if TYPE_CHECKING:
    from .functions import Process

WORKER = "worker-python"
"""The worker's name as a function of a region."""
RUN_SECONDS = 120.0
"""After which Lambda ends a run."""
FEWEST_SHOTS = 5
ASTRAY = "astray"
"""In the programs of whoever makes a call that no run may make."""
_READ_SECONDS = 70.0
_FORGED = 0.02

Json = Any


def work(process: Process, event: dict[str, Any]) -> Json:
    """As ``functions/worker``: one run."""
    run = event["run"]
    broker = _Broker(process)
    region = process.region
    session = Session(
        broker,
        run,
        time_left=lambda: RUN_SECONDS,
        now=region.monotonic,
        # By the schedule's chance, not by the session's own.
        pause=lambda _: region.scheduler.sleep(0.1 + 3 * region.random.random()),
    )
    try:
        return _Function(process, session, run["run"]).run()
    except Refused as refusal:
        error = outcomes.failure_of(refusal)
        return outcomes.refused(refusal) if error is None else _failed(session, error)
    except Unreachable as error:
        return outcomes.unanswered(error)
    except Died:
        region.world.referee.calls.killed(run["job_id"])
        raise


def _failed(session: Session, error: Any) -> Json:
    try:
        session.request("fail", error=error)
    except Refused as refusal:
        if outcomes.failure_of(refusal) is None:
            return outcomes.refused(refusal)
    except Unreachable as unreachable:
        return outcomes.unanswered(unreachable)
    return outcomes.failed(error)


class _Broker:
    """The region's broker as a worker reaches it: sometimes not, sometimes without an answer."""

    def __init__(self, process: Process) -> None:
        self._region = process.region

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        region = self._region
        random, weather = region.random.random, region.wire.weather
        if weather.trouble and random() < _FORGED:
            self._forge(request)
        if random() < weather.death:
            self._die("before")
        if random() < weather.refused:
            raise BrokerFault("ConnectionError", "refused")
        # As JSON, since that is what travels.
        invocation = region.invoke("broker", json.loads(json.dumps(request)))
        if random() < weather.death:
            self._die("after")
        answered = region.scheduler.wait(invocation, _READ_SECONDS)
        if not answered or random() < weather.unanswered:
            raise BrokerFault("ReadTimeoutError", "no answer")
        error = invocation.error
        if isinstance(error, Died):
            raise BrokerFault(error.reason, "", failed=True)
        if error is not None:
            raise BrokerFault(type(error).__name__, str(error), failed=True)
        answer: dict[str, Any] = json.loads(json.dumps(invocation.value))
        return answer

    def _die(self, when: str) -> None:
        region = self._region
        region.history.note("death", f"of a worker, {when} its request")
        assert region.scheduler.current is not None
        region.scheduler.current.dead = True
        raise Died

    def _forge(self, request: dict[str, Any]) -> None:
        """Somebody else asks in the name of this run, and does not know its ticket."""
        forged = {**request, "op": "checkpoint", "ticket": "guessed"}
        forged["updates"] = [sample("forged", 0, 1, FEWEST_SHOTS, ASTRAY)]
        self._region.invoke("broker", forged)


class _Function:
    """The function, as one run plays it."""

    def __init__(self, process: Process, session: Session, number: int) -> None:
        self._number = number
        self._calls = process.region.world.referee.calls
        self._session = session
        self._known: dict[str, Json] = {}
        self._prefix = "c0"

    def run(self) -> Json:
        """From the beginning, or from the last checkpoint, to wherever it comes."""
        opened = self._session.request("open")
        self._know(opened)
        asked, state = opened["inputs"], opened["state"] or {"seen": []}
        self._prefix = f"c{opened['checkpoints']}"
        seen: list[Json] = state["seen"]
        for index in range(len(seen), len(asked["calls"])):
            if index == asked["checkpoint"] and opened["checkpoints"] == 0:
                self._keep(seen)
                self._prefix, self._known = "c1", {}
            result = self._call(index, asked["calls"][index], _shots(seen))
            if result is None:
                return outcomes.SUSPENDED
            seen.append(result)
        if asked["fails"]:
            return _failed(self._session, fault("function-failed", "as it was meant to"))
        self._session.request("finish", value=json.dumps(seen))
        return outcomes.FINISHED

    def _know(self, opened: Json) -> None:
        page = opened
        while True:
            self._known |= {operation["Id"]: operation for operation in page["operations"]}
            if page["marker"] is None:
                return
            page = self._session.request("state", marker=page["marker"])

    def _call(self, index: int, programs: int, shots: int) -> Json | None:
        """What became of a call; ``None`` where it is under way."""
        name = f"{self._prefix}-{index}"
        operation = self._known.get(name)
        if operation is None:
            # Who is fenced may do anything from then on.
            astray = ASTRAY if self._calls.fenced(self._session.job_id, self._number) else ""
            update = sample(name, index, programs, shots, astray)
            (operation,) = self._session.request(
                "checkpoint", updates=[update], output=f"call {index}\n"
            )["operations"]
        if operation["Status"] == "STARTED":
            return None
        details = operation["ChainedInvokeDetails"]
        if operation["Status"] == "FAILED":
            result: Json = details["Error"]["ErrorMessage"]
        else:
            result = [one["counts"] for one in json.loads(details["Result"])["results"]]
        self._calls.saw(self._session.job_id, index, result)
        return result

    def _keep(self, seen: list[Json]) -> None:
        update = {
            "Id": "kept",
            "Type": "CHAINED_INVOKE",
            "SubType": "ChainedInvoke",
            "Action": "START",
            "Name": "checkpoint",
            "Payload": json.dumps({"state": {"seen": seen}}),
            "ChainedInvokeOptions": {"FunctionName": CHECKPOINT},
        }
        self._session.request("checkpoint", updates=[update])


def _shots(seen: list[Json]) -> int:
    """More, the more ones were counted."""
    ones = sum(
        counts.get("11", 0)
        for result in seen
        for counts in (result if isinstance(result, list) else ())
    )
    return FEWEST_SHOTS + int(ones % 7)


def sample(name: str, index: int, programs: int, shots: int, astray: str = "") -> dict[str, Any]:
    """The replay engine's update by which the function makes a call.

    The programs say which call they are of, so that the referee knows it at the device.
    """
    sources = [f"{BELL}// {index} {number} {astray}".rstrip() for number in range(programs)]
    asked = [{"source": f"{source}\n", "shots": shots} for source in sources]
    return {
        "Id": name,
        "Type": "CHAINED_INVOKE",
        "SubType": "ChainedInvoke",
        "Action": "START",
        "Name": f"sample {index} {shots}",
        "Payload": json.dumps({"programs": asked, "device": None}),
        "ChainedInvokeOptions": {"FunctionName": SAMPLE},
    }
