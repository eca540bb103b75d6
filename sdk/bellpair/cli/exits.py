"""What the command line's exit codes mean."""

from __future__ import annotations

from enum import IntEnum

from bellpair.errors import (
    BellpairError,
    Conflict,
    InvalidRequest,
    JobFailed,
    JobPaused,
    NotFound,
    ResultTimeout,
)


class ExitCode(IntEnum):
    """Exit codes; 2 is also what a command line gives for options it does not know."""

    OK = 0
    JOB_FAILED = 1
    USAGE = 2
    SERVICE = 3
    REJECTED = 4
    TIMED_OUT = 5
    NOT_MEANT = 6
    INTERRUPTED = 130


EXIT_CODES_HELP = (
    "Exit codes: 0 all well; 1 the job failed or was cancelled; 2 wrong usage; 3 no answer, "
    "no permission or a fault of the service; 4 the input was rejected; 5 not finished in time, or "
    "paused at the cost cap; 6 what a trigger was tested with is nothing it waits for; "
    "130 interrupted."
)


def exit_code(error: BellpairError) -> ExitCode:
    """The exit code that an error gives."""
    match error:
        case JobFailed():
            return ExitCode.JOB_FAILED
        case ResultTimeout() | JobPaused():
            return ExitCode.TIMED_OUT
        case InvalidRequest() | NotFound() | Conflict():
            return ExitCode.REJECTED
        case _:
            return ExitCode.SERVICE
