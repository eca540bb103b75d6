"""The address of a LocalStack, as localstack-client and the AWS tools are told it."""

from __future__ import annotations

import os

from bellpair_localstack.failures import AddressMalformed

DEFAULT_PORT = 4566
_SETTINGS = ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST")


def named() -> str | None:
    """Return the address that the environment names, or None where it names none.

    ``AWS_ENDPOINT_URL`` is the address itself and comes first; ``LOCALSTACK_HOST`` is a host with
    an optional port, spoken to by HTTPS where ``USE_SSL`` is ``1`` or ``true``.

    Raises
    ------
    AddressMalformed
        What it names is no address.
    """
    if not any(os.environ.get(name, "").strip() for name in _SETTINGS):
        return None
    from localstack_client import config

    try:
        url = config.get_service_endpoint("sts")
    except RuntimeError as error:
        raise AddressMalformed(
            f"LOCALSTACK_HOST is {os.environ['LOCALSTACK_HOST']!r}, which is no host with a port.",
            "Write it as localhost:4566, or unset it.",
        ) from error
    return str(url).rstrip("/")
