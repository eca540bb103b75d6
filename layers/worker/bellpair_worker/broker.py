"""The one way from a run to the platform: the broker's function, which checks each request."""

from __future__ import annotations

import contextlib
import json
import math
import random
import time
from collections.abc import Callable
from typing import Any, Protocol

from .frames import Message
from .limits import (
    BROKER_ANSWER_SECONDS,
    BROKER_PATIENCE_SECONDS,
    FAREWELL_SECONDS,
    REQUEST_BYTES_MAX,
)

_FIRST_PAUSE_S = 0.1
_PAUSE_MAX_S = 5.0
_FINAL_ERRORS = {"Fenced", "JobCancelled", "JobFailed"}
_OUTAGE = "TransientFault"
"""What the broker raises when it is not the request's doing."""


class BrokerFault(Exception):
    """The broker could not be reached, or failed; the same request may be made again.

    Parameters
    ----------
    kind
        Name of the error.
    failed
        Whether the broker was reached, and failed at this request.
    """

    def __init__(self, kind: str, message: str, *, failed: bool = False) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.failed = failed and kind != _OUTAGE


class Broker(Protocol):
    """Answers one request, or raises `BrokerFault` or `Refused`."""

    def __call__(self, request: Message) -> Message:
        """Send ``request`` and wait for the answer."""
        ...


class Refused(Exception):
    """The broker takes nothing more of this run.

    Attributes
    ----------
    code, message, remedy
    """

    def __init__(self, refusal: Message) -> None:
        self.code = str(refusal.get("code", "internal"))
        self.message = str(refusal.get("message", ""))
        self.remedy = refusal.get("remedy")
        super().__init__(f"{self.code}: {self.message}")


class Unreachable(Exception):
    """The broker was asked for as long as there is patience, without an answer.

    Attributes
    ----------
    fault
        What came instead at last.
    """

    def __init__(self, fault: BrokerFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class LambdaBroker:
    """The broker as a Lambda function.

    Parameters
    ----------
    client
        boto3's client for Lambda; it makes no repetitions of its own.
    function
        Name or ARN.
    """

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def __call__(self, request: Message) -> Message:
        """Invoke the function and wait for its answer.

        Raises
        ------
        BrokerFault
        Refused
            When the request is too large.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        body = json.dumps(request).encode()
        if len(body) > REQUEST_BYTES_MAX:
            raise Refused(
                {
                    "code": "limit-exceeded",
                    "message": f"The function sent {len(body):,} bytes at once; at most "
                    f"{REQUEST_BYTES_MAX:,} are allowed.",
                    "remedy": "Make several calls of fewer circuits, and keep less in one step.",
                }
            )
        try:
            response = self._client.invoke(FunctionName=self._function, Payload=body)
            payload = json.loads(response["Payload"].read() or b"null")
        except (BotoCoreError, ClientError, ValueError, OSError) as error:
            raise BrokerFault(type(error).__name__, str(error)) from error
        if response.get("FunctionError"):
            said = payload if isinstance(payload, dict) else {}
            raise BrokerFault(
                str(said.get("errorType", "Unknown")),
                str(said.get("errorMessage", "")),
                failed=True,
            )
        if not isinstance(payload, dict):
            raise BrokerFault("Unknown", "the broker's answer is no JSON object")
        return payload


def lambda_broker(function: str) -> LambdaBroker:
    """The broker of this name in this region; imports boto3, which takes its time."""
    import boto3
    from botocore.config import Config

    settings = Config(
        connect_timeout=5, read_timeout=BROKER_ANSWER_SECONDS, retries={"total_max_attempts": 1}
    )
    return LambdaBroker(boto3.client("lambda", config=settings), function)


class Session:
    """One run's requests: who it is, how far the journal is, and what it printed meanwhile.

    Parameters
    ----------
    run
        ``job_id``, ``run`` and ``ticket`` of the invocation.
    take_news
        Gives what goes along with any request: ``output``, ``progress``; empties it.
    time_left
        Seconds that the run still has.
    now, pause
        The clock's, in seconds.

    Attributes
    ----------
    tail
        Number of the journal's last line.
    progressed
        Whether the run recorded anything that a repetition need not do again.
    """

    def __init__(
        self,
        broker: Broker,
        run: Message,
        *,
        take_news: Callable[[], Message] = dict,
        time_left: Callable[[], float] = lambda: math.inf,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._broker = broker
        self._who = {name: run[name] for name in ("job_id", "run", "ticket")}
        self._take_news = take_news
        self._time_left = time_left
        self._now = now
        self._pause = pause
        self.tail = int(run["run"])
        self.progressed = False

    @property
    def job_id(self) -> str:
        """The job that the run is for."""
        return str(self._who["job_id"])

    def request(self, op: str, **fields: Any) -> Message:
        """Make a request, again and again while the broker is out of reach.

        Repeating is harmless: the broker knows a request by its run and tail.

        Raises
        ------
        Refused, Unreachable
        """
        request = {**self._who, "tail": self.tail, "op": op, **fields, **self._take_news()}
        patience_s = min(BROKER_PATIENCE_SECONDS, self._time_left() + FAREWELL_SECONDS)
        deadline = self._now() + patience_s
        pause = _FIRST_PAUSE_S
        while True:
            try:
                answer = self._broker(request)
                break
            except BrokerFault as error:
                if error.kind in _FINAL_ERRORS:
                    raise Refused({"code": error.kind, "message": str(error)}) from error
                if self._now() + pause > deadline:
                    raise Unreachable(error) from error
            self._pause(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _PAUSE_MAX_S)
        self._hear(answer)
        self.progressed |= op == "checkpoint"
        return answer

    def look(self) -> None:
        """Ask once whether the run is wanted still: its job may be over, or to be cancelled.

        Raises
        ------
        Refused
            When it is not. An outage tells nothing of that.
        """
        # A note without news writes nothing, so it may get lost.
        with contextlib.suppress(BrokerFault):
            self._hear(self._broker({**self._who, "tail": self.tail, "op": "note"}))

    def _hear(self, answer: Message) -> None:
        if refusal := answer.get("refused"):
            raise Refused(refusal)
        self.tail = int(answer.get("tail", self.tail))
