"""A device behind its maker's own service, which speaks Bellpair's device API."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ValidationError

from bellpair_core.model.device import TaskPrice
from bellpair_core.model.device_api import (
    DeviceDocument,
    HealthDocument,
    ProblemCode,
    ProblemDocument,
    QueueDocument,
    ResultDocument,
    TaskDocument,
    TaskPhase,
    TaskRequest,
)
from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.model.limits import DEVICE_ANSWER_BYTES_MAX, DEVICE_PROBLEM_CHARACTERS_MAX
from bellpair_core.ports.callers import HostNames
from bellpair_core.ports.devices import (
    CalibrationDocument,
    DeviceDescription,
    DeviceHealth,
    DeviceSurroundings,
)
from bellpair_core.ports.tasks import (
    LaunchRefused,
    ProgramRefused,
    TaskState,
    TaskStatus,
    TaskUnknown,
)
from bellpair_core.settings import DeviceSetting

from .https_caller import SystemHostNames
from .pinned_http import Answer, exchange

_D = TypeVar("_D", bound=BaseModel)

_STATUS = {phase: TaskStatus(phase.upper()) for phase in TaskPhase}

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1"})

_SECONDS_BETWEEN = (0.2, 0.8)
"""How long to wait before the first and the second repetition, unless the service says longer."""

_RETRY_AFTER_MAX = 2.0


@dataclass(frozen=True)
class Patience:
    """How often a request is sent, and how long each is waited for, in seconds."""

    requests: int
    timeout_s: float


PATIENT = Patience(3, 8.0)
IMPATIENT = Patience(2, 2.5)


class DeviceAddressRefused(ValueError):
    """A device's URL that no service is asked at; says which are."""


class HttpDevice:
    """`DeviceAdapter` over Bellpair's device API (``docs/devices.md``).

    Each of the API's requests may be repeated without harm: most only ask, a task is made under its
    ``Idempotency-Key``, and cancelled as often as one likes. So each is repeated where nothing was
    answered, or that there is too much to do.

    What decides about a job is the problem's code and never a status: any gateway on the way may
    answer 400 or 404. What is not in the API is taken for an outage.

    Parameters
    ----------
    setting
        The device: ``url`` is what the API's paths are appended to, ``credential`` names the
        bearer token, if the service asks for one.
    surroundings
        Reads the token, and tells public addresses. A service is asked at those alone, or on this
        machine, where its URL says so: nothing that a name server answers leads inside.
    hosts, context, sleep, patient, impatient
        How hosts are looked up, TLS is checked, time passes, and how long what is waited for.
    """

    def __init__(
        self,
        setting: DeviceSetting,
        surroundings: DeviceSurroundings,
        *,
        hosts: HostNames | None = None,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patient: Patience = PATIENT,
        impatient: Patience = IMPATIENT,
    ) -> None:
        self._place = _Place.of(setting)
        self._credential = setting.credential
        self._surroundings = surroundings
        self._hosts = hosts or SystemHostNames()
        self._context = context
        self._sleep = sleep
        self._patient = patient
        self._impatient = impatient

    def describe(self, *, patient: bool = True) -> DeviceDescription:
        """See `DeviceAdapter.describe`."""
        seen = self._asked(DeviceDocument, "/device", patient=patient)
        return DeviceDescription(
            status=seen.status,
            kind=seen.kind,
            provider=seen.provider,
            shots_min=seen.shots_min,
            shots_max=seen.shots_max,
            queue_depth=seen.queue_depth,
            price=TaskPrice(**seen.price.model_dump()) if seen.price else None,
        )

    def calibration(self) -> CalibrationDocument:
        """See `DeviceAdapter.calibration`. Whether it can be understood is for its reader."""
        content = self._json(self._good("GET", "/calibration"), "/calibration")
        return CalibrationDocument(format=str(content.get("schema", "")), content=content)

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """See `DeviceAdapter.launch`."""
        request = TaskRequest(program=program, shots=task.shots, job=job_id)
        sent, answer = self._send(
            "POST",
            "/tasks",
            {"Idempotency-Key": task.client_token},
            request.model_dump_json(by_alias=True).encode(),
        )
        if answer.status < 300:
            return self._document(TaskDocument, answer, "/tasks").id
        problem = _problem(answer)
        match problem and problem.code:
            case ProblemCode.PROGRAM_REFUSED | ProblemCode.TOKEN_REUSED as code:
                assert problem is not None
                text = _shown(problem.detail) or "The device's service does not say why."
                if code is ProblemCode.PROGRAM_REFUSED:
                    raise ProgramRefused(text, conclusive=sent == 1)
                raise JobFailed(ErrorCode.DEVICE_REFUSED, text)
            case ProblemCode.DEVICE_OFFLINE | ProblemCode.DEVICE_RETIRED as code:
                retired = code is ProblemCode.DEVICE_RETIRED
                raise LaunchRefused(
                    f"the device is {'retired' if retired else 'offline'}",
                    conclusive=sent == 1,
                    retired=retired,
                )
        raise self._strange("POST", "/tasks", answer, problem)

    def poll(self, task_id: str) -> TaskState:
        """See `DeviceAdapter.poll`."""
        path = _task_path(task_id)
        _, answer = self._send("GET", path)
        if answer.status >= 300:
            problem = _problem(answer)
            if problem and problem.code is ProblemCode.TASK_UNKNOWN:
                raise TaskUnknown(f"the device's service does not know task {task_id}")
            raise self._strange("GET", path, answer, problem)
        seen = self._document(TaskDocument, answer, path)
        return TaskState(
            arn=task_id,
            status=_STATUS[seen.status],
            failure_reason=_shown(seen.failure) if seen.failure else None,
            queue_position=None if seen.queue_position is None else str(seen.queue_position),
            created_at=seen.created_at.isoformat() if seen.created_at else None,
            ended_at=seen.ended_at.isoformat() if seen.ended_at else None,
        )

    def cancel(self, task_id: str) -> None:
        """See `DeviceAdapter.cancel`."""
        path = _task_path(task_id)
        # Nothing depends on it, and whoever asks has others to see to.
        _, answer = self._send("DELETE", path, patient=False)
        if answer.status >= 300:
            problem = _problem(answer)
            known = (ProblemCode.TASK_OVER, ProblemCode.TASK_UNKNOWN)
            if problem is None or problem.code not in known:
                raise self._strange("DELETE", path, answer, problem)

    def result(self, state: TaskState) -> Mapping[str, Any]:
        """See `DeviceAdapter.result`."""
        path = f"{_task_path(state.arn)}/result"
        _, answer = self._send("GET", path)
        if answer.status >= 300:
            problem = _problem(answer)
            missing = (ProblemCode.RESULT_MISSING, ProblemCode.TASK_UNKNOWN)
            if problem and problem.code in missing:
                raise ResultMissing(f"task {state.arn} has no result: {_shown(problem.detail)}")
            raise self._strange("GET", path, answer, problem)
        try:
            seen = ResultDocument.model_validate_json(answer.body)
        except ValidationError as error:
            text = f"the result of task {state.arn} cannot be read: {_first(error)}"
            raise ResultMissing(text) from error
        return {"measuredQubits": list(seen.qubits), "measurementCounts": seen.counts}

    def health(self) -> DeviceHealth:
        """See `DeviceAdapter.health`."""
        seen = self._asked(HealthDocument, "/health", patient=False)
        return DeviceHealth(status=seen.status, detail=_shown(seen.detail))

    def queue(self) -> int | None:
        """See `DeviceAdapter.queue`."""
        return self._asked(QueueDocument, "/queue").waiting

    def price(self) -> TaskPrice | None:
        """See `DeviceAdapter.price`."""
        return self.describe().price

    def _asked(self, form: type[_D], path: str, *, patient: bool = True) -> _D:
        return self._document(form, self._good("GET", path, patient=patient), path)

    def _good(self, method: str, path: str, *, patient: bool = True) -> Answer:
        _, answer = self._send(method, path, patient=patient)
        if answer.status >= 300:
            raise self._strange(method, path, answer, _problem(answer))
        return answer

    def _document(self, form: type[_D], answer: Answer, path: str) -> _D:
        try:
            return form.model_validate_json(answer.body)
        except ValidationError as error:
            raise TransientFault(
                f"{self._place}{path} answered no {form.__name__}: {_first(error)}"
            ) from error

    def _json(self, answer: Answer, path: str) -> dict[str, Any]:
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise TransientFault(f"{self._place}{path} answered no JSON") from error
        if not isinstance(content, dict):
            raise TransientFault(f"{self._place}{path} answered no JSON object")
        return content

    def _strange(
        self, method: str, path: str, answer: Answer, problem: ProblemDocument | None
    ) -> TransientFault:
        """What the API has no such answer for may be a gateway's doing, and pass."""
        said = f" ({problem.code}: {_shown(problem.detail)})" if problem else ""
        busy = answer.status == 429 or (problem is not None and problem.code is ProblemCode.BUSY)
        text = f"{method} {self._place}{path}: HTTP status {answer.status}{said}"
        return TransientFault(text, throttled=busy)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        patient: bool = True,
    ) -> tuple[int, Answer]:
        """The number of requests sent, and the answer to the last.

        Raises
        ------
        TransientFault
            When there was none.
        """
        patience = self._patient if patient else self._impatient
        addresses = self._addresses()
        sent, authorized_anew = 0, False
        while True:
            headers_now = {**self._headers(anew=authorized_anew), **(headers or {})}
            sent += 1
            problem = ""
            answer: Answer | None = None
            try:
                answer = self._exchange(method, path, headers_now, body, addresses, patience)
            except (OSError, HTTPException, ValueError) as error:
                problem = type(error).__name__
            if answer is not None and not answer.complete:
                problem, answer = "the answer was cut off", None
            if answer is not None and len(answer.body) > DEVICE_ANSWER_BYTES_MAX:
                raise TransientFault(
                    f"{method} {self._place}{path}: the answer has more than "
                    f"{DEVICE_ANSWER_BYTES_MAX} bytes"
                )
            if answer is not None and answer.status == 401 and not authorized_anew:
                # The token may have been changed since it was read.
                authorized_anew = self._credential is not None
                if authorized_anew:
                    continue
            if answer is not None and not _again(answer):
                return sent, answer
            if sent >= patience.requests:
                if answer is not None:
                    return sent, answer
                raise TransientFault(f"{method} {self._place}{path}: no answer: {problem}")
            self._sleep(_pause(sent, answer))

    def _exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        addresses: Sequence[str],
        patience: Patience,
    ) -> Answer:
        place = self._place
        context = None
        if place.secure:
            self._context = context = self._context or ssl.create_default_context()
        return exchange(
            method,
            place.host,
            place.port,
            f"{place.base}{path}",
            headers,
            body,
            addresses=addresses,
            context=context,
            timeout_s=patience.timeout_s,
            body_max=DEVICE_ANSWER_BYTES_MAX,
        )

    def _addresses(self) -> Sequence[str]:
        place = self._place
        addresses = self._hosts.addresses(place.host, place.port)
        if place.local:
            addresses = [address for address in addresses if address in _LOOPBACK_ADDRESSES]
        elif not all(map(self._surroundings.is_public, addresses)):
            raise TransientFault(f"the host {place.host} is not, or not only, a public one")
        if not addresses:
            raise TransientFault(f"the host {place.host} has no address")
        return addresses

    def _headers(self, *, anew: bool) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "bellpair",
            "Connection": "close",
        }
        if self._credential is not None:
            token = self._surroundings.secrets(self._credential, anew=anew).strip()
            if not token.isascii() or not token.isprintable() or not token:
                raise TransientFault(f"the secret {self._credential} is no bearer token")
            headers["Authorization"] = f"Bearer {token}"
        return headers


@dataclass(frozen=True)
class _Place:
    """Where a service is; reads as its URL in messages."""

    secure: bool
    host: str
    port: int
    base: str

    @classmethod
    def of(cls, setting: DeviceSetting) -> _Place:
        url = urlsplit(setting.url or "")
        host = url.hostname or ""
        try:
            port = url.port
        except ValueError as error:
            raise DeviceAddressRefused(f"device {setting.name}: {error}") from error
        local = host in _LOOPBACK
        if not host or url.scheme not in (("http", "https") if local else ("https",)):
            raise DeviceAddressRefused(
                f"device {setting.name} needs a url that begins with https:// "
                "(http:// on this machine alone)"
            )
        if url.username is not None or url.password is not None or url.query or url.fragment:
            raise DeviceAddressRefused(
                f"the url of device {setting.name} must have a host and a path alone; "
                "a token is named by credential"
            )
        secure = url.scheme == "https"
        return cls(secure, host, port or (443 if secure else 80), url.path.rstrip("/"))

    @property
    def local(self) -> bool:
        return self.host in _LOOPBACK

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.base}"


def _again(answer: Answer) -> bool:
    """Whether a repetition may be answered otherwise in no time."""
    if answer.status == 429:
        return True
    # A service that says what is the matter has answered.
    return answer.status >= 500 and _problem(answer) is None


def _pause(sent: int, answer: Answer | None) -> float:
    pause = _SECONDS_BETWEEN[min(sent, len(_SECONDS_BETWEEN)) - 1]
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    return max(pause, min(float(asked), _RETRY_AFTER_MAX)) if asked.isdecimal() else pause


def _problem(answer: Answer) -> ProblemDocument | None:
    try:
        return ProblemDocument.model_validate_json(answer.body)
    except ValidationError:
        return None


def _task_path(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}"


def _shown(text: str) -> str:
    """A stranger's words, as far as a log and a job's record have room for them."""
    return "".join(c if c.isprintable() else " " for c in text[:DEVICE_PROBLEM_CHARACTERS_MAX])


def _first(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, found["loc"]))
    return _shown(f"{where}: {found['msg']}" if where else str(found["msg"]))
