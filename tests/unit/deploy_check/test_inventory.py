"""An account's lists, told as one: against a stand-in for AWS."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bellpair_deploy_check.inventory import added, changed, take

pytestmark = pytest.mark.unit

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def client_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with mock_aws():
        yield functools.partial(boto3.client, region_name="us-east-1")


def test_what_an_account_has_from_the_beginning_is_not_told(client_of: Any) -> None:
    assert take(client_of) == {}


def test_each_kind_of_thing_is_told_by_its_name(client_of: Any) -> None:
    client_of("sqs").create_queue(QueueName="jobs")
    client_of("s3").create_bucket(Bucket="blobs")
    client_of("iam").create_role(RoleName="api", AssumeRolePolicyDocument=TRUST)
    client_of("logs").create_log_group(logGroupName="/aws/lambda/api")
    client_of("events").put_rule(Name="minute", ScheduleExpression="rate(1 minute)")
    client_of("events").create_event_bus(Name="pair")
    client_of("ssm").put_parameter(Name="/version", Value="1", Type="String")
    client_of("apigateway").create_rest_api(name="bellpair")

    assert list(take(client_of)) == [
        "REST API bellpair",
        "bucket blobs",
        "event bus pair",
        "log group /aws/lambda/api",
        "parameter /version",
        "queue jobs",
        "role api",
        "rule default/minute",
    ]


def test_a_list_is_read_to_its_last_page(client_of: Any) -> None:
    for number in range(120):
        client_of("iam").create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=TRUST)

    assert len(take(client_of)) == 120


def test_two_looks_tell_what_came_and_what_changed() -> None:
    before = {"queue jobs": "", "function api": "1"}
    after = {"function api": "2", "role api": ""}

    assert added(before, after) == ["role api"]
    assert added(after, before) == ["queue jobs"]
    assert changed(before, after) == ["function api"]


def test_a_thing_that_is_deleted_while_lists_are_read_is_no_failure(client_of: Any) -> None:
    """A stack that was left while it is deleted goes on doing so."""

    class Events:
        """Loses a bus between two lists."""

        def __init__(self) -> None:
            self._events = client_of("events")

        def list_event_buses(self) -> Any:
            found = self._events.list_event_buses()
            self._events.delete_event_bus(Name="pair")
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self._events, name)

    client_of("events").create_event_bus(Name="pair")
    losing = Events()

    found = take(lambda service: losing if service == "events" else client_of(service))

    assert list(found) == ["event bus pair"]
