"""What adapters of devices are opened with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bellpair_core.logic.callbacks.public_address import is_public
from bellpair_core.ports.devices import DeviceSurroundings


class GivenSecrets:
    """`Secrets` that a test gives, by reference.

    Attributes
    ----------
    read
        The references that were read anew, in order.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets = dict(secrets)
        self.read: list[str] = []

    def __call__(self, reference: str, *, anew: bool = False) -> str:
        """The secret."""
        if anew:
            self.read.append(reference)
        return self.secrets[reference]


def surroundings(
    *,
    result_buckets: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | GivenSecrets | None = None,
    public: Callable[[str], bool] = is_public,
) -> DeviceSurroundings:
    """Those of a process in us-east-1."""
    given = secrets if isinstance(secrets, GivenSecrets) else GivenSecrets(secrets or {})
    return DeviceSurroundings(
        stage="test",
        region="us-east-1",
        result_buckets=result_buckets or {},
        secrets=given,
        is_public=public,
    )
