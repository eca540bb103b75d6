"""Which versions of LocalStack are known to serve the platform, and which are known to fail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bellpair_localstack.failures import VersionRefused

HOST_MODE = "4.14.0"
"""The version that we start ourselves."""


@dataclass(frozen=True)
class Known:
    """What is known of the versions from ``since`` on, up to the next entry.

    Attributes
    ----------
    since
        The first version, as numbers.
    fault
        Why they cannot serve the platform; empty where they can.
    """

    since: tuple[int, ...]
    fault: str = ""


KNOWN = (
    Known((0,), "is older than 4.14, in whose inner parts our plug-ins take their places"),
    Known((4, 14)),
    Known((2026,), "needs a token and an account, and was never tried with the platform"),
)
"""In ascending order. LocalStack counts by years since 4.14, its last release without a token."""


def check(version: str, url: str) -> None:
    """Refuse a version that is known to fail.

    Parameters
    ----------
    version
        What LocalStack says of itself, as ``4.14.0`` or ``4.3.1.dev12``.
    url
        Where it answers, for the message.

    Raises
    ------
    VersionRefused
        The version is known to fail, or is none.
    """
    found = re.match(r"\d+(\.\d+)*", version)
    if not found:
        raise VersionRefused(
            f"The LocalStack at {url} does not say which version it is (it says {version!r}).",
            _REMEDY,
        )
    numbers = tuple(map(int, found.group().split(".")))
    fault = next(known.fault for known in reversed(KNOWN) if known.since <= numbers)
    if fault:
        raise VersionRefused(f"The LocalStack at {url} is {version}, which {fault}.", _REMEDY)


DOCKER = (
    "docker run --rm --network host "
    '-v "$(python -m bellpair_localstack plugins)":/plugins -e PYTHONPATH=/plugins '
    "-e LAMBDA_RUNTIME_EXECUTOR=process -e PROVIDER_OVERRIDE_DYNAMODB=moto "
    f"localstack/localstack:{HOST_MODE}"
)
"""A LocalStack in a container, on this machine's network: what it runs asks at 127.0.0.1."""

HOW_TO_RUN = (
    "Without Docker: `python -m bellpair_localstack up`. "
    f"With Docker, which was not tried: `{DOCKER}`, from an image to which Python 3.11 with "
    "awslambdaric was added, in which the functions run."
)
"""How a person has a LocalStack that serves the platform; the one account of it."""

_REMEDY = f"Run {HOST_MODE}. {HOW_TO_RUN}"
