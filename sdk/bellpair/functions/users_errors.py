"""A function's errors as its author wants to see them, without the machinery around it."""

from __future__ import annotations

import traceback
from pathlib import Path

import aws_durable_execution_sdk_python as sdk

_MACHINERY = (str(Path(__file__).parent), str(Path(sdk.__file__).parent))
_MESSAGE_CHARACTERS_MAX = 2000


def users_traceback(error: BaseException) -> str:
    """The traceback of an error, without the frames of the machinery around the function."""
    told = traceback.TracebackException.from_exception(error, compact=True)
    seen: set[int] = set()
    pending: list[traceback.TracebackException | None] = [told]
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.stack[:] = [frame for frame in one.stack if not _is_machinery(frame.filename)]
        pending += [one.__cause__, one.__context__, *(one.exceptions or ())]
    return "".join(told.format())


def _is_machinery(filename: str) -> bool:
    return filename.startswith(_MACHINERY) or "/concurrent/futures/" in filename


def place(error: BaseException) -> str:
    """Which line of the function's module the error came through last; empty if none."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(frame.filename)
    ]
    if not frames:
        return ""
    # The innermost frame may be a library's; the outermost is the function's own module.
    module = frames[0].filename
    last = [frame for frame in frames if frame.filename == module][-1]
    return f" (line {last.lineno} of {Path(module).name})"


def shown(error: BaseException) -> str:
    """The error in one text, without its traceback."""
    text = "".join(traceback.format_exception_only(error)).strip()
    return text[:_MESSAGE_CHARACTERS_MAX]
