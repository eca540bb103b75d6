"""The address of a LocalStack, from the settings that localstack-client knows."""

from __future__ import annotations

import pytest

from bellpair_localstack import address
from bellpair_localstack.failures import AddressMalformed


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": "  ", "LOCALSTACK_HOST": ""}, None),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4600/"}, "http://127.0.0.1:4600"),
        ({"LOCALSTACK_HOST": "box"}, "http://box:4566"),
        ({"LOCALSTACK_HOST": "box:4600"}, "http://box:4600"),
        ({"LOCALSTACK_HOST": ":4600"}, "http://localhost:4600"),
        ({"LOCALSTACK_HOST": "box", "USE_SSL": "true"}, "https://box:4566"),
        ({"AWS_ENDPOINT_URL": "http://a:1", "LOCALSTACK_HOST": "b:2"}, "http://a:1"),
    ],
)
def test_where_a_localstack_is(
    settings: dict[str, str], url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "USE_SSL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert address.named() == url


@pytest.mark.parametrize("host", ["box:port", "box:", "http://box:4566"])
def test_what_is_no_host_with_a_port_is_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("LOCALSTACK_HOST", host)

    with pytest.raises(AddressMalformed, match=host) as refused:
        address.named()

    assert "localhost:4566" in refused.value.remedy
