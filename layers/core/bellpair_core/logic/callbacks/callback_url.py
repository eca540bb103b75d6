"""URLs that may be called back."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.ports import HostNames

from .public_address import is_public

_URL_CHARACTERS_MAX = 2000
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}")
_HTTPS = 443


class CallbackUrl(NamedTuple):
    """A URL taken apart.

    Attributes
    ----------
    path
        With the query; begins with a slash.
    """

    host: str
    port: int
    path: str


def read_callback_url(url: str) -> CallbackUrl:
    """Take a URL apart that may be called back, as far as it tells by itself.

    Raises
    ------
    BellpairError
        ``callback-invalid``, saying why it may not.
    """
    if len(url) > _URL_CHARACTERS_MAX or not (url.isascii() and url.isprintable()) or " " in url:
        raise _invalid(
            f"The URL must be of at most {_URL_CHARACTERS_MAX} printable ASCII characters."
        )
    if "\\" in url:
        raise _invalid("The URL has a backslash, which readers take for different things.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("The URL cannot be read.") from None
    if parts.scheme.lower() != "https":
        raise _invalid("The URL's scheme must be https.")
    if parts.username is not None or parts.password is not None:
        raise _invalid(
            "The URL holds a user name or password.",
            "Leave it out; the header X-Bellpair-Signature tells that a call is Bellpair's.",
        )
    if "#" in url:
        raise _invalid("The URL has a fragment, which no server would see.", "Leave it out.")
    host = (parts.hostname or "").rstrip(".").lower()
    if not _HOST.fullmatch(host):
        raise _invalid("The URL must name a host by its full name, and not by an address.")
    if port == 0:
        raise _invalid("The URL's port must be from 1 to 65535.")
    query = f"?{parts.query}" if parts.query else ""
    return CallbackUrl(host, port or _HTTPS, f"{parts.path or '/'}{query}")


def require_public_host(url: CallbackUrl, hosts: HostNames) -> None:
    """Let pass a host all of whose addresses are public.

    Raises
    ------
    BellpairError
        ``callback-invalid``. The addresses are not told: they may be of a network inside.
    """
    addresses = hosts.addresses(url.host, url.port)
    if not addresses:
        raise _invalid(f"The host {url.host} has no address.", "Check the host's name.")
    if not all(map(is_public, addresses)):
        raise _invalid(f"The host {url.host} is not, or not only, on the public Internet.")


def _invalid(detail: str, remedy: str | None = None) -> BellpairError:
    return BellpairError(ErrorCode.CALLBACK_INVALID, detail, remedy=remedy, pointer="#/url")
