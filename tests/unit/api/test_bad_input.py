"""Bad requests are refused with the place and the remedy, and nothing is stored."""

from __future__ import annotations

import pytest

from tests.bad_input import BAD_INPUTS, BadInput, unmet

from .conftest import Api


@pytest.mark.parametrize("case", BAD_INPUTS, ids=str)
def test_bad_input_is_refused_and_nothing_is_stored(api: Api, key: str, case: BadInput) -> None:
    authorization = f"Bearer {key}" if case.authorization is None else case.authorization
    keys_before = api.world.catalogue.key_hashes

    answer = api.request(
        case.method,
        case.path,
        authorization=authorization,
        headers=case.headers,
        body=case.content or None,
    )

    assert answer.status == case.status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert unmet(case, answer.json) == []
    assert api.world.ledger.jobs == {}
    assert (api.world.blobs.puts, api.world.wakeups.queues) == (0, [])
    assert api.world.catalogue.key_hashes == keys_before


def test_a_route_that_is_none_is_a_problem_document_too(api: Api, key: str) -> None:
    answer = api.request("GET", "/v1/qubits", key=key)

    assert (answer.status, answer.json["code"]) == (404, "route-not-found")
