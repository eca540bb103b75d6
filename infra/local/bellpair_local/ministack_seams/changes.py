"""Writes to DynamoDB tables, seen as they happen and applied without being seen again."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

from bellpair_local.replication import Change, Item

Observer = Callable[[str, Item | None, Item | None], None]
"""Is told the table, the item before and the item after (None where there is none)."""

_applying: contextvars.ContextVar[bool] = contextvars.ContextVar("applying", default=False)


def observe(observer: Observer) -> None:
    """Call `observer` at each write of this process's tables, from the thread that writes.

    MiniStack calls the function that is wrapped here after each write to any table, whether the
    table has a stream or not.
    """
    from ministack.services import dynamodb

    emit = dynamodb._emit_stream_event

    def emit_stream_event(
        table: str,
        event: str,
        before: Item | None,
        after: Item | None,
        *rest: Any,
        **named: Any,
    ) -> None:
        emit(table, event, before, after, *rest, **named)
        if not _applying.get():
            observer(table, before, after)

    dynamodb._emit_stream_event = emit_stream_event


def apply(change: Change, account: str, region: str) -> None:
    """Carry a peer's change out on this process's table; observers are not told.

    Streams and functions triggered by them see it, as on AWS.

    Raises
    ------
    LookupError
        If the table is not there.
    """
    from ministack.core.responses import request_scope
    from ministack.services import dynamodb

    token = _applying.set(True)
    try:
        with request_scope(account, region):
            if change.deleted:
                request = {"TableName": change.table, "Key": change.item}
                status, _, content = dynamodb._delete_item(request)
            else:
                request = {"TableName": change.table, "Item": change.item}
                status, _, content = dynamodb._put_item(request)
    finally:
        _applying.reset(token)
    if status != 200:
        raise LookupError(f"{change.table}: {content!r}")
