"""The address of a LocalStack, as localstack-client and the AWS tools are told it."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFAULT_PORT = 4566


def named(settings: Mapping[str, str] | None = None) -> str | None:
    """Return the address that the environment names, or None where it names none.

    ``AWS_ENDPOINT_URL`` is the address itself and comes first; ``LOCALSTACK_HOST`` is a host with
    an optional port, spoken to by HTTPS where ``USE_SSL`` is ``1`` or ``true``.

    Parameters
    ----------
    settings
        Environment variables; default: this process's.
    """
    given = os.environ if settings is None else settings
    url = given.get("AWS_ENDPOINT_URL", "").strip()
    if url:
        return url.rstrip("/")
    host = given.get("LOCALSTACK_HOST", "").strip()
    if not host:
        return None
    name, _, port = host.partition(":")
    scheme = "https" if given.get("USE_SSL") in {"1", "true"} else "http"
    return f"{scheme}://{name or 'localhost'}:{port or DEFAULT_PORT}"
