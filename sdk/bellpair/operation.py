"""Watching an operation on the pair until it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bellpair.errors import BellpairError, Conflict, ResultTimeout
from bellpair.vocabulary import PairOperation

if TYPE_CHECKING:
    from bellpair.client import Client
    from bellpair.models import Pair, StartedOperation

LOOK_EVERY = 0.25


def watch(
    client: Client,
    started: StartedOperation,
    patience: float,
    on_look: Callable[[Pair, StartedOperation], None] | None = None,
) -> Pair:
    """Look at the pair, at whichever endpoint answers, until the operation is over.

    Parameters
    ----------
    started
        What `Client.change_pair` gave.
    patience
        Seconds.
    on_look
        Told of each look.

    Returns
    -------
    Pair
        The pair as the operation left it.

    Raises
    ------
    Conflict
        If the operation was refused, or another one took its place.
    ResultTimeout
        If it is not over in time; it goes on.
    """
    clock = client.clock
    deadline = clock.monotonic() + patience
    seen = False
    while True:
        try:
            pair = client.pair()
        except BellpairError as error:
            # A region may be away while the regions change over.
            if not error.retriable or clock.monotonic() >= deadline:
                raise
        else:
            if on_look is not None:
                on_look(pair, started)
            if _is_over(pair, started, seen):
                return pair
            seen = seen or _is_mine(pair, started)
        if clock.monotonic() >= deadline:
            raise ResultTimeout(
                f"Operation {started.id} is not over yet.",
                remedy="It goes on by itself; `bellpair pair status` shows it.",
            )
        clock.sleep(LOOK_EVERY)


def _is_mine(pair: Pair, started: StartedOperation) -> bool:
    return pair.operation is not None and pair.operation.id == started.id


def _is_over(pair: Pair, started: StartedOperation, seen: bool) -> bool:
    operation = pair.operation
    if operation is not None and operation.id == started.id:
        if operation.outcome == "refused":
            raise Conflict(
                f"The {operation.kind} was refused: {operation.detail or 'no reason was given'}",
                code="operation-refused",
                remedy="`bellpair pair status` shows the pair as it is.",
            )
        return not operation.running
    # One that another operation forestalled may never have come into the record.
    promotes = started.kind not in (PairOperation.HOLD, PairOperation.RELEASE)
    forestalled = started.epoch is not None and pair.epoch > started.epoch
    if seen or (promotes and forestalled):
        raise Conflict(
            f"Another operation took the place of {started.id}.",
            code="operation-superseded",
            remedy="`bellpair pair status` shows it.",
        )
    # A hold that comes upon a running operation leaves that one's account in its place.
    match started.kind:
        case PairOperation.HOLD:
            return pair.hold is not None
        case PairOperation.RELEASE:
            return pair.hold is None and pair.mode == "accepting"
    return False
