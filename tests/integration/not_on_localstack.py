"""What does not hold on LocalStack, and why: the one place that says so.

docs/local-clouds.md has the same table.
"""

from __future__ import annotations

NOT_ON_LOCALSTACK = {
    "test_functions.py::test_the_http_api_asks_its_authorizer": (
        "API Gateway asks Lambda authorizers in the licensed editions alone"
    ),
}
"""Test, without its parameters -> why it is skipped."""


def reason(node_id: str) -> str | None:
    """Why a test is skipped on LocalStack, or None."""
    name = node_id.rsplit("/", 1)[-1].split("[", 1)[0]
    return NOT_ON_LOCALSTACK.get(name)
