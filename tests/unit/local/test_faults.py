"""Faults repeat with their seed and keep to their services."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bellpair_local.edge.faults import Faults, FaultSwitches, Outcome


def outcomes(faults: Faults, service: str = "s3", count: int = 400) -> list[Outcome]:
    switches = FaultSwitches()
    switches.set(faults)
    return [switches.draw(service)[1] for _ in range(count)]


def test_the_same_seed_gives_the_same_failures() -> None:
    faults = Faults(seed=7, error_rate=0.3, drop_rate=0.1)
    assert outcomes(faults) == outcomes(faults)
    assert outcomes(faults) != outcomes(faults.model_copy(update={"seed": 8}))


def test_rates_are_kept_about() -> None:
    drawn = outcomes(Faults(error_rate=0.5, drop_rate=0.2), count=2000)
    assert 0.15 < drawn.count(Outcome.DROP) / 2000 < 0.25
    assert 0.35 < drawn.count(Outcome.ERROR) / 2000 < 0.45


def test_one_rate_does_not_move_another_s_draws() -> None:
    alone = outcomes(Faults(seed=3, drop_rate=0.2))
    with_errors = outcomes(Faults(seed=3, drop_rate=0.2, error_rate=0.4))
    dropped = [i for i, o in enumerate(alone) if o is Outcome.DROP]
    assert dropped == [i for i, o in enumerate(with_errors) if o is Outcome.DROP]


def test_other_services_are_spared() -> None:
    faults = Faults(error_rate=1, services=frozenset({"dynamodb"}))
    assert set(outcomes(faults, "s3")) == {Outcome.PASS}
    assert set(outcomes(faults, "dynamodb")) == {Outcome.ERROR}


def test_latency_has_its_bounds() -> None:
    switches = FaultSwitches()
    switches.set(Faults(latency_ms=100, jitter_ms=50))
    delays = [switches.draw("s3")[0] for _ in range(200)]
    assert min(delays) >= 0.1
    assert max(delays) <= 0.15
    assert len(set(delays)) > 100


def test_without_faults_no_draw_is_needed() -> None:
    assert not FaultSwitches().harms_requests


@pytest.mark.parametrize(
    "wrong", [{"error_rate": 1.1}, {"drop_rate": -0.1}, {"latency_ms": -1}, {"eror_rate": 0.1}]
)
def test_senseless_faults_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Faults.model_validate(wrong)
