"""One job for each happening, whoever hears of it however often."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.logic.triggers.hear_happening import NobodyListens
from bellpair_core.logic.triggers.read_happening import read_text
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import (
    FUNCTION_INPUT_BYTES_MAX,
    TRIGGER_DEPTH_MAX,
    TRIGGER_FAN_MAX,
    TRIGGER_TRIES_MAX,
)
from bellpair_core.model.trigger import DEPTH_TAG, TRIGGER_TAG
from bellpair_core.ports import TriggerRef
from tests.examples import BELL, NOON
from tests.trigger_examples import event_example, object_example, trigger_example

from .conftest import EAST, WEST, Ears

LAB = {"type": "event", "pattern": {"source": ["lab"]}}


def put(ears: Ears, name: str = "bell.qasm", content: bytes = BELL.encode()) -> None:
    ears.inbox.objects[EAST, f"inbox/acme/{name}"] = content


def refusal(ears: Ears) -> tuple[str, str]:
    (letter,) = ears.letters.kept[EAST]
    return letter.error.code, letter.error.detail


def test_an_object_that_was_dropped_becomes_a_job(ears: Ears) -> None:
    ears.add(trigger_example())
    put(ears)

    assert ears.hear(object_example()) == {"made": 1}

    (firing,) = ears.targets.taken.values()
    assert firing.inputs == {"source": BELL}
    assert firing.tags == {TRIGGER_TAG: "drop", DEPTH_TAG: "1"}
    assert len(firing.key) == 64


def test_the_same_delivery_again_makes_no_second_job(ears: Ears) -> None:
    ears.add(trigger_example())
    put(ears)

    ears.hear(object_example())

    assert ears.hear(object_example(), tries=2) == {"repeated": 1}
    assert len(ears.targets.taken) == 1


def test_the_object_written_again_makes_a_second_job(ears: Ears) -> None:
    ears.add(trigger_example())
    put(ears)

    ears.hear(object_example(mark="1"))
    ears.hear(object_example(mark="2"))

    assert len(ears.targets.taken) == 2


def test_both_regions_hearing_an_event_make_one_job(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f", inputs={"n": "$.detail.shots"}))
    peer = ears.peer()

    ears.hear(event_example())
    assert peer.hear(event_example()) == {"handed-over": 1}
    ((region, handed, only),) = peer.happenings.told
    ears.hear(handed, only)

    assert region == EAST
    assert ears.targets.inputs == [{"n": 10}]


def test_a_region_that_was_promoted_fires_and_makes_no_second_job(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f"))
    peer = ears.peer()
    ears.hear(event_example())

    ears.active[0] = WEST

    assert peer.hear(event_example()) == {"repeated": 1}


def test_a_passive_region_keeps_what_it_cannot_hand_over(ears: Ears) -> None:
    peer = ears.peer()
    peer.happenings.away.add(EAST)

    with pytest.raises(TransientFault):
        peer.hear(event_example())


@pytest.mark.parametrize(
    ("name", "prefix", "suffix", "fits"),
    [
        ("a/bell.qasm", "a/", ".qasm", True),
        ("bell.qasm", "a/", ".qasm", False),
        ("a/bell.json", "a/", ".qasm", False),
        ("bell.qasm", "", "", True),
    ],
)
def test_prefix_and_suffix_choose_objects(
    ears: Ears, name: str, prefix: str, suffix: str, fits: bool
) -> None:
    ears.add(trigger_example(source={"type": "inbox", "prefix": prefix, "suffix": suffix}))
    put(ears, name)

    assert ears.hear(object_example(name)) == ({"made": 1} if fits else {})


def test_another_tenants_object_or_event_fires_nothing(ears: Ears) -> None:
    ears.add(trigger_example(), trigger_example("one", LAB, function="f"))

    assert ears.hear(object_example(tenant="blue")) == {}
    assert ears.hear(event_example(tenant="blue")) == {}
    assert ears.hear(event_example(tenant="acme")) == {"made": 1}


def test_a_paused_trigger_fires_nothing(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f", paused=True))

    assert ears.hear(event_example()) == {}


def test_each_trigger_that_waits_makes_its_own_job(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f"), trigger_example("two", LAB, function="g"))

    assert ears.hear(event_example()) == {"made": 2}


def test_a_message_fires_the_triggers_of_its_queue(ears: Ears) -> None:
    source = {"type": "queue", "queue": "requests"}
    inputs = {"n": "$.message.json.n", "by": "$.message.attributes.by"}
    ears.add(trigger_example("one", source, function="f", inputs=inputs))
    message = read_text("requests", "m-1", '{"n": 3}', at=NOON, attributes={"by": "lab"})

    assert ears.hear(message) == {"made": 1}
    assert ears.hear(message, tries=2) == {"repeated": 1}
    assert ears.targets.inputs == [{"n": 3, "by": "lab"}]


def test_a_message_that_no_trigger_takes_stays_in_its_queue(ears: Ears) -> None:
    source = {"type": "queue", "queue": "requests"}
    ears.add(trigger_example("one", source, function="f", paused=True))

    with pytest.raises(NobodyListens, match="requests"):
        ears.hear(read_text("requests", "m-1", "{}", at=NOON, attributes={}))


def test_what_the_template_names_and_is_not_there_is_a_dead_letter(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f", inputs={"n": "$.detail.absent"}))

    assert ears.hear(event_example()) == {"failed": 1}

    assert refusal(ears) == (
        "trigger-failed",
        "The input template does not fit: what happened has nothing at $.detail.absent.",
    )
    assert ears.letters.kept[EAST][0].happening == event_example()


def test_a_target_that_refuses_is_a_dead_letter_and_the_others_fire(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f"), trigger_example("two", LAB, function="g"))
    ears.targets.failures = [BellpairError(ErrorCode.INPUTS_INVALID, "n is missing.")]

    assert ears.hear(event_example()) == {"failed": 1, "made": 1}
    assert refusal(ears) == ("inputs-invalid", "n is missing.")


@pytest.mark.parametrize(
    "fault",
    [
        TransientFault("no ledger"),
        BellpairError(ErrorCode.NOT_ACCEPTING, "paused"),
        BellpairError(ErrorCode.DEVICE_OFFLINE, "offline"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_time_may_cure_is_heard_again_until_it_is_given_up(
    ears: Ears, fault: Exception
) -> None:
    ears.add(trigger_example("one", LAB, function="f"), trigger_example("two", LAB, function="g"))
    ears.targets.failures = [fault]
    with pytest.raises(TransientFault):
        ears.hear(event_example())
    assert len(ears.targets.taken) == 1
    assert not ears.letters.kept[EAST]

    assert ears.hear(event_example(), tries=2) == {"made": 1, "repeated": 1}

    ears.targets.failures = [fault]
    again = event_example(id="event/e-2")
    assert ears.hear(again, tries=TRIGGER_TRIES_MAX) == {"failed": 1, "made": 1}


def test_a_changed_trigger_that_made_its_job_before_is_done(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f"))
    conflict = BellpairError(ErrorCode.IDEMPOTENCY_CONFLICT, "other body", job_id="job-1")
    ears.targets.failures = [conflict]

    assert ears.hear(event_example()) == {"repeated": 1}
    assert not ears.letters.kept[EAST]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "removed or overwritten"),
        (b"\xff\xfe", "not a text in UTF-8"),
        (b"", "empty"),
        (b"x" * (1024 * 1024 + 1), "the limit is 1048576"),
    ],
    ids=["gone", "binary", "empty", "large"],
)
def test_an_object_that_cannot_be_used_is_a_dead_letter(
    ears: Ears, content: bytes | None, said: str
) -> None:
    ears.add(trigger_example())
    if content is not None:
        put(ears, content=content)

    assert ears.hear(object_example()) == {"failed": 1}
    assert said in refusal(ears)[1]


def test_an_object_that_is_known_to_be_too_large_is_not_read(ears: Ears) -> None:
    ears.add(trigger_example("one", function="f", inputs={"data": "$.object.json"}))
    happening = object_example()
    large = {**happening.document["object"], "size": FUNCTION_INPUT_BYTES_MAX + 1}  # type: ignore[dict-item]
    happening = happening.model_copy(update={"document": {"object": large}})

    assert ears.hear(happening) == {"failed": 1}
    assert ears.inbox.reads == 0


def test_a_function_gets_the_objects_content_as_json_or_only_its_name(ears: Ears) -> None:
    every = {"type": "inbox", "prefix": "", "suffix": ""}
    ears.add(
        trigger_example("by-name", every, function="f", inputs={"name": "$.object.name"}),
        trigger_example("content", every, function="f", inputs={"x": "$.object.json.x"}),
    )
    put(ears, "in.json", b'{"x": [1, 2]}')

    assert ears.hear(object_example("in.json")) == {"made": 2}
    assert ears.targets.inputs == [{"name": "in.json"}, {"x": [1, 2]}]
    assert ears.inbox.reads == 1


def test_an_object_that_is_no_json_is_a_dead_letter_where_json_is_asked_for(ears: Ears) -> None:
    ears.add(trigger_example("one", function="f", inputs={"x": "$.object.json"}))
    put(ears)

    assert ears.hear(object_example()) == {"failed": 1}
    assert refusal(ears)[1] == "The object bell.qasm is not JSON."


@pytest.mark.parametrize("depth", range(TRIGGER_DEPTH_MAX + 1))
def test_a_chain_of_triggers_ends(ears: Ears, depth: int) -> None:
    ears.add(trigger_example("one", LAB, function="f"))

    outcome: dict[str, Any] = ears.hear(event_example(depth=depth))

    if depth < TRIGGER_DEPTH_MAX:
        assert outcome == {"made": 1}
        (firing,) = ears.targets.taken.values()
        assert firing.tags[DEPTH_TAG] == str(depth + 1)
    else:
        assert outcome == {"failed": 1}
        assert "taken for a circle" in refusal(ears)[1]


def test_the_end_of_a_job_that_a_trigger_made_fires_few_triggers(ears: Ears) -> None:
    names = [f"on-{number:02}" for number in range(TRIGGER_FAN_MAX + 2)]
    ears.add(*(trigger_example(name, LAB, function="f") for name in reversed(names)))

    assert ears.hear(event_example()) == {"made": len(names)}
    of_a_trigger = event_example(id="ended/job-1", depth=1)
    assert ears.hear(of_a_trigger) == {"made": TRIGGER_FAN_MAX, "failed": 2}
    assert ears.hear(of_a_trigger) == {"repeated": TRIGGER_FAN_MAX, "failed": 2}

    assert {letter.trigger for letter in ears.letters.kept[EAST]} == set(names[TRIGGER_FAN_MAX:])
    assert ears.hear(of_a_trigger, TriggerRef("acme", names[-1])) == {"made": 1}


def test_a_template_that_names_a_long_value_many_times_is_a_dead_letter(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f", inputs={"all": ["$.detail"] * 1000}))

    assert ears.hear(event_example({"text": "x" * 10_000})) == {"failed": 1}
    assert "the limit of its values is 262144" in refusal(ears)[1]
    assert ears.targets.asked == 0


@pytest.mark.parametrize(
    "content", [b"[" * 3000 + b"]" * 3000, b"[" * 100_000, b"NaN", b"[-Infinity]"]
)
def test_an_object_that_would_overturn_who_reads_it_is_no_json(ears: Ears, content: bytes) -> None:
    ears.add(trigger_example("one", function="f", inputs={"x": "$.object.json"}))
    put(ears, content=content)

    assert ears.hear(object_example()) == {"failed": 1}
    assert refusal(ears)[1] == "The object bell.qasm is not JSON."


@pytest.mark.parametrize("text", ["[" * 3000 + "]" * 3000, "NaN"])
def test_a_message_that_would_overturn_who_reads_it_is_a_text(text: str) -> None:
    message = read_text("requests", "m-1", text, at=NOON, attributes={}).document["message"]

    assert isinstance(message, dict)
    assert message["text"] == text
    assert "json" not in message


def test_only_the_one_that_is_named_hears_what_is_redriven(ears: Ears) -> None:
    ears.add(trigger_example("one", LAB, function="f"), trigger_example("two", LAB, function="g"))

    assert ears.hear(event_example(), TriggerRef("acme", "two")) == {"made": 1}
    assert [firing.trigger.name for firing in ears.targets.taken.values()] == ["two"]
    assert ears.hear(event_example(), TriggerRef("acme", "gone")) == {}
