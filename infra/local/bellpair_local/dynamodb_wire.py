"""Single DynamoDB calls to another process of the cloud, without an SDK."""

from __future__ import annotations

import http.client
import json
from typing import Any

from bellpair_local.topology import ACCOUNT_ID, HOST, Member


class DynamoDBError(Exception):
    """The service refused; `code` is its error's name, such as ``ResourceInUseException``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def call(member: Member, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out `operation` in the region of `member` and return the answer. Blocks.

    Raises
    ------
    DynamoDBError
        If the service refuses.
    OSError
        If the process cannot be reached.
    """
    scope = f"{ACCOUNT_ID}/20000101/{member.region}/dynamodb/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": f"DynamoDB_20120810.{operation}",
    }
    connection = http.client.HTTPConnection(HOST, member.port, timeout=30)
    try:
        connection.request("POST", "/", json.dumps(request), headers)
        answer = connection.getresponse()
        content = json.loads(answer.read() or b"{}")
    finally:
        connection.close()
    if answer.status != 200:
        kind = str(content.get("__type", answer.status)).rsplit("#", 1)[-1]
        raise DynamoDBError(kind, str(content.get("message", content)))
    result: dict[str, Any] = content
    return result
