"""The way in: submit programs, invoke functions, find jobs, look at devices."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

from bellpair.configuration import Configuration, discover
from bellpair.device_client import DeviceClient
from bellpair.errors import BellpairError, InvalidRequest
from bellpair.function_client import checked_key
from bellpair.job import Job
from bellpair.models import Device, Health, JobRecord, Pair, StartedOperation
from bellpair.pacing import Clock
from bellpair.primitive_client import PrimitiveClient
from bellpair.programs import openqasm_source, program_of
from bellpair.tenant_client import TenantClient
from bellpair.transport import OnRetry, Transport
from bellpair.triggers import TriggerClient
from bellpair.vocabulary import PairOperation

TIMEOUT = 30.0
PAGE_MAX = 100
HEALTH_TIMEOUT = 3.0


class Client(PrimitiveClient, TriggerClient, TenantClient, DeviceClient):
    """A connection to Bellpair.

    Safe to share between threads. Use it as a context manager, or `close` it.

    Parameters
    ----------
    endpoints
        Base URLs of the pair's regions; found as `bellpair.configuration.discover` says when
        not given.
    api_key
        API key; found likewise.
    timeout
        Seconds for one request, retries and failover included.
    configuration
        In place of both, when it has been found already.
    clock, chance, on_retry
        Time, randomness, and whom to tell of retries; see `bellpair.transport.Transport`.

    Raises
    ------
    ConfigurationError
        If no endpoint is known.
    """

    def __init__(
        self,
        endpoints: Sequence[str] | None = None,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        *,
        configuration: Configuration | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        on_retry: OnRetry | None = None,
    ) -> None:
        found = configuration or discover(endpoints, api_key)
        self._transport = Transport(
            found.endpoints,
            found.api_key,
            timeout=timeout,
            clock=clock,
            chance=chance,
            on_retry=on_retry,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({', '.join(self.endpoints)})"

    def close(self) -> None:
        """Close the connections; jobs go on without them."""
        self._transport.close()

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The pair's base URLs."""
        return self._transport.endpoints

    @property
    def clock(self) -> Clock:
        """The time that this client goes by."""
        return self._transport.clock

    def submit(
        self,
        program: Any,
        shots: int,
        device: str = "any",
        *,
        constraints: Mapping[str, Any] | None = None,
        options: Sequence[str | Mapping[str, Any]] | None = None,
        level: int | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submit a program.

        Every attempt carries one idempotency key, so a lost answer never makes a second job.

        Parameters
        ----------
        program
            OpenQASM text, a `pathlib.Path` of such text or of a QPY file, a QPY file's bytes, a
            qiskit ``QuantumCircuit`` or a Braket ``Circuit``.
        shots
            Repetitions, 1 to 100,000, within the device's own range.
        device
            Name of a device, ``"any"``, or ``"any-qpu"`` for whichever QPU suits best.
        constraints
            What a device must offer: ``min_fidelity`` (expected success, 0 to 1),
            ``max_cost_usd``, ``max_wait_s`` (seconds at the device), ``kind`` (``"qpu"`` or
            ``"simulator"``), each optional. `Job.why` tells how devices compared.
        options
            Execution options in the order in which they wrap the device, each a name or a dict of
            a name and parameters, such as ``{"name": "twirling", "instances": 4}``.
        level
            0 to 3: a sensible stack of options, in place of `options`.
        name, tags
            For finding the job again.
        idempotency_key
            Submitting again with the same key and content gives the same job; a random one
            when not given.

        Raises
        ------
        InvalidProgram
            If the program is refused, with line and column where there is a place.
        InvalidRequest
            If shots, device, constraints, options, name or tags are refused.
        Conflict
            If the idempotency key was used for another request, or the device is offline.
        Unavailable
            If neither region accepts in time.
        """
        source, language = program_of(program)
        body: dict[str, Any] = {"source": source, "shots": shots, "device": device}
        if language != "openqasm":
            body["language"] = language
        if limits := {
            key: limit for key, limit in (constraints or {}).items() if limit is not None
        }:
            body["constraints"] = limits
        if options:
            body["options"] = list(options)
        if level is not None:
            body["level"] = level
        if name is not None:
            body["name"] = name
        if tags:
            body["tags"] = dict(tags)
        answer = self._transport.request(
            "POST",
            "/v1/jobs",
            body=body,
            headers={"Idempotency-Key": checked_key(idempotency_key)},
        )
        return Job(self._transport, JobRecord.read(answer))

    def estimate(
        self,
        program: Any,
        shots: int = 1000,
        device: str = "any",
        *,
        constraints: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """How the devices compare for a program, as if it were submitted now; nothing is run.

        Parameters
        ----------
        program, shots, device, constraints
            As for `submit`, but for QPY files, which only a compiler sees into.

        Returns
        -------
        dict
            ``shape`` (gate counts and depth), ``chosen``, and ``devices``, the best first, each
            with ``expected_success``, ``cost_usd``, ``wait_s``, ``duration_us`` and ``reason``.
        """
        body: dict[str, Any] = {
            "source": openqasm_source(program),
            "shots": shots,
            "device": device,
        }
        if constraints:
            body["constraints"] = dict(constraints)
        return dict(self._transport.request("POST", "/v1/estimates", body=body))

    def job(self, job_id: str, *, cost: bool = False) -> Job:
        """One job by its id.

        Parameters
        ----------
        cost
            Also ask what it consumed and what that costs.

        Raises
        ------
        NotFound
            If this tenant has no such job.
        """
        if not job_id or not job_id.replace("-", "").isalnum() or not job_id.isascii():
            raise InvalidRequest(
                f"{job_id!r} is not a job id.",
                remedy="Job ids look like job-… ; `bellpair jobs list` shows them.",
            )
        params = {"include": "cost"} if cost else None
        body = self._transport.request("GET", f"/v1/jobs/{job_id}", params=params)
        return Job(self._transport, JobRecord.read(body))

    def jobs(
        self,
        *,
        status: str | None = None,
        device: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Job]:
        """This tenant's jobs, the newest first; pages are fetched as they are needed.

        Parameters
        ----------
        status, device
            Only these.
        limit
            At most so many; all when not given.
        """
        params = {"limit": str(PAGE_MAX if limit is None else max(1, min(limit, PAGE_MAX)))}
        if status is not None:
            params["status"] = status
        if device is not None:
            params["device"] = device
        records = self._transport.pages("/v1/jobs", "jobs", params)
        for body in islice(records, limit):
            yield Job(self._transport, JobRecord.read(body))

    def devices(self) -> list[Device]:
        """All devices, by name."""
        body = self._transport.request("GET", "/v1/devices")
        return [Device.read(device) for device in body.get("devices", ())]

    def health(self) -> dict[str, Health]:
        """The health of each endpoint, asked once for up to 3 s; silence is a status as well."""
        return {endpoint: self._health_of(endpoint) for endpoint in self.endpoints}

    def pair(self, timeout: float | None = None) -> Pair:
        """The pair of regions, as either of them knows it; needs an operator's key.

        Parameters
        ----------
        timeout
            Seconds, retries included; the client's own when not given.

        Raises
        ------
        AuthError
            If this client's key is not an operator's.
        """
        return Pair.read(self._transport.request("GET", "/v1/pair", timeout=timeout))

    def change_pair(
        self,
        operation: PairOperation | str,
        reason: str,
        *,
        drain_seconds: int | None = None,
        force: bool = False,
    ) -> StartedOperation:
        """Start an operation on the pair; `pair` tells how it gets on. Needs an operator's key.

        Parameters
        ----------
        operation
            ``"switchover"`` drains, then promotes the passive region; ``"failback"`` is one to
            the primary region; ``"failover"`` promotes at once; ``"hold"`` keeps the pair as it
            is; ``"release"`` ends a hold.
        reason
            Kept in the pair's history.
        drain_seconds
            How long a planned change waits for running jobs; the service's own when not given.
        force
            Overrule a hold, or release a pause whose operation is lost.

        Raises
        ------
        AuthError
            If this client's key is not an operator's.
        Conflict
            If a hold stands, another operation runs, or there is nothing to change.
        InvalidRequest
            If the reason or the seconds are refused.
        Unreachable
            If no answer came: the operation may have begun, and `pair` tells.
        """
        # Whoever answers this is awake, and gets the next request, which must not be repeated:
        # a second failover would take the pair back.
        self.pair()
        body: dict[str, Any] = {"reason": reason}
        if drain_seconds is not None:
            body["drain_seconds"] = drain_seconds
        if force:
            body["force"] = True
        answer = self._transport.request(
            "POST", f"/v1/pair/{PairOperation(operation)}", body=body, repeatable=False
        )
        return StartedOperation.read(answer.get("operation"))

    def _health_of(self, endpoint: str) -> Health:
        try:
            return Health.read(
                self._transport.ask(endpoint, "GET", "/v1/health", timeout=HEALTH_TIMEOUT)
            )
        except BellpairError as error:
            status = "unreachable" if error.status is None else f"HTTP {error.status}"
            return Health(status=status, detail=error.detail)
