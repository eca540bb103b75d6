"""Regions, links and devices that are lost and come back."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from bellpair_local import healing, outages
from tests import small_assembly
from tests.polling import eventually

from .conftest import SmallCloud, bellpair_local

pytestmark = pytest.mark.integration

ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
PROGRAM = "OPENQASM 3.0; qubit[1] q; h q[0]; bit[1] b; b = measure q;"


def health(cloud: SmallCloud) -> dict[str, str]:
    """What the status says of each process."""
    return {member.name: member.health for member in cloud.cloud.status().members}


def create_task(cloud: SmallCloud, region: str) -> str:
    """Ask for a task on ion-11 through the edge of ``region``; return its ARN."""
    header = {"name": "braket.ir.openqasm.program", "version": "1"}
    answer = braket(cloud, region).create_quantum_task(
        clientToken=uuid.uuid4().hex,
        deviceArn=ION,
        shots=20,
        outputS3Bucket="amazon-braket-small-us-east-1",
        outputS3KeyPrefix="jobs/j/1",
        action=json.dumps({"braketSchemaHeader": header, "source": PROGRAM}),
    )
    return str(answer["quantumTaskArn"])


def braket(cloud: SmallCloud, through: str) -> Any:
    """A client of us-east-1's device service that asks the edge of a region."""
    return cloud.aws("braket", "us-east-1", through=through)


def say_hello(cloud: SmallCloud, region: str, **headers: str) -> int:
    """The status of the HTTP API's answer in ``region``."""
    path = f"/restapis/{cloud.api_id(region)}/api/_user_request_/hello"
    with cloud.edge(region) as edge:
        return edge.get(path, headers={"Authorization": "let-me-in", **headers}).status_code


def test_a_killed_region_is_away_and_heals_with_all_that_must_not_be_lost(
    small_cloud: SmallCloud,
) -> None:
    state_dir = small_cloud.cloud.state_dir
    key = uuid.uuid4().hex
    small_cloud.aws("dynamodb").put_item(
        TableName=small_assembly.CATALOGUE, Item={"pk": {"S": key}, "sk": {"S": "seen"}}
    )
    eventually(lambda: small_cloud.catalogue("us-west-2", key))
    api = small_cloud.api_id("us-east-1")
    outages.device(small_cloud.cloud, "ion-11", queue_delay_s=0)
    arn = create_task(small_cloud, "us-east-1")
    result = eventually(lambda: stored_result(small_cloud, arn))

    killed = bellpair_local("kill", "us-east-1", state_dir=state_dir)

    assert (killed.returncode, "us-east-1 is lost" in killed.stderr) == (0, True)
    assert "was lost already" in bellpair_local("kill", "us-east-1", state_dir=state_dir).stderr
    states = health(small_cloud)
    assert (states["us-east-1"], states["braket-us-east-1"]) == ("dead", "outage")
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        braket(small_cloud, "us-west-2").get_quantum_task(quantumTaskArn=arn)

    # As where its healing was broken off: it is back, empty, and nobody must meet it yet.
    small_cloud.cloud.restart(small_cloud.topology.member("us-east-1"), closed=True)
    assert health(small_cloud)["us-east-1"] == "recovering"
    with small_cloud.edge("us-east-1") as edge, pytest.raises(httpx.RemoteProtocolError):
        edge.get("/restapis/any/api/_user_request_/hello")
    with pytest.raises(ClientError, match="not back yet"):
        small_cloud.aws("s3", through="us-west-2").list_buckets()

    healed = bellpair_local("heal", "us-east-1", state_dir=state_dir)

    assert healed.returncode == 0, healed.stderr
    assert set(health(small_cloud).values()) == {"ok"}
    assert small_cloud.api_id("us-east-1") == api
    assert small_cloud.invoke({"n": 2})["event"] == {"n": 2}
    assert say_hello(small_cloud, "us-east-1") == 200
    assert small_cloud.catalogue("us-east-1", key)
    assert stored_result(small_cloud, arn) == result
    task = braket(small_cloud, "us-west-2").get_quantum_task(quantumTaskArn=arn)
    assert task["status"] == "COMPLETED"
    assert small_cloud.catalogue("us-west-2", "repair all in us-west-2")
    eventually(lambda: small_cloud.catalogue("us-east-1", "sentinel of us-east-1"))


def stored_result(cloud: SmallCloud, arn: str) -> bytes | None:
    """The result of a task as us-east-1's S3 has it."""
    key = f"jobs/j/1/{arn.rpartition('/')[2]}/results.json"
    try:
        answer = cloud.aws("s3").get_object(Bucket="amazon-braket-small-us-east-1", Key=key)
    except ClientError:
        return None
    content: bytes = answer["Body"].read()
    return content


def test_a_frozen_region_takes_connections_and_goes_on_when_it_is_thawed(
    small_cloud: SmallCloud,
) -> None:
    state_dir = small_cloud.cloud.state_dir
    small_cloud.invoke({}, "us-west-2")
    path = f"/restapis/{small_cloud.api_id('us-west-2')}/api/_user_request_/hello"
    frozen = bellpair_local("freeze", "us-west-2", state_dir=state_dir)
    try:
        assert (frozen.returncode, "is frozen" in frozen.stderr) == (0, True)
        assert health(small_cloud)["us-west-2"] == "frozen"
        status = bellpair_local("status", "--json", state_dir=state_dir)
        assert (status.returncode, json.loads(status.stdout)["state"]) == (3, "degraded")
        with small_cloud.edge("us-west-2") as edge, pytest.raises(httpx.ReadTimeout):
            edge.get(path, timeout=0.5)
        assert small_cloud.invoke({"n": 1})["event"] == {"n": 1}
    finally:
        healed = bellpair_local("heal", "us-west-2", state_dir=state_dir)
    assert (healed.returncode, "goes on" in healed.stderr) == (0, True)
    assert say_hello(small_cloud, "us-west-2") == 200
    assert health(small_cloud)["us-west-2"] == "ok"


def test_a_partition_cuts_both_ways_and_a_direct_caller_without_an_answer(
    small_cloud: SmallCloud,
) -> None:
    cloud = small_cloud.cloud
    outages.part(cloud, "us-east-1", "us-west-2")
    for here, there in (("us-east-1", "us-west-2"), ("us-west-2", "us-east-1")):
        with pytest.raises(httpx.RemoteProtocolError):
            say_hello(small_cloud, here, **{"X-Bellpair-From": there})
        assert say_hello(small_cloud, here) == 200
        with pytest.raises(ClientError, match="parted"):
            small_cloud.aws("s3", there, through=here).list_buckets()
    with pytest.raises(ClientError, match="parted"):
        braket(small_cloud, "us-west-2").search_devices(filters=[])

    outages.join(cloud, "us-west-2", "us-east-1")

    assert say_hello(small_cloud, "us-east-1", **{"X-Bellpair-From": "us-west-2"}) == 200
    assert braket(small_cloud, "us-west-2").search_devices(filters=[])["devices"]


def test_a_region_without_the_witness_is_refused_its_ledger_until_it_is_healed(
    small_cloud: SmallCloud,
) -> None:
    def read() -> Any:
        return small_cloud.aws("dynamodb").get_item(
            TableName=small_assembly.LEDGER, Key={"pk": {"S": "x"}, "sk": {"S": "x"}}
        )

    small_cloud.faults("us-east-1", latency_ms=1)
    outages.part(small_cloud.cloud, "us-east-1", "witness")
    with small_cloud.edge("us-east-1") as edge:
        faults = edge.get("/_faults").json()
    assert (faults["latency_ms"], faults["partitions"]) == (1, ["witness"])
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        read()

    healed = healing.heal(small_cloud.cloud, "us-east-1")

    assert (healed.restarted, healed.thawed) == (False, 0)
    read()
    for member in ("us-east-1", "witness"):
        with small_cloud.edge(member) as edge:
            faults = edge.get("/_faults").json()
        assert (faults["latency_ms"], faults["partitions"]) == (0, [])


def test_braket_s_events_come_twice_and_late(small_cloud: SmallCloud) -> None:
    names = [uuid.uuid4().hex for _ in range(4)]
    small_cloud.faults("us-east-1", event_duplicate_rate=1, event_reorder_ms=50)
    small_cloud.aws("events").put_events(Entries=[event(name) for name in names])
    eventually(lambda: all(times_seen(small_cloud, name) == 2 for name in names))


def test_braket_s_events_are_lost(small_cloud: SmallCloud) -> None:
    lost, heard = uuid.uuid4().hex, uuid.uuid4().hex
    small_cloud.faults("us-east-1", event_drop_rate=1)
    small_cloud.aws("events").put_events(Entries=[event(lost)])
    small_cloud.faults("us-east-1")
    small_cloud.aws("events").put_events(Entries=[event(heard)])
    eventually(lambda: times_seen(small_cloud, heard))
    assert times_seen(small_cloud, lost) == 0


def test_a_rule_s_function_that_fails_is_tried_twice_more(small_cloud: SmallCloud) -> None:
    name = uuid.uuid4().hex
    small_cloud.aws("events").put_events(Entries=[event(name, **{"raise": True})])
    eventually(lambda: times_seen(small_cloud, name) == 3)


def event(name: str, **more: Any) -> dict[str, str]:
    """An event of Braket that the small function takes note of."""
    detail = json.dumps({"name": name, **more})
    return {"Source": "aws.braket", "DetailType": "x", "Detail": detail}


def times_seen(cloud: SmallCloud, name: str) -> int:
    """How often the small function got an event."""
    item = cloud.catalogue("us-east-1", f"braket {name}")
    return int(item["times"]["N"]) if item else 0


def test_a_long_invocation_that_nobody_waits_for_keeps_nothing_else(
    small_cloud: SmallCloud,
) -> None:
    begun = uuid.uuid4().hex
    answer = small_cloud.aws("lambda").invoke(
        FunctionName="bellpair-local-sentinel",
        InvocationType="Event",
        Payload=json.dumps({"sleep": 100, "begun": begun}),
    )
    assert answer["StatusCode"] == 202
    eventually(lambda: small_cloud.catalogue("us-east-1", begun))
    assert small_cloud.invoke({"n": 1})["event"] == {"n": 1}
    with small_cloud.edge("us-east-1") as edge:
        workers = edge.get("/_local/workers").json()["workers"]
    busy = [w["function"] for w in workers if w["state"] == "busy"]
    assert "bellpair-local-sentinel" in busy
    # Its retries, as of every asynchronous invocation, would go on with it.
    assert outages.lose_zone(small_cloud.cloud, "us-east-1") == -(-len(workers) // 3)


def test_a_device_is_found_wherever_it_is(small_cloud: SmallCloud) -> None:
    set_ = outages.device(small_cloud.cloud, "sv1", fail_next=0)
    assert set(set_) == {"us-east-1", "us-west-2"}
    with pytest.raises(Exception, match="no device 'moon'"):
        outages.device(small_cloud.cloud, "moon", fail_next=0)
    with pytest.raises(Exception, match="unknown setting 'fail'"):
        outages.device(small_cloud.cloud, "ion-11", fail=1)
