"""What a request to AWS asks for, read from the request itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from bellpair_local.edge.scope import credential_scope


class Request(NamedTuple):
    """An HTTP request as it came.

    Attributes
    ----------
    target
        Path and query.
    headers
        By their names as they came.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


_MULTIPART = re.compile(r"(^|&)(uploads|uploadId)(=|&|$)")


def operation(request: Request) -> str:
    """Return ``service:Operation`` for CloudFormation's requests and uploads to S3, else ``""``.

    An upload is ``s3:PutObject`` or, for a large object, ``s3:UploadPart``; what else is asked of
    S3 is told by its method.
    """
    raw = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    scope = credential_scope(raw)
    if scope is None:
        return ""
    if scope.service == "s3":
        return f"s3:{_of_s3(request)}"
    actions = parse_qs(request.body.decode("utf-8", "replace")).get("Action", [])
    return f"{scope.service}:{actions[0]}" if actions else ""


def _of_s3(request: Request) -> str:
    split = urlsplit(request.target)
    is_object = "/" in split.path.strip("/")
    if request.method != "PUT" or not is_object:
        return request.method
    return "UploadPart" if _MULTIPART.search(split.query) else "PutObject"
