"""What went wrong in a user's function, in the user's terms."""

from __future__ import annotations

import sys
import traceback
from importlib.metadata import distributions
from pathlib import Path
from types import TracebackType
from typing import Any

from bellpair.errors import BellpairError

_MESSAGE_CHARACTERS_MAX = 1000
_PACKAGES_NAMED_MAX = 40


class Fault(dict[str, Any]):
    """``code``, ``message``, ``remedy``, and ``missing`` where a module was not found."""


def fault(code: str, message: str, remedy: str | None = None, **more: str) -> Fault:
    """One fault; its message is cut to a length that a state machine hands on."""
    if len(message) > _MESSAGE_CHARACTERS_MAX:
        message = f"{message[:_MESSAGE_CHARACTERS_MAX]}…"
    found = Fault(code=code, message=message, **more)
    if remedy is not None:
        found["remedy"] = remedy
    return found


def fault_of(error: BaseException, package: Path, memory_mb: int) -> Fault:
    """The fault that an exception of the user's code amounts to.

    Parameters
    ----------
    package
        Where the user's files are; the message names the last place among them.
    memory_mb
        What the run could allocate.
    """
    where = _last_place(error.__traceback__, package)
    place = f" ({where})" if where else ""
    if isinstance(error, SystemExit):
        return fault(
            "function-crashed",
            f"The function left the interpreter: sys.exit({error.code!r}){place}",
            "Return from the function, or raise an error that says what is wrong.",
        )
    if isinstance(error, MemoryError):
        return fault(
            "limit-exceeded",
            f"The function needed more than the {memory_mb} MB of memory that it may use{place}",
            "Use less memory at once, or deploy the function for a worker with more.",
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        return missing_module(error.name, place)
    if isinstance(error, BellpairError):
        return fault(error.code or "function-failed", f"{error.detail}{place}", error.remedy)
    text = str(error)
    return fault("function-failed", f"{type(error).__name__}{': ' if text else ''}{text}{place}")


def user_traceback(error: BaseException, package: Path) -> str:
    """The traceback, of the user's files only, with their paths as in the package."""
    shown = traceback.TracebackException.from_exception(error, compact=True)
    _cut(shown, package)
    return "".join(shown.format())


def missing_module(module: str, place: str = "") -> Fault:
    """The fault of a function that imports what the worker does not have."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        text = f"The module {module} of Python's library cannot be used in a worker{place}"
        return fault("function-failed", text, "Do without it.", missing=module)
    packages = list(installed_packages())
    listed = ", ".join(packages[:_PACKAGES_NAMED_MAX])
    more = "" if len(packages) <= _PACKAGES_NAMED_MAX else ", …"
    return fault(
        "function-failed",
        f"There is no module {module} in this worker{place}; it has {listed}{more}",
        "Choose a worker that has it (`bellpair functions workers` lists them), or pack the "
        "module's source with the function.",
        missing=module,
    )


def installed_packages() -> dict[str, str]:
    """The distributions that can be imported here, and their versions."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name and not name.lower().startswith("bellpair-"):
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _last_place(trace: TracebackType | None, package: Path) -> str:
    for frame in reversed(traceback.extract_tb(trace)):
        if inside := _inside(frame.filename, package):
            return f"{inside}, line {frame.lineno}"
    return ""


def _inside(file: str, package: Path) -> str | None:
    try:
        return str(Path(file).relative_to(package))
    except ValueError:
        return None


def _cut(shown: traceback.TracebackException, package: Path) -> None:
    frames = [
        traceback.FrameSummary(inside, frame.lineno, frame.name, lookup_line=False, line=frame.line)
        for frame in shown.stack
        if (inside := _inside(frame.filename, package))
    ]
    shown.stack = traceback.StackSummary.from_list(frames)
    for other in (shown.__cause__, shown.__context__):
        if other is not None:
            _cut(other, package)
