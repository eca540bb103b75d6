"""The command line for triggers, against two regions on real sockets."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from bellpair.cli.exits import ExitCode
from bellpair.client import Client
from bellpair.errors import InvalidRequest, Unreachable
from bellpair.triggers import RedrivenTrigger
from tests.unit.sdk.fake_api import FakeRegion, Fault
from tests.unit.sdk.fake_triggers import TIME
from tests.unit.sdk.shell import Shell

CREATE = ("triggers", "create", "one")


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (
            ("--inbox", "runs/", "--suffix", ".qasm", "-d", "sv1", "-s", "100"),
            {
                "source": {"type": "inbox", "prefix": "runs/", "suffix": ".qasm"},
                "circuit": {"device": "sv1", "shots": 100},
            },
        ),
        (
            ("--inbox", "", "-f", "vqe-h2", "-i", "n=$.object.json.n", "-i", "shots=10"),
            {
                "source": {"type": "inbox", "prefix": "", "suffix": ""},
                "function": "vqe-h2",
                "inputs": {"n": "$.object.json.n", "shots": 10},
            },
        ),
        (
            ("--cron", "0 3 * * ? *", "-f", "vqe-h2:stable", "--max-cost", "2", "--paused"),
            {
                "source": {"type": "schedule", "cron": "0 3 * * ? *"},
                "function": "vqe-h2:stable",
                "max_cost_usd": 2.0,
                "paused": True,
            },
        ),
        (
            ("--queue", "requests", "-f", "sweep", "-d", "ion-11"),
            {
                "source": {"type": "queue", "queue": "requests"},
                "function": "sweep",
                "device": "ion-11",
            },
        ),
    ],
    ids=["circuit", "inputs", "clock", "queue"],
)
def test_a_trigger_is_made_as_it_was_asked_for(
    shell: Shell, east: FakeRegion, arguments: tuple[str, ...], body: dict
) -> None:
    shell.json(*CREATE, *arguments)

    assert east.seen[-1].body == {"name": "one", **body}


def test_a_pattern_and_a_program_come_from_files(
    shell: Shell, east: FakeRegion, tmp_path: Path
) -> None:
    pattern, program = tmp_path / "pattern.json", tmp_path / "bell.qasm"
    pattern.write_text('{"source": ["lab"]}')
    program.write_text("OPENQASM 3.0;")

    shell.json(
        *CREATE, "--pattern", f"@{pattern}", "-d", "sv1", "-s", "1", "--program", f"@{program}"
    )

    assert east.seen[-1].body["source"] == {"type": "event", "pattern": {"source": ["lab"]}}
    assert east.seen[-1].body["circuit"]["source"] == "OPENQASM 3.0;"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-f", "f"), "waits for one thing"),
        (("--rate", "1 hour", "--queue", "q", "-f", "f"), "waits for one thing"),
        (("--rate", "1 hour"), "something to make"),
        (("--rate", "1 hour", "-f", "f", "-s", "3"), "are for circuits"),
        (("--pattern", "{", "-f", "f"), "is not JSON"),
        (("--pattern", "[]", "-f", "f"), "no JSON object"),
        (("--pattern", '{"source": [NaN]}', "-f", "f"), "NaN is no number of JSON's"),
        (("--pattern", "@/no/such/file", "-f", "f"), "cannot be read"),
        (("--rate", "never", "-f", "f"), "#/source/rate"),
    ],
)
def test_what_cannot_be_a_trigger_is_refused(
    shell: Shell, arguments: tuple[str, ...], said: str
) -> None:
    told = shell.json(*CREATE, *arguments, code=ExitCode.REJECTED)

    assert said in told["error"]["detail"]
    assert told["error"]["remedy"]


def test_an_input_without_a_value_is_wrong_usage(shell: Shell) -> None:
    told = shell(*CREATE, "--rate", "1 hour", "-f", "f", "-i", "n")

    assert told.exit_code == ExitCode.USAGE
    assert "NAME=VALUE" in told.stderr


@pytest.fixture
def made(shell: Shell) -> Shell:
    assert shell(*CREATE, "--inbox", "", "-d", "sv1", "-s", "100").exit_code == ExitCode.OK
    return shell


def test_triggers_are_listed_and_shown_for_people(made: Shell) -> None:
    listed, shown = made("triggers"), made("triggers", "show", "one")

    for said in ("one", "objects *", "100 shots on sv1", "armed"):
        assert said in listed.stdout
        assert said in shown.stdout
    assert "s3://inbox/inbox/acme/" in shown.stdout
    assert made.json("triggers", "list")["triggers"][0]["name"] == "one"


def test_an_empty_list_says_how_to_go_on(shell: Shell) -> None:
    assert "triggers create" in shell("triggers").stderr


def test_a_trigger_is_paused_resumed_and_deleted(made: Shell) -> None:
    assert made.json("triggers", "pause", "one")["paused"]
    assert "paused" in made("triggers").stdout
    assert not made.json("triggers", "resume", "one")["paused"]
    assert made.json("triggers", "delete", "one") == {"name": "one", "deleted": True}
    gone = made.json("triggers", "show", "one", code=ExitCode.REJECTED)
    assert gone["error"]["code"] == "trigger-not-found"


def test_a_trial_that_would_fail_says_why_and_ends_so(made: Shell, east: FakeRegion) -> None:
    places = [{"pointer": "#/inputs/shots", "detail": "there is no such input"}]
    east.ledger.triggers.problem = {
        "code": "inputs-invalid",
        "message": "they do not fit",
        "remedy": "Correct them; GET /v1/functions/{name} shows their schema.",
        "errors": places,
    }

    told = made("triggers", "test", "one", "--object", "a")

    assert told.exit_code == ExitCode.JOB_FAILED
    for said in ("would fail: they do not fit", "#/inputs/shots: there is no", "functions show"):
        assert said in told.stderr
    assert "would make" not in told.stderr
    assert json.loads(told.stdout) == {}
    shown = made.json("triggers", "test", "one", "--object", "a", code=ExitCode.JOB_FAILED)
    assert shown["problem"]["errors"] == places


def test_a_trial_of_what_the_trigger_does_not_wait_for_ends_so(
    made: Shell, east: FakeRegion
) -> None:
    east.ledger.triggers.waits = False

    told = made("triggers", "test", "one", "--object", "a")

    assert told.exit_code == ExitCode.NOT_MEANT
    assert "does not wait" in told.stderr
    assert told.stdout == ""
    made.json("triggers", "test", "one", "--object", "a", code=ExitCode.NOT_MEANT)


def test_a_paused_trigger_is_tried_and_said_to_be_paused(made: Shell) -> None:
    made("triggers", "pause", "one")

    told = made("triggers", "test", "one", "--object", "a")

    assert told.exit_code == ExitCode.OK
    assert "triggers resume one" in told.stderr


def test_the_help_names_the_exit_codes_of_a_trial(shell: Shell) -> None:
    said = " ".join(shell("triggers", "test", "--help").stdout.split())

    for part in ("0 a job would be made", "1 it would fail", "6 the trigger does not wait"):
        assert part in said


def test_a_trial_prints_the_inputs_alone(made: Shell, east: FakeRegion) -> None:
    tried = made("triggers", "test", "one", "--object", "a", "--text", "hello")

    assert json.loads(tried.stdout) == {}
    assert "due at 2026-01-01T12:00:00" in tried.stderr
    assert east.seen[-1].body == {"name": "a", "text": "hello"}
    made("triggers", "test", "one", "--event", '{"source": "lab"}')
    assert east.seen[-1].body == {"event": {"source": "lab"}}


def test_redriving_says_what_was_done_and_why_it_had_failed(made: Shell) -> None:
    said = made("triggers", "redrive", "one").stderr

    for part in ("2 given", "1 were too large", "us-west-2 is away", "no n"):
        assert part in said
    for part in ("redrive again", "in a minute"):
        assert part not in said
    assert made.json("triggers", "redrive", "one")["redriven"] == 2


def test_redriving_goes_on_until_there_is_no_more(made: Shell, east: FakeRegion) -> None:
    east.ledger.triggers.redrives.extend([(20, 1, True), (0, 0, True), (15, 0, False)])

    done = made.json("triggers", "redrive", "one")

    assert (done["redriven"], done["lost"], done["more"]) == (35, 1, False)
    assert len(done["reasons"]) == 1
    sent = [seen.body for seen in east.seen if seen.path.endswith("/redrive")]
    assert sent[0] == {}
    assert [datetime.fromisoformat(body["before"]) for body in sent[1:]] == [
        datetime.fromisoformat(TIME)
    ] * 2


def test_redriving_is_given_up_where_nothing_comes_of_it(made: Shell, east: FakeRegion) -> None:
    east.ledger.triggers.redrives.extend([(3, 0, True), *[(0, 0, True)] * 20])

    told = made("triggers", "redrive", "one")

    assert "3 given" in told.stderr
    assert "There may be more" in told.stderr
    assert len(east.ledger.triggers.redrives) == 10


def test_letters_that_another_redrive_holds_are_told_of(made: Shell, east: FakeRegion) -> None:
    east.ledger.triggers.redrives.append((0, 0, False))
    east.ledger.triggers.in_flight = True

    said = made("triggers", "redrive", "one").stderr

    assert "0 given" in said
    assert "Another redrive held" in said
    assert "in a minute" in said


def test_a_redrive_whose_answer_is_lost_is_not_repeated(
    client: Client, east: FakeRegion, west: FakeRegion
) -> None:
    client.create_trigger("one", {"type": "inbox"}, circuit={"device": "sv1", "shots": 1})
    east.ledger.triggers.redrives.append((7, 0, True))
    told: list[int] = []

    def lose_the_next(done: RedrivenTrigger) -> None:
        told.append(done.redriven)
        east.faults.append(Fault(lose_answer=True))

    with pytest.raises(Unreachable) as lost:
        client.redrive_trigger("one", on_progress=lose_the_next)

    assert told == [7]
    assert "7 were given to trigger one" in lost.value.detail
    assert "in a minute" in (lost.value.remedy or "")
    asked = [seen.path for seen in (*east.seen, *west.seen)]
    assert asked.count("/v1/triggers/one/redrive") == 2
    assert client.redrive_trigger("one").redriven == 2


def test_every_command_shows_examples(shell: Shell) -> None:
    for command in ("create", "list", "show", "pause", "resume", "delete", "test", "redrive"):
        assert f"bellpair triggers {command}" in shell("triggers", command, "--help").stdout


def test_a_name_that_is_none_stays_out_of_the_address(client: Client) -> None:
    for name in ("../jobs", "A", ""):
        with pytest.raises(InvalidRequest):
            client.trigger(name)
