"""Everything that can go wrong between a program and its counts, as typed exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


class BellpairError(Exception):
    """An error that a person can act on.

    Attributes
    ----------
    detail
        What happened, in a sentence.
    remedy
        What to do next, or ``None``.
    code
        Bellpair's stable code, such as ``"program-invalid"``; ``None`` where the answer did
        not come from Bellpair or the error arose on this side.
    status
        HTTP status, or ``None`` where there was no answer.
    request_id
        Names the request in the service's logs.
    line, column
        Place in the submitted program, counted from 1.
    pointer
        JSON pointer to the offending field of the request.
    errors
        Further errors of the same answer, as the service sent them.
    retry_after
        Seconds after which the service asks to be tried again.
    retriable
        Whether repeating the same request makes sense.
    effect_unknown
        Whether the request may have had its effect although no good answer came.
    """

    retriable = False

    def __init__(
        self,
        detail: str,
        *,
        remedy: str | None = None,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        line: int | None = None,
        column: int | None = None,
        pointer: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
        effect_unknown: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.code = code
        self.status = status
        self.request_id = request_id
        self.line = line
        self.column = column
        self.pointer = pointer
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.effect_unknown = effect_unknown

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column or 1}: " if self.line else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        marks = [self.code, f"request {self.request_id}" if self.request_id else None]
        tail = ", ".join(mark for mark in marks if mark)
        return f"{place}{self.detail}{remedy}{f' [{tail}]' if tail else ''}"

    def to_dict(self) -> dict[str, Any]:
        """The members that are set, ready for JSON; without a code, the class's name is one."""
        members = {
            "code": self.code or re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower(),
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
            "line": self.line,
            "column": self.column,
            "pointer": self.pointer,
            "errors": [dict(error) for error in self.errors] or None,
            "request_id": self.request_id,
        }
        return {name: value for name, value in members.items() if value is not None}


class ConfigurationError(BellpairError):
    """No endpoint or key is known, or the configuration cannot be read."""


class AuthError(BellpairError):
    """The API key is missing, wrong, or not allowed to do this."""


class InvalidRequest(BellpairError):
    """The request was refused for what it says."""


class InvalidProgram(InvalidRequest):
    """The program was refused; `line` and `column` tell where, when there is a place."""


class InvalidFunction(InvalidRequest):
    """The function's source cannot be deployed.

    Attributes
    ----------
    file
        The file that `line` and `column` are of, where it is on this machine.
    """

    file: str | None = None

    def __str__(self) -> str:
        return f"{self.file}, {super().__str__()}" if self.file else super().__str__()

    def to_dict(self) -> dict[str, Any]:
        """The members that are set, ready for JSON."""
        return super().to_dict() | ({"file": self.file} if self.file else {})


class TooLarge(InvalidRequest):
    """The program, or a function's package, exceeds a size limit."""


class NotFound(BellpairError):
    """No such job or resource for this tenant."""


class Conflict(BellpairError):
    """The request contradicts what is already there, such as a reused idempotency key."""


class ServerError(BellpairError):
    """Bellpair failed to answer, or something else than Bellpair answered."""


class RateLimited(BellpairError):
    """Too many requests for now."""

    retriable = True


class Unavailable(BellpairError):
    """The service cannot answer at the moment."""

    retriable = True


class RegionPassive(Unavailable):
    """The region asked is the passive half of the pair.

    Attributes
    ----------
    active_region
        The region that accepts requests now, when the answer names it.
    """

    active_region: str | None = None


class Unreachable(Unavailable):
    """No answer arrived: connection refused, broken, or timed out."""


class JobFailed(BellpairError):
    """The job ended without a result; `code`, `detail` and `remedy` are the job's own.

    Attributes
    ----------
    job_id
        The job.
    """

    job_id: str | None = None


class JobCancelled(JobFailed):
    """The job was cancelled before it had a result."""


class JobPaused(BellpairError):
    """The job is paused at its cost cap, and goes on only when the cap is raised.

    Attributes
    ----------
    job_id
        The job; `Job.resume` raises its cap.
    """

    job_id: str | None = None


class ResultTimeout(BellpairError, TimeoutError):
    """The result was not there in time; the job itself goes on.

    Attributes
    ----------
    job_id
        The job that is still running.
    """

    job_id: str | None = None


_BY_STATUS: dict[int, type[BellpairError]] = {
    400: InvalidRequest,
    401: AuthError,
    403: AuthError,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: InvalidRequest,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def from_answer(
    status: int,
    body: Mapping[str, Any],
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> BellpairError:
    """The exception for an answer that is not a success.

    Parameters
    ----------
    status
        HTTP status.
    body
        The problem document (RFC 9457); gateways' plain ``{"message": …}`` serves too.
    request_id
        From the answer's header, for bodies that don't carry it.
    retry_after
        Seconds, from the answer's header.
    """
    code = _text(body, "code")
    kind = _BY_STATUS.get(status, ServerError)
    if code == "region-passive":
        kind = RegionPassive
    elif kind is InvalidRequest and (code or "").startswith("program-"):
        kind = InvalidProgram
    elif kind is InvalidRequest and code == "function-invalid":
        kind = InvalidFunction
    detail = _text(body, "detail") or _text(body, "title") or _text(body, "message")
    errors = body.get("errors")
    error = kind(
        detail or f"The service answered with HTTP status {status} and no explanation.",
        remedy=_text(body, "remedy"),
        code=code,
        status=status,
        request_id=_text(body, "request_id") or request_id,
        line=_number(body, "line"),
        column=_number(body, "column"),
        pointer=_text(body, "pointer"),
        errors=[e for e in errors if isinstance(e, Mapping)] if isinstance(errors, list) else (),
        retry_after=retry_after,
        # A gateway's 502 or 504 hides whether the function behind it did its work.
        effect_unknown=status >= 500 and status != 503,
    )
    if isinstance(error, RegionPassive):
        error.active_region = _text(body, "active_region")
    return error


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def _number(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
