"""The page on clouds lists the very tests that are skipped on LocalStack, which must exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.not_on_localstack import NOT_ON_LOCALSTACK, reason

ROOT = Path(__file__).parents[3]
HANDFUL = 6


def test_the_page_lists_what_is_skipped_with_its_reason() -> None:
    page = (ROOT / "docs" / "local-clouds.md").read_text()

    listed = dict(re.findall(r"^\| `(test_\w+\.py::\w+)` \| (.+) \|$", page, re.MULTILINE))

    assert listed == NOT_ON_LOCALSTACK


@pytest.mark.parametrize("name", NOT_ON_LOCALSTACK)
def test_what_is_skipped_is_a_test(name: str) -> None:
    file, _, function = name.partition("::")

    assert f"def {function}(" in (ROOT / "tests" / "integration" / file).read_text()


def test_it_is_a_handful() -> None:
    assert len(NOT_ON_LOCALSTACK) <= HANDFUL


def test_a_test_is_skipped_with_all_its_parameters_and_no_other_is() -> None:
    name, why = next(iter(NOT_ON_LOCALSTACK.items()))

    assert reason(f"tests/integration/{name}") == why
    assert reason(f"tests/integration/{name}[us-east-1]") == why
    assert reason(f"tests/integration/{name}_too") is None
