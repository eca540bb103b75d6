"""The errors that the Braket service answers with, named and numbered as its API model does."""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """An error that a client sees.

    Attributes
    ----------
    status
        HTTP status of the answer.
    code
        The error's name on the wire, in the ``x-amzn-errortype`` header.
    """

    status = 500

    @property
    def code(self) -> str:
        """The exception's class name, which is the name that clients know."""
        return type(self).__name__

    @property
    def body(self) -> dict[str, Any]:
        """What the client is told."""
        return {"message": str(self)}


class ValidationException(ServiceError):
    """The request or the program cannot be accepted as it stands."""

    status = 400


class ProgramSetRefused(ValidationException):
    """Programs of a set cannot be accepted.

    Parameters
    ----------
    failures
        For each of them ``{"programIndex", "inputsIndex"?, "errors"}``.
    """

    def __init__(self, message: str, failures: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.failures = failures

    @property
    def code(self) -> str:
        """The name that clients know."""
        return ValidationException.__name__

    @property
    def body(self) -> dict[str, Any]:
        """With the programs that are at fault."""
        return super().body | {
            "reason": "ProgramSetValidationFailed",
            "programSetValidationFailures": self.failures,
        }


class ServiceQuotaExceededException(ServiceError):
    """The account has as many open tasks on the device as its quota allows."""

    status = 402


class AccessDeniedException(ServiceError):
    """The caller may not do this."""

    status = 403


class ResourceNotFoundException(ServiceError):
    """No such device or task in this region."""

    status = 404


class ConflictException(ServiceError):
    """The resource's state does not allow the operation."""

    status = 409


class DeviceRetiredException(ServiceError):
    """The device is gone for good."""

    status = 410


class DeviceOfflineException(ServiceError):
    """The device takes no new tasks now."""

    status = 424


class ThrottlingException(ServiceError):
    """Too many requests: try again later."""

    status = 429


class InternalServiceException(ServiceError):
    """The emulator itself went wrong."""

    status = 500
