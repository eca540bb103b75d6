"""What does not hold on LocalStack, and why: the one place that says so.

docs/local-clouds.md has the same table.
"""

from __future__ import annotations

NOT_ON_LOCALSTACK = {
    "test_functions.py::test_the_http_api_asks_its_authorizer": (
        "API Gateway asks Lambda authorizers in the licensed editions alone"
    ),
    "test_functions.py::test_a_function_s_failure_is_told_in_the_api_s_own_words": (
        "API Gateway keeps the templates of its own answers, and does not fill them in"
    ),
    "test_functions.py::test_a_body_over_10_mb_is_told_in_the_api_s_own_words": (
        "API Gateway hands bodies of any size on, and answers in its own words where that fails"
    ),
}
"""Test, without its parameters -> why it is skipped."""


def reason(node_id: str) -> str | None:
    """Why a test is skipped on LocalStack, or None."""
    name = node_id.rsplit("/", 1)[-1].split("[", 1)[0]
    return NOT_ON_LOCALSTACK.get(name)
