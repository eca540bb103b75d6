"""The global tables of a local cloud, recorded in one file that every edge watches.

A region that was lost comes back empty. The file tells it which tables it is a replica of, and it
tells an edge which tables live at the witness.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class Consistency(StrEnum):
    """DynamoDB's two kinds of global tables, in CloudFormation's words."""

    STRONG = "STRONG"
    EVENTUAL = "EVENTUAL"


class GlobalTable(BaseModel):
    """One global table.

    Attributes
    ----------
    name
        Table name, the same in each region.
    consistency
        ``STRONG`` tables have one linearizable copy, at the witness; of ``EVENTUAL`` tables each
        replica region has a copy and a replicator keeps them alike.
    replicas
        Regions in which the table can be used.
    definition
        The CreateTable request that makes it.
    ttl_attribute
        Attribute by which items expire, or None.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    consistency: Consistency
    replicas: tuple[str, ...]
    definition: dict[str, Any]
    ttl_attribute: str | None = None


class GlobalTableRegistry:
    """Reads and writes the record of global tables.

    Reading costs one ``stat`` while nothing has changed, so that an edge can ask at each request.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._tables: dict[str, GlobalTable] = {}
        self._strong: frozenset[str] = frozenset()

    def tables(self) -> dict[str, GlobalTable]:
        """All tables by name."""
        self._refresh()
        return self._tables

    def strong(self) -> frozenset[str]:
        """Names of the strongly consistent tables."""
        self._refresh()
        return self._strong

    def get(self, name: str) -> GlobalTable | None:
        """Return the table called `name`, or None."""
        return self.tables().get(name)

    def put(self, table: GlobalTable) -> None:
        """Record `table`, in place of one of the same name."""
        with self._exclusive() as tables:
            tables[table.name] = table

    def remove(self, name: str) -> None:
        """Forget the table called `name`; nothing happens if it is not there."""
        with self._exclusive() as tables:
            tables.pop(name, None)

    def _refresh(self) -> None:
        try:
            stat = os.stat(self._file)
        except FileNotFoundError:
            self._seen, self._tables, self._strong = None, {}, frozenset()
            return
        # The inode changes with each replacement, so a change within the clock's grain is seen.
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            self._tables = self._read()
            self._strong = frozenset(
                t.name for t in self._tables.values() if t.consistency is Consistency.STRONG
            )
            self._seen = seen

    def _read(self) -> dict[str, GlobalTable]:
        try:
            raw = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        return {t["name"]: GlobalTable.model_validate(t) for t in raw["tables"]}

    @contextmanager
    def _exclusive(self) -> Iterator[dict[str, GlobalTable]]:
        with open(self._file.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tables = self._read()
            yield tables
            content = {"tables": [t.model_dump(mode="json") for t in tables.values()]}
            draft = self._file.with_suffix(f".{os.getpid()}.draft")
            draft.write_text(json.dumps(content, indent=2))
            draft.replace(self._file)
