"""Whether a LocalStack is one for the tests is looked at before any test runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration import on_localstack
from tests.unit.localstack.test_server import answering


def test_no_test_runs_on_a_localstack_without_our_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "test_none.py"
    empty.write_text("")
    said = {"version": "4.14.0", "localstack.hooks.on_infra_start": []}
    with answering(json.dumps(said).encode()) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        status = on_localstack.main([str(empty)])

    assert status == on_localstack.TROUBLE
    said_at_last = capsys.readouterr().err
    assert "No test was run." in said_at_last
    assert "without our plug-ins" in said_at_last


@pytest.mark.parametrize("place", on_localstack.PART)
def test_what_a_part_of_them_has_is_there(place: str) -> None:
    # pytest itself would run nothing at all where one is missing.
    file, _, name = place.partition("::")
    source = (on_localstack.HERE / file).read_text()

    assert f"def {name or 'test_'}" in source
