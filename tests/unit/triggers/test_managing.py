"""Making, changing, trying and redriving triggers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from bellpair_core.logic.triggers.create_trigger import CreatedTrigger, NewTrigger, create_trigger
from bellpair_core.logic.triggers.manage_triggers import (
    delete_trigger,
    list_triggers,
    own_trigger,
    pause_trigger,
    resume_trigger,
)
from bellpair_core.logic.triggers.redrive_trigger import (
    Redriven,
    RedriveRequest,
    redrive_trigger,
)
from bellpair_core.logic.triggers.try_trigger import Trial, TriedHappening, try_trigger
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.function import FunctionRecord, FunctionVersion
from bellpair_core.model.limits import (
    REDRIVE_LOOKS_MAX,
    REDRIVE_TIME,
    REDRIVEN_MAX,
    TRIGGER_TEMPLATE_BYTES_MAX,
    TRIGGERS_MAX,
)
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.trigger import DEPTH_TAG, DeadLetter, TriggerFailure
from bellpair_core.settings import Settings, TriggerQueueSetting
from tests.examples import BELL, ION_11, NOON, SV1
from tests.fakes import FakeClock
from tests.fakes.memory_functions import MemoryFunctions
from tests.fakes.memory_triggers import MemoryDeadLetters, MemoryHappenings, MemoryTriggers
from tests.trigger_examples import QASM, event_example, trigger_example

EAST, WEST = "us-east-1", "us-west-2"
ACME = Principal(tenant="acme", key_id="0a1b2c3d", role=Role.USER)
BLUE = ACME.model_copy(update={"tenant": "blue"})
LAB = {"type": "event", "pattern": {"source": ["lab"]}}
ENDS = {"source": ["bellpair"]}
CIRCUIT = {"device": "sv1", "shots": 10}
VQE = {
    "type": "object",
    "properties": {
        "max_steps": {"type": "integer", "minimum": 1},
        "start": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "grid": {"type": "array", "items": {"type": "object", "required": ["n"]}, "maxItems": 2},
    },
    "required": ["max_steps"],
    "additionalProperties": False,
}
"""What a function's inputs have to be."""
QUEUES = {
    "requests": TriggerQueueSetting(),
    "blues": TriggerQueueSetting(tenants=("blue",)),
}
SETTINGS = Settings(stage="test", region=EAST, primary_region=EAST, secondary_region=WEST)


class Desk:
    """A tenant's triggers, with one function ``f`` that takes what it gets, and ``vqe``."""

    def __init__(self) -> None:
        self.triggers = MemoryTriggers()
        self.clock = FakeClock()
        self.functions = MemoryFunctions()
        self.devices = [SV1, ION_11]
        self.deploy("f", {"type": "object"})
        self.deploy("vqe", VQE)

    def deploy(self, name: str, *schemas: dict[str, Any]) -> None:
        """A version for each schema of inputs; ``latest`` stands for all of them alike."""
        for number, schema in enumerate(schemas, 1):
            version = FunctionVersion(
                tenant="acme",
                name=name,
                version=number,
                digest=f"d{number}",
                package=BlobRef(size=1, sha256="0" * 64, inline=b"x"),
                entry="main:run",
                timeout_s=60,
                inputs=schema,
                created_at=NOON,
                created_by="0a1b2c3d",
            )
            assert self.functions.put_version(version)
        record = FunctionRecord(
            tenant="acme",
            name=name,
            latest=len(schemas),
            aliases={
                "latest": {number: 100 // len(schemas) for number in range(1, len(schemas) + 1)}
            },
            created_at=NOON,
            changed_at=NOON,
        )
        self.functions.replace_record(self.functions.record("acme", name), record)

    def create(
        self, source: Any, name: str = "one", by: Principal = ACME, **changes: Any
    ) -> CreatedTrigger:
        asked = TypeAdapter(NewTrigger).validate_python({"name": name, "source": source, **changes})
        return create_trigger(
            by,
            asked,
            triggers=self.triggers,
            functions=self.functions,
            devices=lambda: self.devices,
            queues=QUEUES,
            clock=self.clock,
        )

    def attempt(self, tried: dict[str, Any], name: str = "one") -> Trial:
        return try_trigger(
            ACME,
            name,
            TriedHappening(**tried),
            triggers=self.triggers,
            functions=self.functions,
            devices=lambda: self.devices,
            clock=self.clock,
            settings=SETTINGS,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(desk: Desk, *arguments: Any, **changes: Any) -> BellpairError:
    with pytest.raises(BellpairError) as refusal:
        desk.create(*arguments, **changes)
    assert not desk.triggers.stored
    return refusal.value


def test_a_trigger_is_made_once(desk: Desk) -> None:
    made = desk.create(QASM, circuit=CIRCUIT)
    desk.clock.advance(timedelta(hours=1))
    again = desk.create(QASM, circuit=CIRCUIT)

    assert (made.replayed, again.replayed) == (False, True)
    assert again.trigger.armed_at == made.trigger.armed_at == NOON
    with pytest.raises(BellpairError) as other:
        desk.create(QASM, circuit={**CIRCUIT, "shots": 11})
    assert other.value.code is ErrorCode.TRIGGER_EXISTS


def test_a_tenant_has_so_many_triggers_and_no_more(desk: Desk) -> None:
    for count in range(TRIGGERS_MAX):
        desk.triggers.put(None, trigger_example(f"t{count}"))

    with pytest.raises(BellpairError) as refusal:
        desk.create(QASM, circuit=CIRCUIT)
    assert refusal.value.code is ErrorCode.LIMIT_REACHED


@pytest.mark.parametrize(
    ("source", "changes", "pointer"),
    [
        (QASM, {}, "#/function"),
        (QASM, {"function": "f", "circuit": CIRCUIT}, "#/function"),
        (QASM, {"circuit": {**CIRCUIT, "shots": 0}}, "#/circuit/shots"),
        (QASM, {"circuit": CIRCUIT, "inputs": {"n": 1}}, "#/inputs"),
        (QASM, {"circuit": CIRCUIT, "max_cost_usd": 1.0}, "#/max_cost_usd"),
        (LAB, {"circuit": CIRCUIT}, "#/circuit/source"),
        (LAB, {"circuit": {**CIRCUIT, "source": "$..x"}}, "#/circuit/source"),
        (LAB, {"function": "f", "inputs": {"n": "$bad"}}, "#/inputs"),
        (LAB, {"function": "f", "inputs": {"n": "x" * TRIGGER_TEMPLATE_BYTES_MAX}}, "#/inputs"),
        (QASM, {"function": "f", "inputs": {"n": "$.detail.n"}}, "#/inputs"),
        (QASM, {"function": "f", "inputs": {"n": "see {$.object.txt}"}}, "#/inputs"),
        (
            {"type": "event", "pattern": {"source": [{"wildcard": "l*"}]}},
            {"function": "f"},
            "#/source/pattern/source/0/wildcard",
        ),
        ({"type": "schedule", "rate": "5 seconds"}, {"function": "f"}, "#/source/rate"),
        ({"type": "schedule", "cron": "0 0 1 1 ? 2020"}, {"function": "f"}, "#/source/cron"),
        ({"type": "queue", "queue": "unknown"}, {"function": "f"}, "#/source/queue"),
        ({"type": "queue", "queue": "blues"}, {"function": "f"}, "#/source/queue"),
    ],
)
def test_a_trigger_that_cannot_work_is_refused_at_its_place(
    desk: Desk, source: Any, changes: dict[str, Any], pointer: str
) -> None:
    refusal = refused(desk, source, **changes)

    assert refusal.code is ErrorCode.TRIGGER_INVALID
    assert refusal.members["pointer"] == pointer


def test_a_trigger_of_an_unknown_function_or_device_is_refused(desk: Desk) -> None:
    for name in ("g", "f:stable", "f:7"):
        assert refused(desk, LAB, function=name).code is ErrorCode.FUNCTION_NOT_FOUND
    unknown = refused(desk, QASM, circuit={**CIRCUIT, "device": "qq"})
    assert unknown.code is ErrorCode.DEVICE_UNKNOWN


def test_a_device_need_not_be_online_before_something_happens(desk: Desk) -> None:
    desk.devices = [SV1.model_copy(update={"status": DeviceStatus.OFFLINE})]

    assert desk.create(QASM, circuit=CIRCUIT).trigger.circuit is not None


@pytest.mark.parametrize(
    "pattern",
    [
        ENDS,
        {**ENDS, "detail": {"status": ["failed"]}},
        {**ENDS, "detail": {"function": {"name": ["f"]}}},
        {**ENDS, "detail": {"function": {"version": [3]}}},
        {**ENDS, "detail": {"tags": {DEPTH_TAG: [{"anything-but": "9"}]}}},
        {"detail-type": [{"prefix": "Bellpair"}]},
    ],
    ids=str,
)
def test_a_trigger_that_its_own_jobs_would_fire_is_refused(
    desk: Desk, pattern: dict[str, Any]
) -> None:
    refusal = refused(desk, {"type": "event", "pattern": pattern}, function="f")

    assert refusal.members["pointer"] == "#/source/pattern"
    assert "fire itself" in refusal.detail
    assert "exists" in refusal.remedy


@pytest.mark.parametrize(
    "pattern",
    [
        {**ENDS, "detail": {"function": {"name": ["another"]}}},
        {**ENDS, "detail": {"tags": {DEPTH_TAG: [{"exists": False}]}}},
        {**ENDS, "detail": {"tags": {"project": ["x"]}}},
        {**ENDS, "detail": {"trigger": ["another"]}},
        {"source": [{"anything-but": "bellpair"}]},
    ],
    ids=str,
)
def test_a_trigger_that_hears_of_others_jobs_only_is_made(
    desk: Desk, pattern: dict[str, Any]
) -> None:
    assert desk.create({"type": "event", "pattern": pattern}, function="f")


def test_a_trigger_that_leaves_out_what_triggers_made_hears_nothing_of_it(desk: Desk) -> None:
    pattern = {**ENDS, "detail": {"tags": {DEPTH_TAG: [{"exists": False}]}}}
    desk.create({"type": "event", "pattern": pattern}, function="f")

    assert not desk.attempt(
        {"event": {"source": "bellpair", "detail": {"tenant": "acme", "tags": {DEPTH_TAG: "1"}}}}
    ).waits


@pytest.mark.parametrize(
    ("inputs", "pointer"),
    [
        ({"max_steps": 5, "shots": 2000}, "#/inputs/shots"),
        ({"max_steps": "$.detail.n", "shots": "$.detail.shots"}, "#/inputs/shots"),
        ({"start": "$.detail.start"}, "#/inputs/max_steps"),
        ({"max_steps": 0}, "#/inputs/max_steps"),
        ({"max_steps": "$$.detail.n"}, "#/inputs/max_steps"),
        ({"max_steps": ["$.detail.n"]}, "#/inputs/max_steps"),
        ({"max_steps": "$.detail.n", "start": "soon"}, "#/inputs/start"),
        ({"max_steps": 5, "grid": [{"m": "$.detail.m"}]}, "#/inputs/grid/0/n"),
    ],
    ids=str,
)
def test_inputs_that_can_never_fit_the_function_are_refused(
    desk: Desk, inputs: dict[str, Any], pointer: str
) -> None:
    for name in ("vqe", "vqe:latest", "vqe:1"):
        refusal = refused(desk, LAB, function=name, inputs=inputs)

        assert refusal.code is ErrorCode.TRIGGER_INVALID
        assert refusal.members["pointer"] == pointer
        assert "vqe:1" in refusal.detail
        assert "/v1/functions/vqe" in refusal.remedy


@pytest.mark.parametrize(
    "inputs",
    [
        {"max_steps": 5},
        {"max_steps": "$.detail.n", "start": "$.detail.start"},
        {"max_steps": 5, "start": None, "grid": "$.detail.grid"},
        {"max_steps": 5, "grid": ["$.detail.first", {"n": "{$.detail.n}"}]},
    ],
    ids=str,
)
def test_inputs_that_may_fit_are_taken(desk: Desk, inputs: dict[str, Any]) -> None:
    assert desk.create(LAB, function="vqe", inputs=inputs)


def test_what_a_path_decides_is_not_decided_before(desk: Desk) -> None:
    by_mode = {
        "type": "object",
        "if": {"properties": {"mode": {"const": "long"}}},
        "then": {"required": ["steps"]},
        "else": {"required": ["seed"]},
    }
    desk.deploy("modes", by_mode)

    assert desk.create(LAB, function="modes", inputs={"mode": "$.detail.mode", "steps": 3})
    assert desk.create(LAB, "two", function="modes", inputs={"mode": "long", "steps": 3})
    with pytest.raises(BellpairError) as refusal:
        desk.create(LAB, "three", function="modes", inputs={"mode": "long", "seed": 3})
    assert refusal.value.members["pointer"] == "#/inputs/steps"


def test_inputs_fit_each_version_that_an_alias_stands_for(desk: Desk) -> None:
    other = {**VQE, "properties": {**VQE["properties"], "shots": {"type": "integer"}}}
    desk.deploy("two", other, VQE)

    refusal = refused(desk, LAB, function="two", inputs={"max_steps": 1, "shots": 5})

    assert "two:2" in refusal.detail
    assert desk.create(LAB, function="two:1", inputs={"max_steps": 1, "shots": 5})


def test_a_trial_holds_the_filled_inputs_against_the_function(desk: Desk) -> None:
    desk.create(LAB, function="vqe", inputs={"max_steps": "$.detail.n"})

    def attempt(n: Any) -> Trial:
        return desk.attempt({"event": {"source": "lab", "detail": {"n": n}}})

    good, bad = attempt(3), attempt("three")

    assert good.firing and not good.problem
    assert bad.firing and bad.firing.inputs == {"max_steps": "three"}
    assert bad.problem and bad.problem.code is ErrorCode.INPUTS_INVALID
    assert bad.problem.members["pointer"] == "#/inputs/max_steps"


def test_a_trial_finds_what_changed_since_the_trigger_was_made(desk: Desk) -> None:
    desk.create(LAB, function="vqe", inputs={"max_steps": 3}, device="ion-11")
    event = {"event": {"source": "lab"}}
    assert not desk.attempt(event).problem

    desk.devices = [SV1]
    assert (problem := desk.attempt(event).problem) and problem.code is ErrorCode.DEVICE_UNKNOWN
    desk.triggers.put(None, trigger_example("gone", LAB, function="gone"))
    assert (problem := desk.attempt(event, "gone").problem)
    assert problem.code is ErrorCode.FUNCTION_NOT_FOUND


def test_a_trial_checks_the_program_as_a_submission_does(desk: Desk) -> None:
    desk.create(QASM, circuit=CIRCUIT)
    wide = "OPENQASM 3.0; qubit[900] q; bit c; c = measure q[0];"

    wrong = desk.attempt({"name": "a.qasm", "text": "OPENQASM 3.0; h p;"}).problem
    too_wide = desk.attempt({"name": "a.qasm", "text": wide}).problem

    assert wrong and wrong.code is ErrorCode.PROGRAM_INVALID
    assert too_wide and too_wide.code is ErrorCode.PROGRAM_TOO_WIDE


def test_triggers_are_the_tenants_own(desk: Desk) -> None:
    desk.create(QASM, circuit=CIRCUIT)

    assert [trigger.name for trigger in list_triggers(desk.triggers, ACME)] == ["one"]
    assert not list_triggers(desk.triggers, BLUE)
    for name, said in (("one", "no trigger one."), ("../one", "no such"), ("", "no such")):
        with pytest.raises(BellpairError, match=said) as refusal:
            own_trigger(desk.triggers, BLUE, name)
        assert refusal.value.code is ErrorCode.TRIGGER_NOT_FOUND


def test_a_resumed_trigger_counts_from_then_and_one_that_ran_on_does_not(desk: Desk) -> None:
    desk.create(QASM, circuit=CIRCUIT)
    desk.clock.advance(timedelta(hours=1))
    assert resume_trigger(desk.triggers, desk.clock, ACME, "one").armed_at == NOON

    assert pause_trigger(desk.triggers, ACME, "one").paused
    resumed = resume_trigger(desk.triggers, desk.clock, ACME, "one")

    assert not resumed.paused
    assert resumed.armed_at == NOON + timedelta(hours=1)
    delete_trigger(desk.triggers, ACME, "one")
    assert not desk.triggers.stored


def test_an_event_is_tried_without_effect(desk: Desk) -> None:
    desk.create(LAB, function="f", inputs={"n": "$.detail.n"})

    trial = desk.attempt({"event": {"source": "lab", "detail": {"n": 3}}})
    assert trial.firing is not None
    assert trial.firing.inputs == {"n": 3}
    assert not desk.attempt({"event": {"source": "other"}}).waits
    problem = desk.attempt({"event": {"source": "lab"}}).problem
    assert problem is not None
    assert "$.detail.n" in problem.detail
    with pytest.raises(BellpairError) as refusal:
        desk.attempt({})
    assert refusal.value.members["pointer"] == "#/event"


def test_an_object_and_a_message_are_tried_with_their_texts(desk: Desk) -> None:
    desk.create(QASM, circuit=CIRCUIT)
    desk.create({"type": "queue", "queue": "requests"}, "two", circuit=CIRCUIT)

    dropped = desk.attempt({"name": "a.qasm", "text": BELL})
    told = desk.attempt({"text": BELL}, "two")

    assert dropped.firing and dropped.firing.inputs == {"source": BELL}
    assert told.firing and told.firing.inputs == {"source": BELL}
    assert not desk.attempt({"name": "a.txt", "text": BELL}).waits
    assert desk.attempt({"name": "a.qasm"}).problem


def test_a_schedule_tells_its_next_times(desk: Desk) -> None:
    desk.create({"type": "schedule", "cron": "0 6 ? * MON *"}, function="f")

    trial = desk.attempt({})

    assert [at.isoformat() for at in trial.times[:2]] == [
        "2026-01-05T06:00:00+00:00",
        "2026-01-12T06:00:00+00:00",
    ]


def letter(trigger: str = "one", tenant: str = "acme", document: Any = None) -> DeadLetter:
    happening = event_example()
    if document is not None:
        happening = happening.model_copy(update={"document": document})
    why = TriggerFailure(code="trigger-failed", detail=f"{trigger} failed", remedy="-")
    return DeadLetter(tenant=tenant, trigger=trigger, happening=happening, error=why, at=NOON)


class Redrive:
    """A trigger's dead letters, and where they are told of again."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.letters = MemoryDeadLetters()
        self.happenings = MemoryHappenings()

    def __call__(self, name: str = "one", before: datetime | None = None) -> Redriven:
        return redrive_trigger(
            ACME,
            name,
            RedriveRequest(before=before),
            triggers=self.desk.triggers,
            letters=self.letters,
            happenings=self.happenings,
            clock=self.desk.clock,
            region=EAST,
            peer=WEST,
        )


@pytest.fixture
def redrive(desk: Desk) -> Redrive:
    desk.triggers.put(None, trigger_example("one", LAB, function="f"))
    return Redrive(desk)


def test_a_triggers_dead_letters_of_both_regions_are_told_to_it_again(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter(), letter("two"), letter(tenant="blue")]
    redrive.letters.kept[WEST] = [letter()]

    done = redrive()

    assert (done.redriven, done.lost, done.more, done.away) == (2, 0, False, ())
    assert [reason.detail for reason in done.reasons] == ["one failed"]
    assert redrive.happenings.told == [(EAST, event_example(), ("acme", "one"))] * 2
    assert redrive.letters.kept[EAST] == [letter("two"), letter(tenant="blue")]
    assert redrive().redriven == 0


def test_a_request_ends_in_time_and_the_next_ones_do_the_rest(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter() for _ in range(35)]
    redrive.letters.kept[WEST] = [letter()]
    redrive.letters.on_take = lambda: redrive.desk.clock.advance(REDRIVE_TIME / 2)

    requests = [redrive() for _ in range(4)]

    assert [done.redriven for done in requests] == [20, 15, 1, 0]
    assert [done.more for done in requests] == [True, True, True, False]
    assert not redrive.letters.hidden


def test_a_request_gives_so_many_and_no_more(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter() for _ in range(REDRIVEN_MAX + 5)]

    first, second = redrive(), redrive()

    assert (first.redriven, first.more) == (REDRIVEN_MAX, True)
    assert (second.redriven, second.more) == (5, False)


def test_others_letters_do_not_hide_the_triggers_own(redrive: Redrive) -> None:
    others = [letter(tenant="blue") for _ in range(3 * REDRIVEN_MAX)]
    redrive.letters.kept[EAST] = [*others, letter()]

    done = redrive()

    assert (done.redriven, done.more) == (1, False)
    assert redrive.letters.kept[EAST] == others
    assert not redrive.letters.hidden


def test_a_next_request_sees_what_is_behind_more_letters_than_one_looks_at(
    redrive: Redrive,
) -> None:
    others = [letter(tenant="blue") for _ in range(REDRIVE_LOOKS_MAX + 5)]
    redrive.letters.kept[EAST] = [*others, letter()]

    first, second = redrive(), redrive()

    assert (first.redriven, first.more, first.in_flight) == (0, True, False)
    assert (second.redriven, second.more, second.in_flight) == (1, False, True)
    assert len(redrive.letters.hidden) == REDRIVE_LOOKS_MAX


def test_letters_that_another_request_holds_are_told_of(redrive: Redrive) -> None:
    redrive.letters.kept[WEST] = [letter()]
    (held,) = redrive.letters.take(WEST, 10)

    during = redrive()
    redrive.letters.put_back(WEST, [held.receipt])
    after = redrive()

    assert (during.redriven, during.more, during.in_flight) == (0, False, True)
    assert (after.redriven, after.in_flight) == (1, False)


def test_what_failed_again_is_left_to_the_next_redrive(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter()]
    first = redrive()
    redrive.desk.clock.advance(timedelta(seconds=1))
    again = letter().model_copy(update={"at": redrive.desk.clock()})
    redrive.letters.keep(again)

    assert redrive(before=first.before).redriven == 0
    assert redrive.letters.kept[EAST] == [again]
    assert redrive().redriven == 1


def test_what_was_given_before_a_fault_is_counted_and_the_rest_stays(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter() for _ in range(18)]
    redrive.happenings.room = 14

    done = redrive()

    assert (done.redriven, done.more) == (14, True)
    assert redrive.letters.kept[EAST] == [letter()] * 4
    with pytest.raises(TransientFault):
        redrive()
    assert redrive.letters.kept[EAST] == [letter()] * 4
    assert not redrive.letters.hidden


def test_what_was_too_large_to_be_kept_is_dropped_and_told_of(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter(document={})]

    done = redrive()

    assert (done.redriven, done.lost) == (0, 1)
    assert not redrive.letters.kept[EAST]


def test_a_region_that_is_away_keeps_its_dead_letters(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter()]
    redrive.letters.away.add(WEST)

    assert (redrive().redriven, redrive().away) == (1, (WEST,))
    redrive.letters.away.add(EAST)
    with pytest.raises(TransientFault):
        redrive()


def test_a_paused_trigger_is_not_redriven(redrive: Redrive) -> None:
    redrive.letters.kept[EAST] = [letter()]
    pause_trigger(redrive.desk.triggers, ACME, "one")

    with pytest.raises(BellpairError) as refusal:
        redrive()

    assert refusal.value.code is ErrorCode.TRIGGER_PAUSED
    assert redrive.letters.kept[EAST] == [letter()]
