"""A tenant's triggers: see them, pause and resume them, delete them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict, TransientFault
from bellpair_core.model.tenant import Principal
from bellpair_core.model.trigger import TRIGGER_PATTERN, Trigger
from bellpair_core.ports import Clock, Triggers

_TRIES = 5


def list_triggers(triggers: Triggers, principal: Principal) -> Sequence[Trigger]:
    """The tenant's triggers, by name."""
    return triggers.of_tenant(principal.tenant)


def own_trigger(triggers: Triggers, principal: Principal, name: str) -> Trigger:
    """The tenant's trigger of this name.

    Raises
    ------
    BellpairError
        ``trigger-not-found``.
    """
    named = TRIGGER_PATTERN.fullmatch(name) is not None
    found = triggers.trigger(principal.tenant, name) if named else None
    if found is None:
        which = f"trigger {name}" if named else "such trigger"
        raise BellpairError(ErrorCode.TRIGGER_NOT_FOUND, f"This tenant has no {which}.")
    return found


def pause_trigger(triggers: Triggers, principal: Principal, name: str) -> Trigger:
    """Let a trigger fire nothing; what happens meanwhile is not made up for."""
    return _changed(triggers, principal, name, lambda old: old.changed(paused=True))


def resume_trigger(triggers: Triggers, clock: Clock, principal: Principal, name: str) -> Trigger:
    """Let a trigger fire again, from now on."""

    def resumed(old: Trigger) -> Trigger:
        # A trigger that was not paused keeps the time that its schedule counts from.
        armed_at = clock() if old.paused else old.armed_at
        return old.changed(paused=False, armed_at=armed_at)

    return _changed(triggers, principal, name, resumed)


def delete_trigger(triggers: Triggers, principal: Principal, name: str) -> Trigger:
    """Forget a trigger; jobs that it made go on."""
    found = own_trigger(triggers, principal, name)
    triggers.delete(found)
    return found


def _changed(
    triggers: Triggers, principal: Principal, name: str, change: Callable[[Trigger], Trigger]
) -> Trigger:
    for _ in range(_TRIES):
        old = own_trigger(triggers, principal, name)
        new = change(old)
        try:
            triggers.put(old, new)
        except LedgerConflict:
            continue
        return new
    raise TransientFault(f"trigger {name} is being changed by others")
