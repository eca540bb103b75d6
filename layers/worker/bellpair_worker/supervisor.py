"""The worker's own side: takes an event, has the user's code run elsewhere, and answers."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Mapping
from typing import Any

from . import linux
from .broker import Broker, lambda_broker
from .faults import Fault, fault, installed_packages
from .frames import Message
from .limits import INIT_SECONDS, INSPECT_SECONDS, MARGIN_SECONDS, READY_SECONDS
from .nursery import Nursery, NurseryLost, NurserySettings
from .outcomes import crashed
from .processes import kill_descendants
from .run import Inspection, Run

_PRELOAD = "bellpair.functions.engine"
_NO_PACKAGE = "Send package (base64 of a zip) and entry (or null)."


class Supervisor:
    """Handles the worker's events, one after the other.

    Parameters
    ----------
    broker
        Where runs' requests go.
    nursery
        Where runs are forked.
    run_seconds
        Most seconds of one run, where less than the invocation's time is wanted.
    memory_mb
        Of the worker.
    """

    def __init__(
        self,
        broker: Broker,
        nursery: Nursery,
        *,
        memory_mb: int = 1024,
        run_seconds: float = math.inf,
    ) -> None:
        self._broker = broker
        self._nursery = nursery
        self._memory_mb = memory_mb
        self._run_seconds = run_seconds

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Supervisor:
        """The supervisor of a Lambda function; makes this process its own.

        ``BELLPAIR_BROKER`` names the broker's function, ``BELLPAIR_WORKER_PRELOAD`` the modules
        to load before any run, with commas, ``BELLPAIR_RUN_SECONDS`` the most seconds of a run.
        """
        began = time.monotonic()
        linux.prctl(linux.PR_SET_DUMPABLE, 0)
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        memory_mb = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"))
        preload = environment.get("BELLPAIR_WORKER_PRELOAD", _PRELOAD).split(",")
        nursery = Nursery(
            NurserySettings(
                preload=[module.strip() for module in preload if module.strip()],
                memory_mb=memory_mb,
            )
        )
        nursery.start()
        # While the libraries load there, boto3 loads here.
        supervisor = cls(
            lambda_broker(environment["BELLPAIR_BROKER"]),
            nursery,
            memory_mb=memory_mb,
            run_seconds=float(environment.get("BELLPAIR_RUN_SECONDS", "inf")),
        )
        supervisor.warm_up(max(0.0, INIT_SECONDS - (time.monotonic() - began)))
        return supervisor

    def warm_up(self, limit_s: float = READY_SECONDS) -> bool:
        """Wait for the libraries; False if they take longer than that, or cannot be loaded."""
        try:
            self._nursery.wait_until_ready(limit_s)
        except (NurseryLost, TimeoutError):
            return False
        return True

    def handle(self, event: Message, remaining_s: float) -> Message:
        """Answer one event: ``run``, ``inspect`` or ``describe``.

        Parameters
        ----------
        remaining_s
            Seconds until the invocation is ended from outside.

        Raises
        ------
        ValueError
            When the event is none of these.
        TimeoutError
            When nothing can be inspected or described because the libraries do not load.
        """
        if "run" in event:
            return self._run(event["run"], remaining_s)
        if "inspect" in event:
            return self._inspect(event["inspect"], remaining_s)
        if "describe" in event:
            return self._describe(remaining_s)
        raise ValueError("The event has none of run, inspect, describe")

    def close(self) -> None:
        """End the nursery."""
        self._nursery.close()

    def _run(self, run: Message, remaining_s: float) -> Message:
        seconds = min(remaining_s - _margin(remaining_s), self._run_seconds)
        try:
            return Run(self._broker, self._nursery, run, seconds).play()
        except (NurseryLost, TimeoutError) as error:
            self._start_over()
            return crashed("function-crashed", f"The process around the run ended: {error!r}")

    def _inspect(self, request: Message, remaining_s: float) -> Message:
        package = request.get("package")
        if not isinstance(package, str):
            return {"refused": fault("function-invalid", "There is no package.", _NO_PACKAGE)}
        seconds = min(remaining_s - _margin(remaining_s), INSPECT_SECONDS)
        inspection = Inspection(self._nursery, seconds)
        try:
            found = inspection.look(package, request.get("entry"))
        except TimeoutError:
            self._start_over()
            raise
        except NurseryLost:
            self._start_over()
            found = fault("function-invalid", "The module's import ended the process around it.")
        if isinstance(found, Fault):
            return {"refused": {**found, "code": "function-invalid"}}
        return {"entries": found}

    def _describe(self, remaining_s: float) -> Message:
        ready = self._nursery.wait_until_ready(max(0.1, remaining_s - MARGIN_SECONDS))
        return {
            "python": platform.python_version(),
            "packages": installed_packages(),
            "memory_mb": self._memory_mb,
            "seconds": int(min(math.ceil(remaining_s), self._run_seconds)),
            "preloaded": ready["loaded"],
            "isolation": ready["isolation"],
        }

    def _start_over(self) -> None:
        self._nursery.close()
        if linux.is_subreaper():
            kill_descendants(MARGIN_SECONDS)
        self._nursery.start()


def _margin(remaining_s: float) -> float:
    return min(MARGIN_SECONDS, remaining_s / 4)


def handler_of(supervisor: Supervisor) -> Any:
    """The Lambda handler of a supervisor."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return supervisor.handle(event, context.get_remaining_time_in_millis() / 1000)

    return handler
