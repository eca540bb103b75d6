"""Where Bellpair is and which key opens it: arguments, then environment, then the local cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bellpair.errors import ConfigurationError

DEFAULT_LOCAL_NAME = "default"


@dataclass(frozen=True)
class Configuration:
    """What a client needs to know.

    Attributes
    ----------
    endpoints
        Base URLs of the pair's regions, the likely active one first.
    api_key
        The key, or ``None`` for what needs none.
    operator_key
        The local cloud's operator key, for making tenants; ``None`` elsewhere.
    origin
        Where the endpoints come from, in words.
    plain_http
        Whether a key may go over plain http to another machine.

    Raises
    ------
    ConfigurationError
        If a key would go over plain http to another machine though it may not.
    """

    endpoints: tuple[str, ...]
    api_key: str | None = field(default=None, repr=False)
    operator_key: str | None = field(default=None, repr=False)
    origin: str = "arguments"
    plain_http: bool = False

    def __post_init__(self) -> None:
        if self.plain_http or not (self.api_key or self.operator_key):
            return
        for endpoint in self.endpoints:
            url = urlsplit(endpoint)
            if url.scheme == "http" and not _is_loopback(url.hostname or ""):
                raise ConfigurationError(
                    f"The API key would go to {url.netloc} over plain http, where others can read"
                    " it.",
                    remedy="Use an https endpoint, or set BELLPAIR_ALLOW_PLAIN_HTTP=1 if nobody"
                    " else is on that network.",
                )


def discover(
    endpoints: Sequence[str] | None = None,
    api_key: str | None = None,
    local_name: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Configuration:
    """Find endpoints and key.

    Explicit arguments win; then ``BELLPAIR_ENDPOINTS`` (separated by commas) and
    ``BELLPAIR_API_KEY``; then the ``client.json`` of the local cloud. A key from the local
    cloud's file is only ever used with the endpoints of that same file.

    Parameters
    ----------
    endpoints
        Base URLs.
    api_key
        API key.
    local_name
        Name of a local cloud; names its file even where the environment has endpoints.
    environ
        Environment variables.

    Raises
    ------
    ConfigurationError
        If no endpoint is known, an endpoint or the file cannot be understood, or a key would go
        over plain http to another machine and ``BELLPAIR_ALLOW_PLAIN_HTTP`` is not ``1``.
    """
    if isinstance(endpoints, str):
        endpoints = [endpoints]
    api_key = _checked_key(api_key, "The API key given")
    key = api_key or _checked_key(environ.get("BELLPAIR_API_KEY"), "BELLPAIR_API_KEY")
    listed = [part for part in environ.get("BELLPAIR_ENDPOINTS", "").split(",") if part.strip()]
    plain_http = _allows_plain_http(environ)
    if endpoints:
        return Configuration(_checked(endpoints), key, plain_http=plain_http)
    if listed and local_name is None:
        return Configuration(
            _checked(listed), key, origin="BELLPAIR_ENDPOINTS", plain_http=plain_http
        )
    return _local_cloud(local_name, api_key if local_name else key, environ)


def key_in(file: Path) -> str:
    """The API key in a file that holds nothing else.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or holds no key.
    """
    try:
        key = _checked_key(file.read_text("utf-8"), f"The key in {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The key file {file} cannot be read ({type(error).__name__}).",
            remedy="Check its name and permissions.",
        ) from None
    if key is None:
        raise ConfigurationError(f"The key file {file} is empty.", remedy="Put the API key in it.")
    return key


def state_directory(local_name: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The state directory of a local cloud.

    ``BELLPAIR_STATE_DIR`` is the directory of one cloud and wins over any name.
    """
    if environ.get("BELLPAIR_STATE_DIR"):
        return Path(environ["BELLPAIR_STATE_DIR"])
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "~")).expanduser() / (
        ".local/state"
    )
    name = local_name or environ.get("BELLPAIR_LOCAL_NAME") or DEFAULT_LOCAL_NAME
    return Path(home) / "bellpair" / "local" / name


def _local_cloud(
    local_name: str | None, api_key: str | None, environ: Mapping[str, str]
) -> Configuration:
    file = state_directory(local_name, environ) / "client.json"
    try:
        content: Any = json.loads(file.read_text("utf-8"))
        endpoints = _checked(content["endpoints"])
        key = _checked_key(content.get("api_key"), f"The key in {file}")
        operator_key = _checked_key(content.get("operator_key"), f"The operator key in {file}")
    except FileNotFoundError:
        raise ConfigurationError(
            "No Bellpair endpoint is known: BELLPAIR_ENDPOINTS is not set and "
            f"{file} is not there.",
            remedy="Start a local cloud with `bellpair local up --detach`, or set "
            "BELLPAIR_ENDPOINTS and BELLPAIR_API_KEY.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The cause is named by its kind only: the file holds keys.
        raise ConfigurationError(
            f"{file} cannot be read as a local cloud's client file ({type(error).__name__}).",
            remedy="Restart the local cloud with `bellpair local down` and `bellpair local up`.",
        ) from None
    return Configuration(
        endpoints,
        api_key or key,
        operator_key if api_key is None else None,
        origin=str(file),
        plain_http=_allows_plain_http(environ),
    )


def _allows_plain_http(environ: Mapping[str, str]) -> bool:
    return environ.get("BELLPAIR_ALLOW_PLAIN_HTTP") == "1"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(endpoints: Sequence[str]) -> tuple[str, ...]:
    cleaned = tuple(endpoint.strip().rstrip("/") for endpoint in endpoints)
    for endpoint in cleaned:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigurationError(
                f"{parts.hostname or endpoint!r} is not an endpoint that Bellpair understands.",
                remedy="Give each endpoint as a URL without user name, such as "
                "https://abc.execute-api.us-east-1.amazonaws.com/api.",
            )
    if not cleaned:
        raise ConfigurationError("The list of endpoints is empty.", remedy="Name at least one.")
    return tuple(dict.fromkeys(endpoint.removesuffix("/v1") for endpoint in cleaned))


def _checked_key(key: str | None, what: str) -> str | None:
    key = (key or "").strip()
    if not key:
        return None
    # An HTTP library would quote an impossible header value in its error, key and all.
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigurationError(
            f"{what} is not an API key.", remedy="A key is one word: bp_<id>_<secret>."
        )
    return key
