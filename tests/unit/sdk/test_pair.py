"""What an operator sees of the pair, and does to it."""

from __future__ import annotations

import os
import pty
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bellpair import AuthError, Client, Conflict, InvalidRequest, PairOperation, ResultTimeout
from bellpair.cli.exits import ExitCode
from bellpair.errors import Unreachable
from bellpair.models import Pair, StartedOperation
from bellpair.operation import LOOK_EVERY, watch
from bellpair_core.http.views import pair_view
from bellpair_core.logic.pair.operate_pair import SeenPair
from bellpair_core.model.beat import Beat
from bellpair_core.model.pair import PairRecord
from tests.unit.sdk.fake_api import KEY, OPERATOR_KEY, FakeLedger, FakeRegion, Fault, problem
from tests.unit.sdk.fake_clock import FakeClock
from tests.unit.sdk.test_command_line import Shell


@pytest.fixture
def operator(east: FakeRegion, west: FakeRegion, clock: FakeClock) -> Iterator[Client]:
    pair = [east.url, west.url]
    with Client(pair, OPERATOR_KEY, clock=clock, chance=random.Random(7)) as client:
        yield client


@pytest.fixture
def shell(east: FakeRegion, west: FakeRegion) -> Shell:
    return Shell({"BELLPAIR_ENDPOINTS": f"{east.url},{west.url}", "BELLPAIR_API_KEY": OPERATOR_KEY})


def test_the_pair_is_typed(operator: Client) -> None:
    pair = operator.pair()
    assert (pair.active_region, pair.passive_region, pair.epoch) == ("us-east-1", "us-west-2", 1)
    assert pair.beats["us-west-2"].healthy is False
    assert (pair.devices[0].device, pair.devices[0].state) == ("ion-11", "open")
    assert pair.audit[0].action == "held"
    assert pair.hold is None and pair.operation is None


def test_only_operators_see_and_change_the_pair(client: Client, ledger: FakeLedger) -> None:
    with pytest.raises(AuthError):
        client.pair()
    with pytest.raises(AuthError):
        client.change_pair("failover", "because")
    assert ledger.pair.record["operation"] is None


def test_a_change_says_what_it_was_told(operator: Client, east: FakeRegion) -> None:
    operator.change_pair("failover", "because", drain_seconds=7, force=True)
    assert east.seen[-1].path == "/v1/pair/failover"
    assert east.seen[-1].body == {"reason": "because", "drain_seconds": 7, "force": True}


def test_a_change_goes_to_a_region_that_is_awake(
    dead_url: str, west: FakeRegion, clock: FakeClock
) -> None:
    with Client([dead_url, west.url], OPERATOR_KEY, clock=clock) as operator:
        assert operator.change_pair("failover", "because").region == "us-west-2"
    assert west.paths() == ["GET /v1/pair", "POST /v1/pair/failover"]


def test_a_change_whose_answer_is_lost_is_not_made_twice(
    operator: Client, east: FakeRegion, west: FakeRegion
) -> None:
    east.faults.extend([Fault(200, dict(east.ledger.pair.record)), Fault(lose_answer=True)])
    with pytest.raises(Unreachable):
        operator.change_pair("failover", "because")
    posts = [path for path in [*east.paths(), *west.paths()] if path.startswith("POST")]
    assert len(posts) == 1


def test_an_operation_is_watched_to_its_end(operator: Client, clock: FakeClock) -> None:
    steps: list[list[str]] = []
    started = operator.change_pair(PairOperation.SWITCHOVER, "because")
    pair = watch(operator, started, 60, lambda pair, _: steps.append(list(pair.operation.steps)))
    assert (pair.active_region, pair.epoch, pair.operation.outcome) == ("us-west-2", 2, "done")
    assert steps[0] == ["paused"] and len(steps) == 6
    assert clock.sleeps == [LOOK_EVERY] * 5


def test_watching_outlasts_a_region_that_goes_away(
    operator: Client, east: FakeRegion, west: FakeRegion
) -> None:
    started = operator.change_pair("failover", "because")
    east.faults.extend([Fault(503)] * 3)
    west.faults.extend([Fault(502)] * 3)
    assert watch(operator, started, 60).epoch == 2


def test_a_refused_operation_says_why(operator: Client, ledger: FakeLedger) -> None:
    ledger.pair.refusal = "Region us-east-1 is well."
    started = operator.change_pair("failover", "because")
    with pytest.raises(Conflict, match=r"us-east-1 is well") as caught:
        watch(operator, started, 60)
    assert caught.value.code == "operation-refused"


def test_an_operation_whose_place_another_one_took_is_not_waited_for(
    operator: Client, ledger: FakeLedger
) -> None:
    started = operator.change_pair("failover", "because")

    def take_its_place(*_: object) -> None:
        ledger.pair.record["operation"] = {**ledger.pair.record["operation"], "id": "another"}

    with pytest.raises(Conflict, match="took the place"):
        watch(operator, started, 60, take_its_place)


def test_an_operation_that_another_one_forestalled_is_not_waited_for(
    operator: Client, ledger: FakeLedger
) -> None:
    other = operator.change_pair("switchover", "first")
    watch(operator, other, 60)
    mine = StartedOperation(id="switchover-1-late", kind="switchover", epoch=1)

    with pytest.raises(Conflict, match="Another operation"):
        watch(operator, mine, 60)


def test_an_operation_that_never_ends_is_given_up(operator: Client, ledger: FakeLedger) -> None:
    started = operator.change_pair("failover", "because")
    ledger.pair.to_come.clear()
    with pytest.raises(ResultTimeout, match="not over yet"):
        watch(operator, started, 60)


def test_a_hold_over_a_running_operation_is_seen_by_the_hold(
    operator: Client, ledger: FakeLedger
) -> None:
    started = operator.change_pair("hold", "because")
    ledger.pair.record["operation"] = {"id": "another", "kind": "failover", "outcome": "running"}
    assert watch(operator, started, 60).hold is not None


def test_a_reason_that_is_refused_is_an_invalid_request(
    operator: Client, east: FakeRegion, ledger: FakeLedger
) -> None:
    refusal = Fault(400, problem(400, "request-invalid", "The reason is too long."))
    east.faults.extend([Fault(200, dict(ledger.pair.record)), refusal])
    with pytest.raises(InvalidRequest):
        operator.change_pair("hold", "x" * 1000)


def test_status_shows_the_pair(shell: Shell, ledger: FakeLedger) -> None:
    ledger.pair.record["hold"] = {"by": "ops/0a", "reason": "work"}
    shown = shell("pair", "status").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["active", "us-east-1"] in lines
    assert ["passive", "us-west-2"] in lines
    assert ["epoch", "1"] in lines
    assert "by ops/0a" in shown and "work" in shown
    assert "us-west-2 not healthy, number 17" in shown
    assert "5 failures in a row" in shown
    assert "held" in shown
    answer = shell.json("pair", "status")
    assert answer.keys() == ledger.pair.record.keys()
    assert (answer["version"], answer["devices"][0]["failures"]) == (4, 5)


def test_a_switchover_shows_its_steps_and_how_long_they_took(shell: Shell) -> None:
    result = shell("pair", "switchover", "--reason", "maintenance", "--drain", "3")
    assert result.exit_code == ExitCode.OK, result.output
    assert result.stderr == ""
    assert "switchover is done: us-west-2 is active at epoch 2" in result.stdout
    assert "1,200 jobs changed hands" in result.stdout
    steps = [line.split() for line in result.stdout.splitlines()]
    assert ["promoting", "1.00", "s", "0.50", "s"] in steps
    assert "maintenance" in shell("pair", "status").stdout


def test_a_failover_prints_one_json_object(shell: Shell) -> None:
    answer = shell.json("pair", "failover", "--reason", "it does not answer")
    assert (answer["epoch"], answer["active_region"]) == (2, "us-west-2")
    assert answer["operation"]["reason"] == "it does not answer"


def test_without_waiting_the_id_alone_is_printed(shell: Shell) -> None:
    result = shell("pair", "failback", "--no-wait")
    assert result.stdout == "failback-1-0a0b\n"
    answer = shell.json("pair", "release", "--no-wait")
    assert answer["operation"]["kind"] == "release"


def test_a_hold_stands_until_it_is_released_or_overruled(shell: Shell) -> None:
    assert "under a hold" in shell("pair", "hold", "--reason", "network work").stdout
    refused = shell("pair", "failover", "--reason", "because")
    assert refused.exit_code == ExitCode.REJECTED
    assert "bellpair pair release" in refused.stderr
    assert shell("pair", "failover", "--reason", "really", "--force").exit_code == ExitCode.OK
    assert shell("pair", "release").exit_code == ExitCode.OK
    assert "hold" not in [line.split(" ")[0] for line in shell("pair", "status").stdout.split("\n")]


def test_a_refused_operation_is_rejected_input(shell: Shell, ledger: FakeLedger) -> None:
    ledger.pair.refusal = "Region us-east-1 is well."
    error = shell.json("pair", "failover", "--reason", "x", code=ExitCode.REJECTED)["error"]
    assert error["code"] == "operation-refused"


def test_a_tenants_key_is_refused(shell: Shell) -> None:
    shell.environ["BELLPAIR_API_KEY"] = KEY
    assert shell("pair", "status").exit_code == ExitCode.SERVICE


@pytest.mark.parametrize(
    ("said", "code", "changed"),
    [(b"n\n", ExitCode.INTERRUPTED, False), (b"y\n", ExitCode.OK, True)],
)
def test_a_forced_failover_is_confirmed_at_a_terminal(
    shell: Shell, ledger: FakeLedger, said: bytes, code: ExitCode, changed: bool
) -> None:
    ours, theirs = pty.openpty()
    command = ["pair", "failover", "--force", "--reason", "the hold is forgotten"]
    try:
        os.write(ours, said)
        done = subprocess.run(
            [sys.executable, "-m", "bellpair.cli", *command],
            env=os.environ | shell.environ, stdin=theirs, capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == code, done.stderr
    assert b"even if a hold stands?" in done.stderr
    assert (ledger.pair.record["operation"] is not None) is changed


def test_what_the_service_shows_is_what_the_client_reads() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    record = PairRecord(active="us-east-1", passive="us-west-2", epoch=3)
    beat = Beat(
        region="us-east-1", counter=9, healthy=True, endpoint="https://east.example", at=now
    )
    beats = {"us-east-1": beat}
    pair = Pair.read(pair_view(SeenPair(record, beats, ())))
    assert (pair.active_region, pair.epoch, pair.mode) == ("us-east-1", 3, "accepting")
    assert pair.beats["us-east-1"].counter == 9
