"""The service over HTTP, as an ASGI application that speaks Braket's REST-JSON protocol."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from .errors import (
    InternalServiceException,
    ResourceNotFoundException,
    ServiceError,
    ValidationException,
)
from .service import BraketService
from .tasks import Json

logger = logging.getLogger(__name__)

MAX_BODY = 8 * 2**20
"""Longest request body, in bytes."""

TRANSPORT = "braket_emulator.transport"
"""Key in the ASGI scope of the request's transport, by which an outage ends the connection."""

_CONTROL = "/_emulator/"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Query = dict[str, list[str]]
Handler = Callable[[str, Query, Json], Json | Awaitable[Json]]


class BraketApi:
    """Routes requests to a :class:`BraketService` and shapes answers and errors."""

    def __init__(self, service: BraketService) -> None:
        s = self._service = service
        # ARNs hold slashes; clients escape them, proxies may not, so the pattern takes both.
        routes: list[tuple[str, str, int, Handler]] = [
            ("GET", r"/device/(.+)", 200, lambda arn, q, b: s.get_device(arn)),
            ("POST", r"/devices()", 200, lambda _, q, b: s.search_devices(b)),
            ("POST", r"/quantum-task()", 201, lambda _, q, b: s.create_task(b)),
            ("POST", r"/quantum-tasks()", 200, lambda _, q, b: s.search_tasks(b)),
            (
                "PUT",
                r"/quantum-task/(.+)/cancel",
                200,
                lambda arn, q, b: s.cancel_task(arn, b),
            ),
            (
                "GET",
                r"/quantum-task/(.+)",
                200,
                lambda arn, q, b: s.get_task(arn, q.get("additionalAttributeNames", [])),
            ),
            ("GET", r"/tags/(.+)", 200, lambda arn, q, b: s.list_tags(arn)),
            ("POST", r"/tags/(.+)", 200, lambda arn, q, b: s.tag(arn, b)),
            (
                "DELETE",
                r"/tags/(.+)",
                200,
                lambda arn, q, b: s.untag(arn, q.get("tagKeys", [])),
            ),
            (
                "PUT",
                r"/_emulator/devices/([^/]+)",
                200,
                lambda n, q, b: s.control_device(n, b),
            ),
            ("GET", r"/_emulator/devices/([^/]+)/drift", 200, lambda n, q, b: s.drift(n)),
            (
                "POST",
                r"/_emulator/devices/([^/]+)/drift",
                200,
                lambda n, q, b: s.control_drift(n, b),
            ),
            ("GET", r"/_emulator/tasks()", 200, lambda _, q, b: s.all_tasks()),
            ("GET", r"/_emulator/outage()", 200, lambda _, q, b: s.outage()),
            ("PUT", r"/_emulator/outage()", 200, lambda _, q, b: s.set_outage(b)),
            ("POST", r"/_emulator/results()", 200, lambda _, q, b: s.write_results()),
            ("GET", r"/_emulator/health()", 200, lambda _, q, b: s.health()),
        ]
        self._routes = [
            (method, re.compile(pattern), status, handler)
            for method, pattern, status, handler in routes
        ]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if self._cut_off(scope):
            await _hang_up(scope, receive)
            return
        request_id = str(uuid.uuid4())
        headers = {"x-amzn-requestid": request_id}
        try:
            status, answer = await self._answer(scope, receive)
        except ServiceError as error:
            headers["x-amzn-errortype"] = error.code
            status, answer = error.status, error.body
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("request %s", request_id)
            headers["x-amzn-errortype"] = InternalServiceException.__name__
            status = InternalServiceException.status
            answer = {"message": f"The emulator failed; its log tells why ({request_id})"}
        if self._cut_off(scope):
            # The outage came while the request was worked on: it was carried out, untold.
            await _hang_up(scope, receive)
            return
        body = json.dumps(answer).encode()
        headers |= {
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def _cut_off(self, scope: Message) -> bool:
        return self._service.unreachable and not scope["path"].startswith(_CONTROL)

    async def _answer(self, scope: Message, receive: Receive) -> tuple[int, Json]:
        for method, pattern, status, handler in self._routes:
            match = pattern.fullmatch(scope["path"])
            if match and method == scope["method"]:
                query = parse_qs(scope["query_string"].decode("latin-1"))
                answer = handler(match[1], query, _parse(await _body(receive)))
                return status, answer if isinstance(answer, dict) else await answer
        raise ResourceNotFoundException(f"no operation at {scope['method']} {scope['path']}")


async def _hang_up(scope: Message, receive: Receive) -> None:
    """Close the connection without an answer."""
    scope[TRANSPORT].abort()
    # The server, too, must have seen the end: it would answer for a silent application.
    while (await receive())["type"] != "http.disconnect":
        continue


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY:
            raise ValidationException(f"a request may hold at most {MAX_BODY} bytes")
        if not message.get("more_body"):
            return body


def _parse(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValidationException("the body must be a JSON object")
    return value
