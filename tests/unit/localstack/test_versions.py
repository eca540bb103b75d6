"""Which LocalStack is taken and which refused, by what it says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_localstack import cli, versions
from bellpair_localstack.failures import VersionRefused

URL = "http://localhost:4566"


@pytest.mark.parametrize("version", ["4.14.0", "4.14.1+abc", "4.14.1.dev12", "4.14"])
def test_versions_that_serve_the_platform(version: str) -> None:
    versions.check(version, URL)


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("4.13.9", "older than 4.14"),
        ("4.3.1.dev12", "older than 4.14"),
        ("4", "older than 4.14"),
        ("3.8.1", "older than 4.14"),
        ("2026.3.0", "token"),
        ("2027.1.0.dev3", "token"),
        ("", "does not say which version"),
        ("latest", "does not say which version"),
    ],
)
def test_versions_known_to_fail_are_refused_with_the_reason(version: str, why: str) -> None:
    with pytest.raises(VersionRefused, match=why) as refused:
        versions.check(version, URL)

    assert URL in str(refused.value)
    assert versions.HOST_MODE in refused.value.remedy


def test_all_that_tells_how_to_run_one_tells_the_same() -> None:
    page = (Path(versions.__file__).parent / "README.md").read_text()

    assert versions.DOCKER in " ".join(page.replace("\\\n", "").split())
    assert versions.HOW_TO_RUN in cli._EXAMPLES


def test_a_container_has_what_its_functions_and_the_second_region_need() -> None:
    # Braket and its door answer at this machine's own 127.0.0.1.
    assert "--network host" in versions.DOCKER
    assert "LAMBDA_RUNTIME_EXECUTOR=process" in versions.DOCKER
    assert ":/plugins -e PYTHONPATH=/plugins" in versions.DOCKER
    assert "docker.sock" not in versions.DOCKER


def test_the_version_that_is_started_here_is_the_one_that_is_locked() -> None:
    from bellpair_localstack.environment import REQUIREMENTS

    assert f"localstack-core=={versions.HOST_MODE} " in REQUIREMENTS.read_text()


def test_the_table_is_in_order() -> None:
    since = [known.since for known in versions.KNOWN]

    assert since == sorted(since)
