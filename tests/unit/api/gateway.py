"""API Gateway's part between an HTTP request and the API function, in-process.

It routes, asks the authorizer, evaluates its policy and fills in the gateway's own problem
documents; what the function answers goes back unchanged.
"""

from __future__ import annotations

import base64
import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from chalice import Chalice
from chalice.app import ChaliceAuthorizer

from bellpair_core.http.problem import gateway_problems

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
ARN = "arn:aws:execute-api:us-east-1:000000000000:abc123/api"


class HttpAnswer(NamedTuple):
    """Status, headers with lower-case names, and the body's text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.text)


class Gateway:
    """Sends requests to the API as API Gateway would.

    Attributes
    ----------
    asks
        Whether it asks the authorizer; one that has no authorizers does not.
    """

    def __init__(self, app: Chalice, authorizer: ChaliceAuthorizer) -> None:
        self.asks = True
        self._app = app
        self.routes = app.routes
        self._authorizer = authorizer

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        authorization: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        base64_body: bool = False,
    ) -> HttpAnswer:
        """One request; ``key`` is short for a bearer authorization."""
        url = urlsplit(path)
        if (found := self._route(method, unquote(url.path))) is None:
            return self._own("MISSING_AUTHENTICATION_TOKEN")
        resource, parameters = found
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            authorization = f"Bearer {key}"
        if authorization:
            sent["Authorization"] = authorization
        context: dict[str, Any] = {
            "requestId": REQUEST_ID,
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{url.path}",
            "identity": {"sourceIp": "127.0.0.1"},
        }
        if self.asks and self._app.routes[resource][method].authorizer is not None:
            arn = f"{ARN}/{method}{url.path}"
            if not authorization:
                return self._own("UNAUTHORIZED")
            try:
                verdict = self._authorizer(
                    {"type": "TOKEN", "authorizationToken": authorization, "methodArn": arn}, None
                )
            except Exception as error:  # as API Gateway does
                kind = "UNAUTHORIZED" if str(error) == "Unauthorized" else "AUTHORIZER_FAILURE"
                return self._own(kind)
            allowed = verdict["policyDocument"]["Statement"][0]["Resource"]
            if not any(fnmatch.fnmatch(arn, pattern) for pattern in allowed):
                return self._own("ACCESS_DENIED")
            context["authorizer"] = {**verdict["context"], "principalId": verdict["principalId"]}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        text = base64.b64encode(raw).decode() if base64_body else raw.decode("utf-8", "replace")
        query = parse_qs(url.query, keep_blank_values=True)
        event = {
            "resource": resource,
            "path": url.path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "multiValueQueryStringParameters": query or None,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": context,
            "body": None if body is None else text,
            "isBase64Encoded": base64_body,
        }
        answer = self._app(event, None)
        return _http(answer["statusCode"], answer["headers"], answer["body"])

    def _route(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        path = path.rstrip("/")
        for resource, methods in self._app.routes.items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)
            if (match := re.fullmatch(pattern, path)) and method in methods:
                return resource, match.groupdict()
        return None

    def _own(self, kind: str) -> HttpAnswer:
        problem = gateway_problems()[kind]
        values = {"context.requestId": REQUEST_ID, "context.xrayTraceId": "1-0-0"}
        headers = {
            name.removeprefix("gatewayresponse.header."): values.get(value, value.strip("'"))
            for name, value in problem["response_parameters"].items()
        }
        text = problem["response_templates"]["application/json"]
        for name, value in values.items():
            text = text.replace(f"${name}", value)
        return _http(int(problem["status_code"]), headers, text)


def _http(status: int, headers: Mapping[str, str], text: str) -> HttpAnswer:
    return HttpAnswer(status, {name.lower(): value for name, value in headers.items()}, text)
