"""Register URLs that are told of jobs' ends."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.callback import (
    CALLBACK_PATTERN,
    Callback,
    new_callback_id,
    new_callback_secret,
)
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import CALLBACKS_MAX
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.ports import CallbackBook, Clock, HostNames

from .callback_url import read_callback_url, require_public_host


class NewCallback(BaseModel):
    """A URL to register."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    url: str = Field(
        min_length=1, description="an https URL of a host on the public Internet, without a user"
    )


def register_callback(
    principal: Principal,
    new: NewCallback,
    *,
    book: CallbackBook,
    hosts: HostNames,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> Callback:
    """Register a URL with a secret of its own; for tenant admins.

    Returns
    -------
    Callback
        With the secret, which is to be shown this once.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden``, ``callback-invalid`` or ``limit-reached``.
    """
    require_active(pair, region)
    require(principal, Role.TENANT_ADMIN)
    require_public_host(read_callback_url(new.url), hosts)
    if len(book.callbacks(principal.tenant)) >= CALLBACKS_MAX:
        raise BellpairError(
            ErrorCode.LIMIT_REACHED,
            f"This tenant has {CALLBACKS_MAX} callbacks, which is the limit.",
        )
    made = Callback(
        id=new_callback_id(),
        tenant=principal.tenant,
        url=new.url,
        secret=new_callback_secret(),
        created_at=clock(),
    )
    book.put_callback(made)
    return made


def list_callbacks(principal: Principal, book: CallbackBook) -> Sequence[Callback]:
    """The tenant's callbacks, first registered first."""
    return sorted(book.callbacks(principal.tenant), key=lambda found: found.created_at)


def delete_callback(
    principal: Principal, callback_id: str, *, book: CallbackBook, region: str, pair: PairReading
) -> str:
    """Delete a callback; for tenant admins. Jobs that name it end without telling.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden`` or ``callback-not-found``.
    """
    require_active(pair, region)
    require(principal, Role.TENANT_ADMIN)
    named = CALLBACK_PATTERN.fullmatch(callback_id)
    if not named or not book.delete_callback(principal.tenant, callback_id):
        raise BellpairError(ErrorCode.CALLBACK_NOT_FOUND, "This tenant has no callback of this id.")
    return callback_id
