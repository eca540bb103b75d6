"""Clients of AWS services, made lean for short-lived processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bellpair_core.model.errors import TransientFault

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    max_pool_connections=16,
    parameter_validation=False,
    s3={"addressing_style": "path"},
)
"""Parameters are built by typed code here, so botocore's own validation would only cost time.
Path addressing works with every endpoint, an emulated one included."""

_IMPATIENT = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)

_HASTY = Config(
    connect_timeout=0.7, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1}
)
"""For those who ask again and again by themselves, and want to know soon that there is nobody."""

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceQuotaExceededException",
        "SlowDown",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

_UNSET = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "NoSuchBucket",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "UnrecognizedClientException",
    }
)
"""What a region answers that is being set up again, or a process that was stopped for long and
sends what it signed before. None of it tells of the job or payload that it was asked for, so no
job is to end by it."""

_TRANSIENT = (
    _THROTTLED
    | _UNSET
    | {
        "InternalServerError",
        "InternalServiceException",
        "InternalFailure",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ReplicatedWriteConflictException",
        "TransactionInProgressException",
    }
)


@cache
def _session() -> botocore.session.Session:
    # botocore alone: boto3's resource layer would cost a cold start about 60 ms.
    return botocore.session.get_session()


_WAITING = Config(read_timeout=27, retries={"mode": "standard", "total_max_attempts": 1})
"""For what takes its time to answer and is not to be asked twice: a request behind API Gateway has
29 s."""


@cache
def client(
    service: str,
    region: str,
    *,
    patient: bool = True,
    hasty: bool = False,
    waiting: bool = False,
    endpoint: str | None = None,
) -> Any:
    """The process's one client of a service in a region.

    Parameters
    ----------
    patient
        False gives up after about 6 s instead of 30.
    hasty
        True gives up after less than 2 s, without a repetition.
    waiting
        True waits up to 27 s for an answer, without a repetition.
    endpoint
        Where the service is asked; where the environment says when not given.
    """
    config = _CONFIG if patient else _CONFIG.merge(_IMPATIENT)
    if hasty:
        config = _CONFIG.merge(_HASTY)
    if waiting:
        config = _CONFIG.merge(_WAITING)
    return _session().create_client(
        service, region_name=region, config=config, endpoint_url=endpoint
    )


def error_code(error: ClientError) -> str:
    """The service's own name for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def table_faults(doing: str) -> AbstractContextManager[None]:
    """As `transient_faults`, for a table: one that is not there is being restored."""
    return transient_faults(doing, frozenset({"ResourceNotFoundException"}))


@contextmanager
def transient_faults(doing: str, also: frozenset[str] = frozenset()) -> Iterator[None]:
    """Turn errors that a repetition may cure into `TransientFault`; let the others pass.

    Parameters
    ----------
    doing
        What was being done, for the message: ``"reading the ledger"``.
    also
        Error codes that a repetition may cure here, though not everywhere.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if error_code(error) in _TRANSIENT | also or status >= 500:
            throttled = error_code(error) in _THROTTLED
            raise TransientFault(f"{doing}: {error_code(error)}", throttled=throttled) from error
        raise
    except BotoCoreError as error:
        raise TransientFault(f"{doing}: {type(error).__name__}") from error
