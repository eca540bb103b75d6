"""What every keeper of triggers does; a test class inherits it and gives fresh ``triggers``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.trigger import SourceKind
from bellpair_core.ports import Triggers
from tests.examples import NOON
from tests.trigger_examples import trigger_example


class TriggersContract:
    """One item decides, and what happens finds it."""

    def test_a_trigger_is_found_by_name_and_by_tenant(self, triggers: Triggers) -> None:
        second, first = trigger_example("second"), trigger_example("first")
        other = trigger_example("first", tenant="blue")
        for each in (second, first, other):
            triggers.put(None, each)

        assert triggers.trigger("acme", "first") == first
        assert triggers.trigger("acme", "third") is None
        assert list(triggers.of_tenant("acme")) == [first, second]

    @pytest.mark.parametrize(
        "source",
        [
            {"type": "event", "pattern": {"source": ["lab"]}},
            {"type": "schedule", "rate": "5 minutes"},
        ],
    )
    def test_all_tenants_triggers_of_a_kind_are_found(
        self, triggers: Triggers, source: dict
    ) -> None:
        kind = SourceKind(source["type"])
        made = [trigger_example("one", source, tenant=tenant) for tenant in ("acme", "blue")]
        for each in (*made, trigger_example("inbox")):
            triggers.put(None, each)

        assert sorted(triggers.of_kind(kind), key=lambda each: each.tenant) == made

    def test_triggers_of_a_queue_are_those_of_no_other(self, triggers: Triggers) -> None:
        mine = trigger_example("mine", {"type": "queue", "queue": "requests"})
        triggers.put(None, mine)
        triggers.put(None, trigger_example("other", {"type": "queue", "queue": "more"}))

        assert list(triggers.of_queue("requests")) == [mine]

    def test_a_change_is_seen_everywhere_and_an_older_one_is_refused(
        self, triggers: Triggers
    ) -> None:
        source = {"type": "event", "pattern": {"source": ["lab"]}}
        made = trigger_example("one", source)
        triggers.put(None, made)
        paused = made.changed(paused=True)
        triggers.put(made, paused)

        with pytest.raises(LedgerConflict):
            triggers.put(made, made.changed(paused=False))
        with pytest.raises(LedgerConflict):
            triggers.put(None, made)

        assert triggers.trigger("acme", "one") == paused
        assert list(triggers.of_kind(SourceKind.EVENT)) == [paused]

    def test_a_deleted_trigger_is_found_nowhere(self, triggers: Triggers) -> None:
        made = trigger_example("one", {"type": "queue", "queue": "requests"})
        triggers.put(None, made)

        triggers.delete(made)
        triggers.delete(made)

        assert triggers.trigger("acme", "one") is None
        assert not triggers.of_queue("requests")
        assert not triggers.of_tenant("acme")

    def test_the_latest_tick_is_kept(self, triggers: Triggers) -> None:
        made = trigger_example("one", {"type": "schedule", "rate": "1 minute"})
        assert triggers.last_tick(made) is None

        triggers.note_tick(made, NOON + timedelta(minutes=2))
        triggers.note_tick(made, NOON)

        assert triggers.last_tick(made) == NOON + timedelta(minutes=2)
