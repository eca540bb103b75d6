"""Each function's handler can be loaded from its settings alone."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bellpair_core.adapters.aws import client

FUNCTIONS = Path(__file__).parents[2] / "functions"
# A worker has none of the platform's settings; tests/unit/worker loads it.
HANDLERS = sorted(
    file.parent.name for file in FUNCTIONS.glob("*/handler.py") if file.parent.name != "worker"
)
REGIONS = ("us-east-1", "us-west-2")
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:test"
ENVIRONMENT = {
    "AWS_REGION": REGIONS[0],
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "BELLPAIR_STAGE": "test",
    "BELLPAIR_PRIMARY_REGION": REGIONS[0],
    "BELLPAIR_SECONDARY_REGION": REGIONS[1],
    "BELLPAIR_LEDGER_TABLE": "ledger",
    "BELLPAIR_CATALOGUE_TABLE": "catalogue",
    "BELLPAIR_DISPATCH_QUEUE_URLS": json.dumps(dict.fromkeys(REGIONS, "https://sqs.test/q")),
    "BELLPAIR_JOB_STATE_MACHINE_ARN": MACHINE,
    "BELLPAIR_HYBRID_STATE_MACHINE_ARN": MACHINE,
    "BELLPAIR_FAILOVER_MACHINE": MACHINE,
}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a function that nothing is reached from."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    yield
    client.cache_clear()


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_ready_once_its_module_is_loaded(name: str) -> None:
    spec = importlib.util.spec_from_file_location(
        f"handler_of_{name}", FUNCTIONS / name / "handler.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)

    spec.loader.exec_module(module)

    assert callable(module.handler)
