"""Devices that have services of their own: what a stage may say of them, and who may ask them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bellpair_cdk.access import Access, Accesses, environment
from bellpair_cdk.names import Names
from bellpair_cdk.stage import Stage, StageUnknown, load
from bellpair_core.settings import DeviceSetting
from tests.deployment.test_samplesconfig import FILE, configuration

KITE = 'adapter = "http"\nurl = "https://kite.example/v1"\n'
SECRET = 'credential = "secretsmanager:kite-5"\n'
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def stage_with(folder: Path, said: str, name: str = "kite-5", **changes: object) -> Stage:
    tables = {f'devices."{name}"': said}
    return load("local", configuration(folder, tables, **changes))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "a device has an arn, which is Braket's, or an adapter"),
        (f'arn = "{SV1}"\nadapter = "http"', "give one of them"),
        (f'arn = "{SV1}"\nurl = "https://kite.example"', "not an arn"),
        ('adapter = "http"', "adapter = 'http' needs url"),
        (KITE + 'region = "us-east-1"', "has no region: take it out"),
        (KITE + 'credential = "hunter2"', "credential = 'hunter2'"),
        ('adapter = "http"\nurl = "http://kite.example"', "give one that begins with https://"),
        ('adapter = "http"\nurl = "http://localhost.kite.example"', "begins with https://"),
        ('adapter = "http"\nurl = "https://me:secret@kite.example"', "url = "),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, said: str, told: str) -> None:
    with pytest.raises(StageUnknown) as unknown:
        stage_with(tmp_path, said)
    assert told in str(unknown.value)


def test_a_name_that_would_not_lead_back_from_a_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageUnknown, match="begin with a letter"):
        stage_with(tmp_path, KITE, name="kite:5")


def test_a_service_without_tls_is_on_this_machine_and_in_a_local_cloud_alone(
    tmp_path: Path,
) -> None:
    here = 'adapter = "http"\nurl = "http://127.0.0.1:8099"'
    assert stage_with(tmp_path, here).devices["kite-5"].url == "http://127.0.0.1:8099"
    with pytest.raises(StageUnknown, match="begins with https://"):
        stage_with(tmp_path, here, cloud="aws", poll_seconds=60)


def accesses_of(stage: Stage) -> Accesses:
    return Accesses(Names(stage, "us-west-2", account="123456789012", partition="aws"), json.dumps)


def statements(*accesses: Access) -> list[dict[str, object]]:
    return [one.to_json() for access in accesses for one in access.statements()]


def test_functions_are_told_where_it_is_and_never_what_it_asks_for(tmp_path: Path) -> None:
    told = environment([accesses_of(stage_with(tmp_path, KITE + SECRET)).know_devices()])
    devices = TypeAdapter(tuple[DeviceSetting, ...]).validate_json(told["BELLPAIR_DEVICES"])

    assert [device.name for device in devices] == ["sv1", "kite-5"]
    assert devices[1] == DeviceSetting(
        name="kite-5",
        arn="bellpair:device:kite-5",
        adapter="http",
        url="https://kite.example/v1",
        credential="secretsmanager:kite-5",
    )


@pytest.mark.parametrize(
    ("said", "action", "resource"),
    [
        (
            SECRET,
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:kite-5-??????",
        ),
        (
            'credential = "ssm:/lab/kite-5"',
            "ssm:GetParameter",
            "arn:aws:ssm:us-west-2:123456789012:parameter/lab/kite-5",
        ),
    ],
)
def test_who_asks_devices_may_read_that_secret_and_no_other(
    tmp_path: Path, said: str, action: str, resource: str
) -> None:
    accesses = accesses_of(stage_with(tmp_path, KITE + said))
    secret = {"Action": action, "Effect": "Allow", "Resource": resource}

    for asked in (
        (accesses.follow_tasks(),),
        (accesses.cancel_tasks(),),
        (accesses.read_devices(),),
        accesses.launch_tasks(),
    ):
        found = statements(*asked)
        assert secret in found
        assert [one for one in found if action in str(one["Action"])] == [secret]
    others = (accesses.know_devices(), accesses.read_results(), accesses.write_jobs())
    assert "kite-5" not in json.dumps(statements(*others))


def test_no_right_at_braket_names_a_device_that_is_not_there(tmp_path: Path) -> None:
    accesses = accesses_of(stage_with(tmp_path, KITE))
    found = statements(accesses.read_devices(), *accesses.launch_tasks())

    assert "bellpair:device" not in json.dumps(found)
    assert "None" not in json.dumps(found)


def test_a_stage_without_such_devices_grants_nothing_of_the_kind() -> None:
    accesses = accesses_of(load("local", FILE))
    granted = json.dumps(
        statements(
            accesses.follow_tasks(),
            accesses.cancel_tasks(),
            accesses.read_devices(),
            *accesses.launch_tasks(),
        )
    )

    assert "secretsmanager" not in granted
    assert "ssm:" not in granted
