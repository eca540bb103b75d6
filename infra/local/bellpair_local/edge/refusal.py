"""The answer of an AWS service that is not there, in the words that each SDK retries on."""

from __future__ import annotations

import json

from bellpair_local.edge.forwarding import Response

_XML_SERVICES = frozenset({"s3", "sns", "cloudformation", "sts", "iam"})


def unavailable(service: str, why: str) -> Response:
    """Return a 503 ServiceUnavailable that the SDK's parser for `service` understands."""
    headers = [(b"retry-after", b"1"), (b"x-amzn-errortype", b"ServiceUnavailable")]
    if service == "s3":
        text = f"<Error><Code>ServiceUnavailable</Code><Message>{why}</Message></Error>"
        headers.append((b"content-type", b"application/xml"))
    elif service in _XML_SERVICES:
        text = (
            "<ErrorResponse><Error><Type>Receiver</Type><Code>ServiceUnavailable</Code>"
            f"<Message>{why}</Message></Error></ErrorResponse>"
        )
        headers.append((b"content-type", b"text/xml"))
    else:
        text = json.dumps({"__type": "ServiceUnavailable", "message": why})
        headers.append((b"content-type", b"application/x-amz-json-1.0"))
    return Response(503, headers, text.encode())
