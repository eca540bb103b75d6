"""The HTTP face of a QPU's service."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from .service import BODY_BYTES_MAX, DeviceService, Json, Problem

HOST = "127.0.0.1"


def device_server(service: DeviceService, port: int, token: str | None) -> ThreadingHTTPServer:
    """A server that listens, and answers when it is told to serve.

    Parameters
    ----------
    port
        Of this machine; 0 is any free one.
    token
        The bearer token that each request must bring; ``None`` asks for none.
    """

    class Handler(_Handler):
        pass

    Handler.service = service
    Handler.token = token
    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    return server


@contextmanager
def serving(service: DeviceService, token: str | None = None) -> Iterator[str]:
    """Serve on a free port for a while; gives the base URL."""
    server = device_server(service, 0, token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        service.close()


class _Handler(BaseHTTPRequestHandler):
    service: DeviceService
    token: str | None
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def _get(self) -> Json:
        service = self.service
        match self._parts():
            case ["device"]:
                return service.device()
            case ["calibration"]:
                return service.calibration()
            case ["health"]:
                return service.health()
            case ["queue"]:
                return service.queue()
            case ["tasks", task_id]:
                return service.task(task_id)
            case ["tasks", task_id, "result"]:
                return service.result(task_id)
        raise _NotServed

    def _post(self) -> Json:
        if self._parts() != ["tasks"]:
            raise _NotServed
        request = self._body()
        key = self.headers.get("Idempotency-Key", "")
        if not key:
            raise Problem(422, "program-refused", "the header Idempotency-Key is missing")
        return self.service.create(key, request)

    def _delete(self) -> Json:
        match self._parts():
            case ["tasks", task_id]:
                return self.service.cancel(task_id)
        raise _NotServed

    def _put(self) -> Json:
        if self._parts() != ["_reference"]:
            raise _NotServed
        return self.service.set(self._body())

    def _answer(self, serve: Callable[[], Json]) -> None:
        self.service.requests += 1
        try:
            self._authorize()
            status, form, content = 200, "application/json", serve()
        except Problem as problem:
            status, form = problem.status, "application/problem+json"
            content = {"code": problem.code, "detail": str(problem)}
        except _NotServed:
            status, form = 404, "application/problem+json"
            content = {"title": HTTPStatus.NOT_FOUND.phrase}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        if status >= 400:
            # What was left unread of the request would be taken for the next one.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def _authorize(self) -> None:
        if self.token is None:
            return
        given = self.headers.get("Authorization", "")
        # Not by ==, whose time tells how much of it was right.
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            raise Problem(401, "unauthorized", "the bearer token is not good")

    def _parts(self) -> list[str]:
        path = self.path.partition("?")[0]
        return [unquote(part) for part in path.strip("/").split("/")]

    def _body(self) -> Json:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            raise Problem(422, "program-refused", f"send up to {BODY_BYTES_MAX} bytes")
        try:
            content = json.loads(self.rfile.read(int(length)))
        except ValueError as error:
            raise Problem(422, "program-refused", "the body is no JSON") from error
        if not isinstance(content, dict):
            raise Problem(422, "program-refused", "the body is no JSON object")
        return content

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: requests carry a token."""


class _NotServed(Exception):
    """The API has no such request."""
