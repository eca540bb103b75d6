"""The page of the documentation that lists the error codes."""

from __future__ import annotations

from bellpair_core.model.errors import ErrorCode

from .problem import problem_type

_HEAD = f"""# Errors

<!-- Generated from the code by `python -m bellpair_core.http.write_docs docs`. -->

Every error over HTTP is a problem document (RFC 9457, `application/problem+json`) with the
members `type` (such as `{problem_type(ErrorCode.DEVICE_UNKNOWN)}`), `title`, `status`, `code`,
`detail`, `remedy`, `instance`, `request_id` and `trace_id`. `pointer`, `line`, `column` and
`errors` say where in the request the error is. Switch on `code`; it never changes. `Retry-After`
is there where repeating the request makes sense; with an `Idempotency-Key` a repeated submission
makes one job.

The codes that only ever end a job stand in the job's `error`, with the same meaning.
"""

_OF_JOBS = frozenset(
    {
        ErrorCode.COMPILE_FAILED,
        ErrorCode.DEVICE_REFUSED,
        ErrorCode.TASK_FAILED,
        ErrorCode.TASK_CANCELLED,
        ErrorCode.RESULT_MISSING,
        ErrorCode.STAGE_EXHAUSTED,
        ErrorCode.GAVE_UP,
        ErrorCode.DEADLINE_EXCEEDED,
    }
)


def error_table() -> str:
    """The page, in Markdown."""
    refusals = [code for code in ErrorCode if code not in _OF_JOBS]
    ends = [code for code in ErrorCode if code in _OF_JOBS]
    rows = [
        f"| `{code.value}` | {code.status} | {code.title} | {code.remedy} |" for code in refusals
    ]
    ended = [f"| `{code.value}` | {code.title} | {code.remedy} |" for code in ends]
    return "\n".join(
        [
            _HEAD,
            "## Of requests",
            "",
            "| code | status | means | what to do |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Of jobs",
            "",
            "| code | means | what to do |",
            "|---|---|---|",
            *ended,
            "",
        ]
    )
