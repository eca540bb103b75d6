"""What the messages of the queues tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_core.logic.triggers.read_happening import Ended, Heard, read_record
from bellpair_core.model.announcement import EVENT_SOURCE, JOB_ENDED
from bellpair_core.model.trigger import SourceKind
from bellpair_core.ports import TriggerRef
from bellpair_core.settings import Settings
from tests.trigger_examples import event_example

SETTINGS = Settings(
    stage="test",
    region="us-east-1",
    primary_region="us-east-1",
    secondary_region="us-west-2",
    inbox_buckets={"us-east-1": "inbox-east", "us-west-2": "inbox-west"},
    trigger_queues={"requests": {}},  # type: ignore[dict-item]
)


def record(body: Any, queue: str = "bellpair-test-triggers", **more: Any) -> dict[str, Any]:
    return {
        "messageId": "m-1",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1767268800000"},
        "messageAttributes": {},
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        **more,
    }


def heard_of(body: Any, queue: str = "bellpair-test-triggers", **more: Any) -> Heard:
    """What triggers hear by a message."""
    heard = read_record(record(body, queue, **more), SETTINGS)
    assert isinstance(heard, Heard)
    return heard


def created(key: str, bucket: str = "inbox-west", **found: Any) -> dict[str, Any]:
    return {
        "id": "e-1",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-01-01T12:00:00Z",
        "detail": {
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 7, "etag": "abc", "sequencer": "05", **found},
        },
    }


def test_an_object_in_an_inbox_belongs_to_the_tenant_of_its_folder() -> None:
    heard = heard_of(created("inbox/acme/runs/bell.qasm"))

    assert (heard.tries, heard.only) == (2, None)
    happening = heard.happening
    assert (happening.kind, happening.tenant) == (SourceKind.INBOX, "acme")
    assert happening.bucket == "us-west-2"
    assert happening.document == {
        "time": "2026-01-01T12:00:00Z",
        "object": {
            "key": "inbox/acme/runs/bell.qasm",
            "name": "runs/bell.qasm",
            "size": 7,
            "etag": "abc",
        },
    }


def test_two_tellings_of_one_writing_are_one_happening() -> None:
    told = [{**created("inbox/acme/a"), "id": name} for name in ("e-1", "e-2")]
    ids = {heard_of(event).happening.id for event in told}
    again = created("inbox/acme/a", sequencer="06")

    assert len(ids) == 1
    assert heard_of(again).happening.id not in ids


@pytest.mark.parametrize("key", ["other/acme/a", "inbox/acme", "inbox/acme/", "inbox/acme/a/", "a"])
def test_an_object_outside_of_a_tenants_folder_is_nobodys(key: str) -> None:
    assert read_record(record(created(key)), SETTINGS) is None


def test_an_object_of_another_bucket_is_an_event_as_any_other() -> None:
    heard = heard_of(created("inbox/acme/a", bucket="elsewhere"))

    assert heard.happening.kind is SourceKind.EVENT


def test_word_of_a_jobs_end_names_the_job_and_counts_the_looks() -> None:
    assert read_record(record({"ended": "job-1"}), SETTINGS) == Ended("job-1", 2)


def test_nobody_but_the_platform_tells_of_the_end_of_a_job() -> None:
    event = {
        "id": "e-1",
        "source": EVENT_SOURCE,
        "detail-type": JOB_ENDED,
        "time": "2026-01-01T12:00:00Z",
        "detail": {"tenant": "acme", "tags": {}},
    }

    assert read_record(record(event), SETTINGS) is None


@pytest.mark.parametrize("tenant", [None, "acme"])
def test_an_event_of_others_is_for_all_or_for_the_tenant_that_it_names(tenant: str | None) -> None:
    detail = {"tenant": tenant} if tenant else {}
    event = {**dict(event_example().document), "detail": detail}

    heard = heard_of(event)

    assert heard.happening.tenant == tenant


def test_a_message_of_a_declared_queue_is_a_text_whatever_it_says() -> None:
    body = json.dumps({"happening": {"kind": "inbox"}, "only": ["blue", "x"]})
    attributes = {"by": {"stringValue": "lab", "dataType": "String"}}
    heard = heard_of(body, "bellpair-test-queue-requests", messageAttributes=attributes)

    assert heard.only is None
    happening = heard.happening
    assert (happening.kind, happening.queue) == (SourceKind.QUEUE, "requests")
    assert happening.id == "message/requests/m-1"
    assert happening.document["message"] == {
        "id": "m-1",
        "text": body,
        "json": json.loads(body),
        "attributes": {"by": "lab"},
    }


def test_what_was_handed_over_is_read_as_it_was() -> None:
    told = {"happening": event_example().model_dump(mode="json"), "only": ["acme", "one"]}

    heard = heard_of(told)

    assert heard.happening == event_example()
    assert heard.only == TriggerRef("acme", "one")


@pytest.mark.parametrize("body", ["not json", "[]", '"text"'])
def test_what_is_no_message_is_an_error(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own error is one
        read_record(record(body), SETTINGS)
