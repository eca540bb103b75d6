"""A version reads what the one before it and the one after it write (decision 0018)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from bellpair_core.model import journal
from bellpair_core.model.beat import Beat
from bellpair_core.model.breaker import Breaker
from bellpair_core.model.callback import Callback
from bellpair_core.model.device import Device
from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker
from bellpair_core.model.job import Job
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Principal, Tenant
from bellpair_core.model.trigger import Trigger

pytestmark = pytest.mark.deployment

STORED: tuple[type[BaseModel], ...] = (
    *(Beat, Breaker, Callback, Device, FunctionRecord, FunctionVersion, Job, journal.Line),
    *(PairRecord, Principal, Tenant, Trigger, Worker),
)
"""What items of the ledger and the catalogue hold."""

STRICT = {Trigger: "what a person wrote is held to its form; a new field takes two releases"}


@pytest.mark.parametrize("model", STORED)
def test_a_field_of_a_later_version_is_passed_over(model: type[BaseModel]) -> None:
    assert model.model_config.get("extra", "ignore") == "ignore"


def parts(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[type[BaseModel]]:
    """Every model that a stored one is made of."""
    seen = set() if seen is None else seen
    if model not in seen:
        seen.add(model)
        left = [field.annotation for field in model.model_fields.values()]
        while left:
            found = left.pop()
            left += getattr(found, "__args__", ())
            if isinstance(found, type) and issubclass(found, BaseModel):
                parts(found, seen)
    return seen


@pytest.mark.parametrize("model", STORED)
def test_so_is_one_of_its_parts_but_where_that_is_meant(model: type[BaseModel]) -> None:
    strict = {part for part in parts(model) if part.model_config.get("extra") == "forbid"}
    assert bool(strict) == (model in STRICT), strict


def test_a_version_before_reads_a_later_ones_beat_and_drops_what_it_does_not_know() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    beat = Beat(region="us-east-1", counter=3, healthy=True, endpoint="https://api", at=now)
    later = beat.model_dump_json()[:-1] + ',"mood":"fine"}'
    assert Beat.model_validate_json(later) == beat
    assert "mood" not in Beat.model_validate_json(later).model_dump_json()
