"""Compiled forms in the catalogue's table, each under its content address."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import COMPILED_FORM_BYTES_MAX, COMPILED_FORM_TTL
from bellpair_core.ports import Clock

from .dynamodb_table import DynamoDbTable, item_key

EXPIRES_AT = "expires_at"
"""The attribute by which the table forgets items; seconds since 1970."""

_LOG = logging.getLogger(__name__)
_FAULTS = (TransientFault, ClientError, BotoCoreError)


class DynamoDbForms:
    """`CompiledForms` over the catalogue's table.

    Parameters
    ----------
    table
        Best one that gives up soon: compiling does not take long either.
    """

    def __init__(self, table: DynamoDbTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def get(self, key: str) -> Mapping[str, Any] | None:
        """See `CompiledForms.get`."""
        try:
            item = self._table.item(*_place(key), consistent=False)
        except _FAULTS:
            _LOG.warning("compiled form %s was not looked up", key, exc_info=True)
            return None
        try:
            # The table forgets what has expired in its own time, which may take days.
            if item is None or float(item[EXPIRES_AT]["N"]) <= self._clock().timestamp():
                return None
            form = json.loads(item["doc"]["S"])
        except (KeyError, TypeError, ValueError):
            _LOG.warning("compiled form %s cannot be read", key, exc_info=True)
            return None
        return form if isinstance(form, dict) else None

    def put(self, key: str, form: Mapping[str, Any]) -> None:
        """See `CompiledForms.put`."""
        doc = json.dumps(form, separators=(",", ":"))
        if len(doc) > COMPILED_FORM_BYTES_MAX:
            return
        expires = int((self._clock() + COMPILED_FORM_TTL).timestamp())
        item = {**item_key(*_place(key)), "doc": {"S": doc}, EXPIRES_AT: {"N": str(expires)}}
        try:
            self._table.write("put_item", Item=item)
        except _FAULTS:
            _LOG.warning("compiled form %s was not kept", key, exc_info=True)


def _place(key: str) -> tuple[str, str]:
    return f"FORM#{key}", "FORM"
