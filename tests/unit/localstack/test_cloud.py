"""The platform on a LocalStack that cannot be used, and what is told of one that is down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bellpair_local.failures import LocalCloudError
from bellpair_local.topology import Role
from bellpair_localstack.cloud import LocalStackCloud
from bellpair_localstack.layout import Layout
from tests.unit.localstack.test_server import answering, free_port, health

BELLPAIR = Path(sys.executable).with_name("bellpair")


def bellpair(state_dir: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``bellpair local …`` with nothing else known of any cloud."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BELLPAIR_"))}
    kept.pop("LOCALSTACK_HOST", None)
    return subprocess.run(
        [BELLPAIR, "local", *words, "--state-dir", str(state_dir)],
        env=kept | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def layout(state_dir: Path, url: str | None = None) -> Layout:
    return Layout.plan("c", state_dir, state_dir / "cache", 20000, url)


def test_a_localstack_that_does_not_answer_is_named_with_what_to_do(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    done = bellpair(tmp_path, "up", "--on", "localstack", "--detach", AWS_ENDPOINT_URL=url)

    assert done.returncode == 1
    assert f"no LocalStack at {url}" in done.stderr
    assert "What to do:" in done.stderr
    assert bellpair(tmp_path, "status").returncode == 3
    assert LocalStackCloud("c", tmp_path).alive() == []


def test_a_localstack_of_a_version_known_to_fail_gets_nothing(tmp_path: Path) -> None:
    with answering(health("3.8.1")) as url:
        done = bellpair(tmp_path, "up", "--on", "localstack", "--detach", LOCALSTACK_HOST=url[7:])

    assert done.returncode == 1
    assert "3.8.1" in done.stderr
    assert LocalStackCloud("c", tmp_path).alive() == []


@pytest.mark.parametrize("command", ["kill", "freeze", "heal"])
def test_no_region_is_lost_where_one_process_is_both(tmp_path: Path, command: str) -> None:
    layout(tmp_path).save()

    done = bellpair(tmp_path, command, "us-east-1")

    assert done.returncode == 1
    assert "one process for both regions" in done.stderr


def test_a_layout_lies_on_consecutive_ports_and_leaves_a_localstack_that_was_there_its_own(
    tmp_path: Path,
) -> None:
    own, there = layout(tmp_path), layout(tmp_path, "http://box:4566")

    assert own.ports == [20000, 20001, 20002, 20003]
    assert there.ports == [20001, 20002, 20003]
    assert own.url == "http://127.0.0.1:20000"
    assert set(there.target.endpoints.values()) == {"http://box:4566"}
    assert there.target.variables["AWS_ENDPOINT_URL_BRAKET"] == there.door.endpoint


def test_what_is_laid_out_is_found_again_and_damaged_words_count_as_nothing(
    tmp_path: Path,
) -> None:
    layout(tmp_path).save()
    assert Layout.load(tmp_path) == layout(tmp_path)

    (tmp_path / "localstack.json").write_text('{"cloud": "c"')

    assert Layout.load(tmp_path) is None
    assert LocalStackCloud("c", tmp_path).status().state == "down"


def test_a_cloud_that_is_down_says_so_of_each_part(tmp_path: Path) -> None:
    layout(tmp_path).save()

    report = LocalStackCloud("c", tmp_path).status()

    assert report.state == "down"
    assert [(m.role, m.health) for m in report.members] == [
        (Role.LOCALSTACK, "dead"),
        (Role.BRAKET, "dead"),
        (Role.BRAKET, "dead"),
        (Role.DOOR, "dead"),
    ]
    assert json.loads(report.model_dump_json())["braket"]["us-west-2"].endswith(":20002")


def test_taking_down_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    layout(tmp_path, f"http://127.0.0.1:{free_port()}").save()
    cloud = LocalStackCloud("c", tmp_path)

    cloud.stop()

    assert cloud.layout() is None


def test_a_localstack_that_goes_away_before_the_start_is_told(tmp_path: Path) -> None:
    cloud = LocalStackCloud("c", tmp_path)

    with pytest.raises(LocalCloudError, match="no LocalStack at"):
        cloud.start(layout(tmp_path, f"http://127.0.0.1:{free_port()}"))

    assert cloud.layout() is None
