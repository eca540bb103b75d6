"""Where endpoints and keys come from, and in which order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bellpair import ConfigurationError
from bellpair.configuration import discover, key_in


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose local cloud ``default`` is there."""
    write_client_file(tmp_path / "bellpair/local/default", port=4566)
    return {"XDG_STATE_HOME": str(tmp_path)}


def write_client_file(directory: Path, port: int) -> None:
    directory.mkdir(parents=True)
    content = {
        "endpoints": [f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port + 1}"],
        "api_key": f"bp_local_{port}",
        "operator_key": f"bp_operator_{port}",
        "tenant": "local",
    }
    (directory / "client.json").write_text(json.dumps(content))


def test_arguments_win(home: dict[str, str]) -> None:
    environ = home | {"BELLPAIR_ENDPOINTS": "https://env", "BELLPAIR_API_KEY": "bp_env"}
    found = discover(["https://a/", "https://b/v1"], "bp_mine", environ=environ)
    assert (found.endpoints, found.api_key) == (("https://a", "https://b"), "bp_mine")


def test_the_environment_comes_next(home: dict[str, str]) -> None:
    environ = home | {
        "BELLPAIR_ENDPOINTS": "https://a, https://b ,",
        "BELLPAIR_API_KEY": "bp_env\n",
    }
    found = discover(environ=environ)
    assert (found.endpoints, found.api_key) == (("https://a", "https://b"), "bp_env")


def test_the_local_cloud_comes_last(home: dict[str, str]) -> None:
    found = discover(environ=home)
    assert found.endpoints == ("http://127.0.0.1:4566", "http://127.0.0.1:4567")
    assert (found.api_key, found.operator_key) == ("bp_local_4566", "bp_operator_4566")


def test_a_local_cloud_can_be_named(home: dict[str, str], tmp_path: Path) -> None:
    write_client_file(tmp_path / "bellpair/local/other", port=5000)
    by_argument = discover(local_name="other", environ=home | {"BELLPAIR_ENDPOINTS": "http://env"})
    by_environment = discover(environ=home | {"BELLPAIR_LOCAL_NAME": "other"})
    assert by_argument == by_environment
    assert by_argument.api_key == "bp_local_5000"


def test_a_state_directory_can_be_named(tmp_path: Path) -> None:
    write_client_file(tmp_path / "here", port=6000)
    found = discover(environ={"BELLPAIR_STATE_DIR": str(tmp_path / "here")})
    assert found.api_key == "bp_local_6000"


def test_the_home_directory_is_where_state_is_without_xdg(tmp_path: Path) -> None:
    write_client_file(tmp_path / ".local/state/bellpair/local/default", port=7000)
    assert discover(environ={"HOME": str(tmp_path)}).api_key == "bp_local_7000"


def test_the_local_clouds_keys_never_go_elsewhere(home: dict[str, str]) -> None:
    by_argument = discover(["http://elsewhere"], environ=home)
    by_environment = discover(environ=home | {"BELLPAIR_ENDPOINTS": "http://elsewhere"})
    for found in (by_argument, by_environment):
        assert (found.api_key, found.operator_key) == (None, None)


def test_a_key_of_ones_own_opens_the_local_cloud_too(home: dict[str, str]) -> None:
    found = discover(environ=home | {"BELLPAIR_API_KEY": "bp_mine"})
    assert (found.api_key, found.operator_key) == ("bp_mine", None)


def test_nothing_known_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bellpair local up --detach"):
        discover(environ={"XDG_STATE_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"endpoints": 7}', '{"endpoints": ["http://a"], "api_key": 7}'],
)
def test_a_broken_client_file_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    (tmp_path / "client.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"client\.json cannot be read"):
        discover(environ={"BELLPAIR_STATE_DIR": str(tmp_path)})


@pytest.mark.parametrize("endpoint", ["", "a", "ftp://a", "http://", "http://u:secret@a"])
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        discover([endpoint], environ={})
    assert "secret" not in str(caught.value)


def test_a_key_file_holds_the_key_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        key_in(file)
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="empty"):
        key_in(file)
    file.write_text("bp_a_b\n")
    assert key_in(file) == "bp_a_b"


@pytest.mark.parametrize("endpoint", ["http://10.0.0.7:4566", "http://a.example/api"])
def test_a_key_goes_over_plain_http_to_another_machine_only_when_allowed(endpoint: str) -> None:
    environ = {"BELLPAIR_ENDPOINTS": f"https://b,{endpoint}", "BELLPAIR_API_KEY": "bp_secret"}

    with pytest.raises(ConfigurationError, match="BELLPAIR_ALLOW_PLAIN_HTTP=1") as caught:
        discover(environ=environ)
    with pytest.raises(ConfigurationError, match="plain http"):
        discover([endpoint], "bp_secret", environ={})
    allowed = discover(environ=environ | {"BELLPAIR_ALLOW_PLAIN_HTTP": "1"})

    assert "bp_secret" not in str(caught.value)
    assert allowed.endpoints == ("https://b", endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://a.example"]
)
def test_a_key_goes_to_this_machine_or_under_encryption(endpoint: str) -> None:
    assert discover([endpoint], "bp_secret", environ={}).api_key == "bp_secret"


def test_without_a_key_plain_http_harms_nobody() -> None:
    assert discover(["http://a.example"], environ={}).api_key is None
