"""How a run of a quantum function ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["finished", "suspended", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    kind
        ``"finished"``, ``"failed"``, or ``"suspended"``: what it waits for is with the service.
    output_json
        JSON text of what the function returned, where it finished.
    error
        ``{"code", "message"}`` and maybe ``"remedy"``, where it failed.
    cause
        What the function raised, where that is why it failed.
    """

    kind: Kind
    output_json: str | None = None
    error: dict[str, str] | None = None
    cause: BaseException | None = field(default=None, repr=False, compare=False)


def failed(code: str, message: str, remedy: str | None) -> Outcome:
    """A run that failed, with what is told of it."""
    error = {"code": code, "message": message}
    if remedy:
        error["remedy"] = remedy
    return Outcome("failed", error=error)
