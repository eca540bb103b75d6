"""Who bears an API key."""

from __future__ import annotations

from datetime import datetime, timedelta

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import CACHE_SECONDS
from bellpair_core.model.tenant import KEY_PATTERN, Principal, Role, hash_api_key
from bellpair_core.ports import Catalogue, Clock

_SCHEME = "bearer "
_KEPT_MAX = 1024


class Authenticator:
    """Finds bearers, and remembers them for `CACHE_SECONDS`.

    Only the hashes of keys are remembered, and only those of keys that were good.
    """

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._kept: dict[str, tuple[datetime, Principal]] = {}

    def __call__(self, authorization: str) -> Principal:
        """The bearer named by an ``Authorization`` header.

        Raises
        ------
        BellpairError
            ``unauthenticated``, in one wording whether the key is malformed, unknown or
            disabled: the difference is nobody's business.
        """
        scheme, key = (authorization[: len(_SCHEME)], authorization[len(_SCHEME) :].strip())
        if scheme.lower() == _SCHEME and KEY_PATTERN.fullmatch(key):
            bearer = self._bearer(hash_api_key(key))
            if bearer is not None and not bearer.disabled:
                return bearer
        raise BellpairError(ErrorCode.UNAUTHENTICATED, "The API key is missing or not valid.")

    def _bearer(self, key_hash: str) -> Principal | None:
        now = self._clock()
        kept = self._kept.get(key_hash)
        if kept is not None and now - kept[0] <= timedelta(seconds=CACHE_SECONDS):
            return kept[1]
        bearer = self._catalogue.principal(key_hash)
        if bearer is not None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            self._kept[key_hash] = (now, bearer)
        return bearer


def require(principal: Principal, role: Role) -> None:
    """Let only bearers of ``role`` pass.

    Raises
    ------
    BellpairError
        ``forbidden``, naming the role that is needed.
    """
    if not principal.role.includes(role):
        raise BellpairError(
            ErrorCode.FORBIDDEN,
            f"This needs an API key with the role {role}; this key's role is {principal.role}.",
            remedy=f"Use a key with the role {role}.",
        )
