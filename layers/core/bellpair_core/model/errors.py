"""What can go wrong, each with a code, an HTTP status and a remedy."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self


class ErrorCode(StrEnum):
    """Stable codes that clients may switch on.

    The value is the code. ``status`` is the HTTP status of a request refused with it (500
    where it only ever ends a job), ``title`` names the class of error and ``remedy`` is what
    to do when the place of the error gives nothing more precise.
    """

    status: int
    title: str  # type: ignore[assignment]  # hides str.title, which a code never needs
    remedy: str

    def __new__(cls, value: str, status: int, title: str, remedy: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.status = status
        member.title = title
        member.remedy = remedy
        return member

    BODY_NOT_JSON = (
        "body-not-json",
        400,
        "The body is not JSON",
        "Send a JSON object with the header Content-Type: application/json.",
    )
    REQUEST_INVALID = (
        "request-invalid",
        400,
        "The request does not fit its schema",
        "Correct the fields listed in errors; the schema is at /v1/openapi.json.",
    )
    PAGE_TOKEN_INVALID = (
        "page-token-invalid",
        400,
        "The page token is no longer good",
        "Start again from the first page, without page_token.",
    )
    UNAUTHENTICATED = (
        "unauthenticated",
        401,
        "No valid API key",
        "Send Authorization: Bearer <API key>; a tenant admin or operator makes keys.",
    )
    FORBIDDEN = (
        "forbidden",
        403,
        "The API key's role does not allow this",
        "Ask someone with the role named in the detail.",
    )
    JOB_NOT_FOUND = (
        "job-not-found",
        404,
        "No such job",
        "Check the id; GET /v1/jobs lists this tenant's jobs.",
    )
    ROUTE_NOT_FOUND = (
        "route-not-found",
        404,
        "No such resource",
        "The resources are listed in /v1/openapi.json.",
    )
    IDEMPOTENCY_CONFLICT = (
        "idempotency-conflict",
        409,
        "The idempotency key was used for another request",
        "Use a new Idempotency-Key for a new job, or repeat the first request unchanged.",
    )
    RESULT_NOT_READY = (
        "result-not-ready",
        409,
        "The job has no result yet",
        "Wait until its status is succeeded, then ask again.",
    )
    NO_RESULT = (
        "no-result",
        409,
        "The job ended without a result",
        "See the job's error for the reason.",
    )
    JOB_FINISHED = (
        "job-finished",
        409,
        "The job is already finished",
        "A finished job cannot be cancelled; fetch its result instead.",
    )
    TENANT_EXISTS = (
        "tenant-exists",
        409,
        "The tenant exists already",
        "Choose another name.",
    )
    TENANT_NOT_FOUND = (
        "tenant-not-found",
        404,
        "No such tenant",
        "Check the name; POST /v1/tenants makes a tenant.",
    )
    KEY_NOT_FOUND = (
        "key-not-found",
        404,
        "No such API key",
        "Check tenant and id (the part of the key after bp_); a new key may need a second.",
    )
    REQUEST_TOO_LARGE = (
        "request-too-large",
        413,
        "The request is too large",
        "A program or a zipped package may have 1 MiB, a function's inputs 256 KiB: send less.",
    )
    SOURCE_TOO_LARGE = (
        "source-too-large",
        413,
        "The program is too large",
        "Send at most 1 MiB of source; loops and gate definitions make programs shorter.",
    )
    PROGRAM_INVALID = (
        "program-invalid",
        422,
        "The program is not valid",
        "Correct the program at the line and column given.",
    )
    PROGRAM_UNSUPPORTED = (
        "program-unsupported",
        422,
        "The program needs what Bellpair cannot run yet",
        "Rewrite the part named in the detail.",
    )
    PROGRAM_TOO_WIDE = (
        "program-too-wide",
        422,
        "The program needs more qubits than the device has",
        "Choose one of the devices named in the detail, or use fewer qubits.",
    )
    CONSTRAINTS_UNMET = (
        "constraints-unmet",
        422,
        "No device meets what the job asks for",
        "Loosen the constraint named in the detail.",
    )
    SHOTS_OUT_OF_RANGE = (
        "shots-out-of-range",
        422,
        "The device does not take this number of shots",
        "Stay within the device's range.",
    )
    RESULT_TOO_LARGE = (
        "result-too-large",
        422,
        "The result could grow too large to be fetched",
        "Ask for fewer shots or measure into fewer bits; several jobs can share the shots.",
    )
    DEVICE_UNKNOWN = (
        "device-unknown",
        422,
        "No such device",
        "GET /v1/devices lists the devices.",
    )
    CALIBRATION_NOT_FOUND = (
        "calibration-not-found",
        404,
        "The device has no calibration",
        "GET /v1/devices/{name}/calibrations tells what was refused and why.",
    )
    DEVICE_RETIRED = (
        "device-retired",
        422,
        "The device is retired",
        "Choose another device; GET /v1/devices lists them.",
    )
    DEVICE_OFFLINE = (
        "device-offline",
        409,
        "The device is offline",
        "Choose another device, or try again later.",
    )
    FUNCTION_NOT_FOUND = (
        "function-not-found",
        404,
        "No such function, version or alias",
        "GET /v1/functions lists this tenant's functions; a deployment may need a second to show.",
    )
    FUNCTION_INVALID = (
        "function-invalid",
        422,
        "The function cannot be deployed",
        "Correct the module as the detail says, and deploy it again.",
    )
    FUNCTION_CHANGED = (
        "function-changed",
        409,
        "The function was changed at the same time",
        "Look at it with GET /v1/functions/{name}, and repeat the change if it is still needed.",
    )
    FUNCTION_RESERVED = (
        "function-reserved",
        409,
        "The function comes with the platform",
        "Choose another name; sampling and estimation can be invoked, and not changed.",
    )
    PACKAGE_TOO_LARGE = (
        "package-too-large",
        413,
        "The function's package is too large",
        "Send at most 1 MiB of zipped source; data belongs in the inputs.",
    )
    INPUTS_INVALID = (
        "inputs-invalid",
        422,
        "The inputs do not fit the function",
        "Correct the inputs listed in errors; GET /v1/functions/{name} shows their schema.",
    )
    COST_CAP_TOO_LOW = (
        "cost-cap-too-low",
        422,
        "The job would cost more than its cost cap",
        "Raise max_cost_usd, ask for fewer shots or less precision, or choose another device.",
    )
    WORKER_UNKNOWN = (
        "worker-unknown",
        422,
        "No such worker",
        "Choose one of the workers named in the detail; GET /v1/workers lists them.",
    )
    CALLBACK_NOT_FOUND = (
        "callback-not-found",
        404,
        "No such callback",
        "GET /v1/callbacks lists this tenant's callbacks.",
    )
    OPTION_INVALID = (
        "option-invalid",
        422,
        "The options cannot be used as given",
        "Correct the option that the detail names; docs/options.md lists them all.",
    )
    CALLBACK_INVALID = (
        "callback-invalid",
        422,
        "The URL cannot be called back",
        "Give an https URL of a host on the public Internet.",
    )
    TRIGGER_NOT_FOUND = (
        "trigger-not-found",
        404,
        "No such trigger",
        "GET /v1/triggers lists this tenant's triggers.",
    )
    TRIGGER_INVALID = (
        "trigger-invalid",
        422,
        "The trigger cannot be made",
        "Correct what the detail names.",
    )
    TRIGGER_EXISTS = (
        "trigger-exists",
        409,
        "There is another trigger of this name",
        "Choose another name, or delete the trigger first.",
    )
    TRIGGER_PAUSED = (
        "trigger-paused",
        409,
        "The trigger is paused",
        "Resume it first: `bellpair triggers resume NAME`.",
    )
    TRIGGER_FAILED = (
        "trigger-failed",
        500,
        "The trigger made no job of what happened",
        "Correct what the detail names, then `bellpair triggers redrive NAME`.",
    )
    LIMIT_REACHED = (
        "limit-reached",
        409,
        "A limit on the number of things is reached",
        "Delete what is not needed any more.",
    )
    NOT_PAUSED = (
        "not-paused",
        409,
        "The job is not paused",
        "Only a paused job can be resumed; GET /v1/jobs/{job_id} shows its state.",
    )
    THROTTLED = (
        "throttled",
        429,
        "There are too many requests at the moment",
        "Try again after the seconds in Retry-After, at the same endpoint.",
    )
    REGION_PASSIVE = (
        "region-passive",
        503,
        "This region is passive",
        "Send the request to the active region named in the detail.",
    )
    NOT_ACCEPTING = (
        "not-accepting",
        503,
        "Bellpair is not accepting jobs at the moment",
        "Try again after the seconds in Retry-After.",
    )
    PAIR_HELD = (
        "pair-held",
        409,
        "An operator holds the pair as it is",
        "Release the hold with `bellpair pair release`, or insist with force.",
    )
    PAIR_BUSY = (
        "pair-busy",
        409,
        "Another operation on the pair is running",
        "Wait for it to end; `bellpair pair status` shows it.",
    )
    PAIR_UNCHANGED = (
        "pair-unchanged",
        409,
        "The pair is as asked for already",
        "`bellpair pair status` shows it.",
    )
    REGION_AWAY = (
        "region-away",
        409,
        "The region that would take over does not answer",
        "Bring that region back first; the active one goes on meanwhile.",
    )
    UNAVAILABLE = (
        "unavailable",
        503,
        "Bellpair could not reach what it needs to answer",
        "Try again; with an Idempotency-Key a repeated submission makes one job.",
    )
    INTERNAL = (
        "internal",
        500,
        "Bellpair failed to answer",
        "Try again; if it lasts, report the request id.",
    )
    COMPILE_FAILED = (
        "compile-failed",
        500,
        "The program could not be compiled for the device",
        "Change the program or the device as the message says.",
    )
    DEVICE_REFUSED = (
        "device-refused",
        500,
        "The device refused the compiled program",
        "Report the job id; the compiled program is kept with the job.",
    )
    TASK_FAILED = (
        "task-failed",
        500,
        "The device failed to run the task",
        "Submit the job again; if it fails again, try another device.",
    )
    TASK_CANCELLED = (
        "task-cancelled",
        500,
        "The task was cancelled at the device",
        "Submit the job again.",
    )
    RESULT_MISSING = (
        "result-missing",
        500,
        "The device's result could not be read",
        "Submit the job again; the lost task is in the job's event log.",
    )
    STAGE_EXHAUSTED = (
        "stage-exhausted",
        500,
        "A stage of the job ran out of time",
        "Make the program smaller: fewer gates, qubits or shots.",
    )
    GAVE_UP = (
        "gave-up",
        500,
        "The job could not be brought to an end",
        "Submit it again; if that fails too, make the program smaller, or report the job id.",
    )
    FUNCTION_FAILED = (
        "function-failed",
        500,
        "The function raised an error",
        "`bellpair jobs logs` shows what it printed and the traceback; correct it and deploy it.",
    )
    FUNCTION_CRASHED = (
        "function-crashed",
        500,
        "The function's process ended before the function did",
        "Keep within the worker's memory, processes and time, and do not leave the interpreter.",
    )
    FUNCTION_TIMED_OUT = (
        "function-timed-out",
        500,
        "The function was not finished in its time",
        "Give it a longer timeout, or use runtime.checkpoint and shorter runs between calls.",
    )
    OUTPUT_INVALID = (
        "output-invalid",
        500,
        "What the function returned is not JSON",
        "Return numbers, texts, lists and dicts; numpy arrays and complex numbers are converted.",
    )
    NON_DETERMINISTIC_FUNCTION = (
        "non-deterministic-function",
        500,
        "The function took another course when it was repeated",
        "Take time and randomness from runtime.now() and runtime.rng(); begin with runtime.state.",
    )
    LIMIT_EXCEEDED = (
        "limit-exceeded",
        500,
        "The function went past a limit",
        "Stay below the limit that the message names.",
    )
    CALL_FAILED = (
        "call-failed",
        500,
        "A quantum call of the function failed",
        "Correct the circuit or choose another device, as the message says.",
    )
    DEADLINE_EXCEEDED = (
        "deadline-exceeded",
        500,
        "The job was not finished by its deadline",
        "Submit it again, or to a device with a shorter queue.",
    )


class BellpairError(Exception):
    """An error that a person can act on.

    Parameters
    ----------
    code
        Which error it is; gives the HTTP status and the title.
    detail
        What happened, here and now, in a sentence.
    remedy
        What to do next; the code's own remedy when not given.
    retry_after_s
        Seconds after which a repetition makes sense, where it does.
    members
        More members for the problem document, such as ``line`` or ``errors``.
    """

    def __init__(
        self,
        code: ErrorCode,
        detail: str,
        *,
        remedy: str | None = None,
        retry_after_s: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy or code.remedy
        self.retry_after_s = retry_after_s
        self.members = members


class LedgerConflict(Exception):
    """A conditional write lost: the record changed since it was read."""


class StageError(Exception):
    """What ends a stage of a job; the state machine tells them apart by class name."""


class TransientFault(StageError):
    """Something a repetition may cure; the state machine retries it.

    Parameters
    ----------
    throttled
        Whether the service answered, only to say that there is too much to do.
    """

    def __init__(self, message: str = "", *, throttled: bool = False) -> None:
        super().__init__(message)
        self.throttled = throttled


class ResultMissing(StageError):
    """The task's result object is not there (yet); retried a few times."""


class Fenced(StageError):
    """The job belongs to another epoch or is finished; nothing more is to be done here."""


class DeviceUnavailable(StageError):
    """The job has no task and its device takes none now: it goes back to the queue."""


class CalibrationSuperseded(StageError):
    """What the job was compiled against has passed, and it has no task: it is compiled again."""


class NoRoom(StageError):
    """The device lacks now what the program needs; its next calibration may have it."""


class PromotionRefused(StageError):
    """The pair must not be changed this way now; the message says why."""


class JobCancelled(StageError):
    """Its owner asked for the job to be cancelled."""


class JobFailed(StageError):
    """The job cannot succeed. The message is ``"<code>|<text>|<remedy>"``.

    A state machine hands on only a class name and a message, so the code and the remedy
    travel inside the message; `parse` takes them apart again.
    """

    def __init__(self, code: ErrorCode, text: str, remedy: str | None = None) -> None:
        super().__init__("|".join((code.value, text.replace("|", "/"), remedy or code.remedy)))

    @staticmethod
    def parse(message: str) -> tuple[ErrorCode, str, str]:
        """Code, text and remedy of a message made by this class."""
        try:
            code, text, remedy = message.split("|", 2)
            return ErrorCode(code), text, remedy  # type: ignore[call-arg]  # looked up, not made
        except ValueError:
            return ErrorCode.INTERNAL, message, ErrorCode.INTERNAL.remedy
