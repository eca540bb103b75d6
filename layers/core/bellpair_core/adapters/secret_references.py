"""Secrets by reference, from where a cloud keeps them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from botocore.exceptions import ClientError

from bellpair_core.model.errors import TransientFault

from .aws import client, error_code, transient_faults

KEPT_S = 300.0
"""How long a secret that was read is used before it is read again, in seconds."""


class SecretUnreadable(ValueError):
    """A reference that names no place; says which there are."""


class SecretReferences:
    """`Secrets` by references such as these::

        secretsmanager:NAME    AWS Secrets Manager, in the caller's region
        ssm:NAME               a parameter of AWS Systems Manager, decrypted
        env:VARIABLE           this process's environment: for tools, not for functions

    Parameters
    ----------
    region
        Where secrets are read.
    now
        A clock that only goes forward, in seconds.
    """

    def __init__(self, region: str, now: Callable[[], float] = time.monotonic) -> None:
        self._region = region
        self._now = now
        self._kept: dict[str, tuple[float, str]] = {}

    def __call__(self, reference: str, *, anew: bool = False) -> str:
        """See `Secrets`."""
        read_at, value = self._kept.get(reference, (0.0, ""))
        if not value or anew or self._now() - read_at > KEPT_S:
            value = self._read(reference)
            self._kept[reference] = (self._now(), value)
        return value

    def _read(self, reference: str) -> str:
        kind, _, name = reference.partition(":")
        if kind == "env":
            if value := os.environ.get(name):
                return value
            raise SecretUnreadable(f"the environment variable {name} is not set")
        if kind not in ("secretsmanager", "ssm"):
            # It is not repeated: somebody may have given the secret in place of its reference.
            raise SecretUnreadable(
                "a credential is no reference to a secret: begin it with secretsmanager:, ssm: or "
                "env:, and the secret's name"
            )
        with transient_faults(f"reading the secret {reference}"):
            try:
                if kind == "ssm":
                    answer = client("ssm", self._region).get_parameter(
                        Name=name, WithDecryption=True
                    )
                    return str(answer["Parameter"]["Value"])
                return str(
                    client("secretsmanager", self._region).get_secret_value(SecretId=name)[
                        "SecretString"
                    ]
                )
            except ClientError as error:
                if error_code(error) not in ("ResourceNotFoundException", "ParameterNotFound"):
                    raise
                # Somebody may be about to put it there; no job is to end by it.
                raise TransientFault(f"there is no secret {reference}") from error
