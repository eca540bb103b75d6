"""The adapters of triggers, over real HTTP to an emulated AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.dynamodb_table import DynamoDbTable
from bellpair_core.adapters.dynamodb_triggers import DynamoDbTriggers
from bellpair_core.adapters.meter import Meter
from bellpair_core.adapters.s3_inbox import S3Inbox
from bellpair_core.adapters.sqs_ends import SqsEnds
from bellpair_core.adapters.sqs_triggers import SqsDeadLetters, SqsHappenings
from bellpair_core.logic.triggers.read_happening import Ended, Heard, read_record
from bellpair_core.model.limits import DEAD_LETTER_BYTES_MAX
from bellpair_core.model.trigger import DeadLetter, TriggerFailure
from bellpair_core.ports import TriggerRef, Triggers
from bellpair_core.settings import Settings
from tests.contract.aws_tables import create_catalogue_table
from tests.contract.test_aws_adapters import HOME, PEER, aws, new_name
from tests.contract.triggers_contract import TriggersContract
from tests.examples import NOON
from tests.trigger_examples import event_example

__all__ = ["aws"]  # the server's fixture

WHY = TriggerFailure(code="trigger-failed", detail="no", remedy="yes")


class TestDynamoDbTriggers(TriggersContract):
    @pytest.fixture
    def triggers(self, aws: str) -> Triggers:
        name = new_name()
        create_catalogue_table(client("dynamodb", HOME), name)
        return DynamoDbTriggers(DynamoDbTable("catalogue", name, HOME, Meter(1024)))


def queue(region: str) -> str:
    url: str = client("sqs", region).create_queue(QueueName=new_name())["QueueUrl"]
    return url


def letter(trigger: str = "one", **detail: object) -> DeadLetter:
    return DeadLetter(
        tenant="acme", trigger=trigger, happening=event_example(detail), error=WHY, at=NOON
    )


def test_what_is_told_to_a_region_is_read_there_as_it_was(aws: str) -> None:
    url = queue(PEER)
    SqsHappenings({PEER: url}).tell(event_example(), PEER, TriggerRef("acme", "one"))

    (message,) = client("sqs", PEER).receive_message(QueueUrl=url)["Messages"]

    settings = Settings(stage="t", region=PEER, primary_region=HOME, secondary_region=PEER)
    record = {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSourceARN": "arn:aws:sqs:us-west-2:1:bellpair-t-triggers",
    }
    heard = read_record(record, settings)
    assert isinstance(heard, Heard)
    assert (heard.happening, heard.only) == (event_example(), ("acme", "one"))


def test_word_of_a_jobs_end_is_read_as_such_and_may_come_again(aws: str) -> None:
    url, settings = (
        queue(HOME),
        Settings(stage="t", region=HOME, primary_region=HOME, secondary_region=PEER),
    )
    ends = SqsEnds(url, HOME, Meter(1024))
    ends.tell("job-1")

    def received() -> Any:
        return client("sqs", HOME).receive_message(QueueUrl=url).get("Messages", [])

    (message,) = received()
    record = {
        "messageId": message["MessageId"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": "3"},
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:bellpair-t-triggers",
    }
    assert read_record(record, settings) == Ended("job-1", 3)
    assert not received()
    ends.postpone(message["ReceiptHandle"], timedelta(0))
    assert received()


def test_a_dead_letter_is_kept_until_it_is_dropped(aws: str) -> None:
    letters = SqsDeadLetters({HOME: queue(HOME)}, HOME)
    letters.keep(letter("one"))
    letters.keep(letter("two"))

    assert letters.held(HOME) == 0
    taken = {each.letter.trigger: each.receipt for each in letters.take(HOME, 10) if each.letter}
    assert taken.keys() == {"one", "two"}
    assert not letters.take(HOME, 10)
    assert letters.held(HOME) == 2
    letters.drop(HOME, [taken["one"]])
    letters.put_back(HOME, [taken["two"]])

    assert letters.held(HOME) == 0
    assert [each.letter for each in letters.take(HOME, 10)] == [letter("two")]


def test_more_letters_than_one_request_takes_are_dropped_and_put_back(aws: str) -> None:
    letters = SqsDeadLetters({HOME: queue(HOME)}, HOME)
    for number in range(23):
        letters.keep(letter(f"t{number}"))

    receipts = [each.receipt for _ in range(3) for each in letters.take(HOME, 100)]
    assert len(receipts) == 23
    letters.drop(HOME, receipts[:11])
    letters.put_back(HOME, receipts[11:])

    assert letters.held(HOME) == 0
    assert sum(len(letters.take(HOME, 100)) for _ in range(2)) == 12


def test_what_is_no_letter_is_taken_as_such_and_stays(aws: str) -> None:
    url = queue(HOME)
    letters = SqsDeadLetters({HOME: url}, HOME)
    client("sqs", HOME).send_message(QueueUrl=url, MessageBody="no letter")

    (taken,) = letters.take(HOME, 10)
    assert taken.letter is None
    letters.put_back(HOME, [taken.receipt])

    assert len(letters.take(HOME, 10)) == 1


def test_a_dead_letter_that_is_too_large_keeps_its_reason(aws: str) -> None:
    letters = SqsDeadLetters({HOME: queue(HOME)}, HOME)

    letters.keep(letter(data="x" * DEAD_LETTER_BYTES_MAX))

    (taken,) = letters.take(HOME, 10)
    assert taken.letter is not None
    assert taken.letter.error == WHY
    assert taken.letter.happening.document == {}


def test_an_object_is_read_as_long_as_it_is_the_same(aws: str) -> None:
    bucket, s3 = new_name(), client("s3", HOME)
    s3.create_bucket(Bucket=bucket)
    inbox = S3Inbox({HOME: bucket})
    etag = s3.put_object(Bucket=bucket, Key="inbox/acme/a", Body=b"one")["ETag"].strip('"')

    assert inbox.read(HOME, "inbox/acme/a", etag) == b"one"
    s3.put_object(Bucket=bucket, Key="inbox/acme/a", Body=b"two")
    assert inbox.read(HOME, "inbox/acme/a", etag) is None
    assert inbox.read(HOME, "inbox/acme/b", etag) is None
