"""The SigV4 credential scope of a request: for which region and service it is meant."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADER = re.compile(rb"Credential=([^/]+)/([^/]+)/([^/]+)/([^/]+)/aws4_request")
_QUERY = re.compile(
    rb"X-Amz-Credential=([^%/&]+)(?:%2F|/)([^%/&]+)(?:%2F|/)([^%/&]+)(?:%2F|/)"
    rb"([^%/&]+)(?:%2F|/)aws4_request",
    re.IGNORECASE,
)

Headers = list[tuple[bytes, bytes]]


class CredentialScope(NamedTuple):
    """Region and signing name, as in ``us-east-1`` and ``dynamodb``."""

    region: str
    service: str


def header(headers: Headers, name: bytes) -> bytes:
    """Return the value of the first header called `name` (lower case); empty when there is none."""
    for key, value in headers:
        if key == name:
            return value
    return b""


def credential_scope(headers: Headers, query_string: bytes = b"") -> CredentialScope | None:
    """Return the scope that a request was signed for, or None for an unsigned request.

    Presigned URLs carry it in `query_string`.
    """
    found = _HEADER.search(header(headers, b"authorization"))
    if found is None and b"X-Amz-Credential" in query_string:
        found = _QUERY.search(query_string)
    if found is None:
        return None
    return CredentialScope(found[3].decode("latin-1"), found[4].decode("latin-1"))


def with_region(headers: Headers, region: str) -> Headers:
    """Return `headers` with the region in the credential scope replaced by `region`.

    The edge keeps its state per region as the scope names it, so a request that another region
    answers must name that region. Signatures are not verified in the local cloud.
    """
    replacement = rb"Credential=\1/\2/" + region.encode() + rb"/\4/aws4_request"
    return [
        (key, _HEADER.sub(replacement, value) if key == b"authorization" else value)
        for key, value in headers
    ]
