"""The simulation has teeth: it finds each deliberate break of the protocol."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from .breaks import (
    BREAKS,
    Break,
    a_planned_change_is_orphaned,
    calibrations_change,
    qpus_come_and_go,
    workers_die,
)
from .function_breaks import FUNCTION_BREAKS, functions_run
from .schedule import simulate
from .world import World

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(300)]

SEEDS = 1_000
WEATHERS = (
    qpus_come_and_go,
    calibrations_change,
    workers_die,
    a_planned_change_is_orphaned,
    functions_run,
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__)
def test_a_break_is_found(broken: Break) -> None:
    found = next((s for s in range(SEEDS) if simulate(s, broken=broken).violation), None)

    assert found is not None, f"{SEEDS} schedules did not show that {broken.__doc__}"
    assert simulate(found).violation is None


@pytest.mark.parametrize("broken", FUNCTION_BREAKS, ids=lambda broken: broken.__name__)
def test_a_break_of_what_keeps_functions_is_found(broken: Break) -> None:
    def with_functions(world: World) -> None:
        functions_run(world)
        broken(world)

    told = (simulate(seed, broken=with_functions).violation or "" for seed in range(SEEDS))

    assert any(FUNCTION_BREAKS[broken] in violation for violation in told if violation)


@pytest.mark.parametrize("weather", WEATHERS)
def test_what_a_break_needs_to_show_breaks_nothing_by_itself(weather: Break) -> None:
    verdicts = [simulate(seed, broken=weather) for seed in range(40)]

    assert [verdict.violation for verdict in verdicts if verdict.violation] == []
