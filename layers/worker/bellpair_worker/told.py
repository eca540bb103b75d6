"""What a run's process tells the supervisor. User code shares that process: it may be anything."""

from __future__ import annotations

import json
from typing import Any

from .faults import Fault, fault
from .frames import Message
from .outcomes import FAILURES

_PROGRESS_CHARACTERS_MAX = 200
_REMEDY_CHARACTERS_MAX = 500
_MODULE_CHARACTERS_MAX = 100


class Unintelligible(Exception):
    """The process told what is none of the things that there are to tell."""


def unknown_end(code: str = "function-crashed") -> Fault:
    """The fault of a process that cannot be understood; nothing that it told is repeated."""
    return fault(
        code,
        "The function ended in a way that the platform does not know.",
        "Return from the function or raise an error, and leave the process's own files alone.",
    )


def word_in(message: Message, name: str) -> str:
    """A text.

    Raises
    ------
    Unintelligible
        When there is none; so do all that follow.
    """
    told = message.get(name)
    if not isinstance(told, str):
        raise Unintelligible(name)
    # Half of a surrogate pair is JSON, but nothing that could be stored.
    return told.encode(errors="replace").decode()


def objects_in(message: Message, name: str) -> list[Message]:
    """A list of JSON objects."""
    told = message.get(name)
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise Unintelligible(name)
    return told


def progress_in(message: Message) -> Message:
    """How far the function is, from 0 to 1, and what it says of it."""
    fraction: Any = message.get("fraction")
    if not isinstance(fraction, int | float):
        raise Unintelligible("fraction")
    # Held within its bounds first: a whole number of any length is JSON.
    return {
        "fraction": float(min(1.0, max(0.0, fraction))),
        "message": word_in(message, "message")[:_PROGRESS_CHARACTERS_MAX],
    }


def output_in(message: Message) -> str:
    """What the function returned, as JSON in its plainest form."""
    try:
        return json.dumps(json.loads(word_in(message, "output")), allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Unintelligible("output") from error


def fault_in(message: Message) -> Fault:
    """Why the function failed; a code that is none of a function's is the one of its own errors."""
    told = message.get("error")
    if not isinstance(told, dict):
        raise Unintelligible("error")
    code, text = word_in(told, "code"), word_in(told, "message")
    optional = {name: word_in(told, name) for name in ("remedy", "missing") if told.get(name)}
    more = (
        {"missing": optional["missing"][:_MODULE_CHARACTERS_MAX]} if "missing" in optional else {}
    )
    remedy = optional["remedy"][:_REMEDY_CHARACTERS_MAX] if "remedy" in optional else None
    return fault(code if code in FAILURES else "function-failed", text, remedy, **more)
