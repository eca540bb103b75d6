"""The address of a LocalStack, from the settings that localstack-client knows."""

from __future__ import annotations

import pytest

from bellpair_localstack import address


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
def test_where_a_localstack_is(settings: dict[str, str], url: str | None) -> None:
    assert address.named(settings) == url
