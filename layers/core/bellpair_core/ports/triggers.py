"""Triggers, what they hear, and what came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from bellpair_core.model.trigger import DeadLetter, Happening, SourceKind, Trigger


class TriggerRef(NamedTuple):
    """The one trigger that is to hear of something."""

    tenant: str
    name: str


class Triggers(Protocol):
    """The triggers, in the eventually consistent table; only the active region writes them."""

    def trigger(self, tenant: str, name: str) -> Trigger | None:
        """One trigger, strongly read in this region: what decides when it is to fire."""
        ...

    def put(self, old: Trigger | None, new: Trigger) -> None:
        """Store ``new`` if the stored trigger still has the revision of ``old``.

        A trigger's source never changes.

        Raises
        ------
        LedgerConflict
            When it has not, or there is one where ``old`` is ``None``; nothing is written.
        """
        ...

    def delete(self, trigger: Trigger) -> None:
        """Forget a trigger; one that is gone is no error."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[Trigger]:
        """All triggers of a tenant, by name."""
        ...

    def of_kind(self, kind: SourceKind) -> Sequence[Trigger]:
        """All tenants' triggers of events, or of schedules; a little out of date at worst."""
        ...

    def of_queue(self, queue: str) -> Sequence[Trigger]:
        """All tenants' triggers of a queue; a little out of date at worst."""
        ...

    def last_tick(self, trigger: Trigger) -> datetime | None:
        """The latest time of its schedule that is done with."""
        ...

    def note_tick(self, trigger: Trigger, at: datetime) -> None:
        """Note that a schedule's time is done with; an earlier one changes nothing."""
        ...


class Happenings(Protocol):
    """The queues of what triggers are to hear, one in each region."""

    def tell(self, happening: Happening, region: str, only: TriggerRef | None = None) -> None:
        """Put a happening into a region's queue, for every trigger or for one only.

        Raises
        ------
        TransientFault
            When the queue did not take it.
        """
        ...


class TakenLetter(NamedTuple):
    """A dead letter that nobody else sees for a while, and what it is dropped by.

    Attributes
    ----------
    letter
        ``None`` for what is in the queue and no letter.
    """

    letter: DeadLetter | None
    receipt: str


class DeadLetters(Protocol):
    """The queues of what triggers made no job of, one in each region."""

    def keep(self, letter: DeadLetter) -> None:
        """Put a letter into this region's queue.

        Raises
        ------
        TransientFault
            When the queue did not take it.
        """
        ...

    def take(self, region: str, limit: int) -> Sequence[TakenLetter]:
        """Some letters of a region, up to ``limit``; none when nobody's are to be seen.

        Raises
        ------
        TransientFault
            When the region's queue is out of reach.
        """
        ...

    def held(self, region: str) -> int:
        """How many letters of a region are taken and not put back yet, by about.

        Raises
        ------
        TransientFault
            When the region's queue is out of reach.
        """
        ...

    def drop(self, region: str, receipts: Sequence[str]) -> None:
        """Forget letters; one that cannot be dropped is there again later."""
        ...

    def put_back(self, region: str, receipts: Sequence[str]) -> None:
        """Let others see letters again; by themselves they do a minute after they were taken."""
        ...


class Inbox(Protocol):
    """The objects that tenants drop, in each region's inbox bucket."""

    def read(self, region: str, key: str, etag: str) -> bytes | None:
        """An object's content; ``None`` when it is gone or another since.

        Raises
        ------
        TransientFault
            When the bucket is out of reach.
        """
        ...
