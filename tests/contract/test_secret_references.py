"""Secrets are read where their reference says, kept for a while, and told to nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.secret_references import KEPT_S, SecretReferences, SecretUnreadable
from bellpair_core.model.errors import TransientFault

REGION = "us-east-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client.cache_clear()
        client("secretsmanager", REGION).create_secret(Name="kite-5", SecretString="from manager")
        client("ssm", REGION).put_parameter(
            Name="/lab/kite-5", Value="from parameters", Type="SecureString"
        )
        yield
    client.cache_clear()
    server.stop()


class Clock:
    """Goes forward when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("reference", "secret"),
    [("secretsmanager:kite-5", "from manager"), ("ssm:/lab/kite-5", "from parameters")],
)
def test_a_secret_is_read_where_its_reference_says(aws: None, reference: str, secret: str) -> None:
    assert SecretReferences(REGION)(reference) == secret


def test_a_secret_is_kept_for_a_while_and_read_anew_when_asked(aws: None) -> None:
    clock = Clock()
    secrets = SecretReferences(REGION, clock)
    service = client("secretsmanager", REGION)
    service.create_secret(Name="turning", SecretString="first")

    assert secrets("secretsmanager:turning") == "first"
    service.put_secret_value(SecretId="turning", SecretString="second")
    assert secrets("secretsmanager:turning") == "first"
    assert secrets("secretsmanager:turning", anew=True) == "second"
    service.put_secret_value(SecretId="turning", SecretString="third")
    clock.now += KEPT_S + 1
    assert secrets("secretsmanager:turning") == "third"


@pytest.mark.parametrize("reference", ["secretsmanager:not-there", "ssm:/not/there"])
def test_a_secret_that_is_not_there_may_come(aws: None, reference: str) -> None:
    with pytest.raises(TransientFault, match="there is no secret"):
        SecretReferences(REGION)(reference)


def test_a_reference_that_names_no_place_is_refused_without_repeating_a_secret() -> None:
    with pytest.raises(SecretUnreadable, match="begin it with secretsmanager:") as refused:
        SecretReferences(REGION)("hunter2")
    assert "hunter2" not in str(refused.value)


def test_a_tool_may_take_one_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITE_TOKEN", "typed")
    assert SecretReferences(REGION)("env:KITE_TOKEN") == "typed"
    monkeypatch.delenv("KITE_TOKEN")
    with pytest.raises(SecretUnreadable, match="KITE_TOKEN is not set"):
        SecretReferences(REGION)("env:KITE_TOKEN")
