"""A proxy before a cloud that can keep one request, so that its sender is killed right there.

Killing a command after some time would meet it here or there, or not at all on a fast machine.
The gate sees every request and so knows where the command is.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from bellpair_deploy_check.requests_seen import Request, operation

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})
_MADE_ANEW = _HOP_BY_HOP | {"host", "content-length", "expect"}
_CLOUD_SECONDS = 300.0


@dataclass(frozen=True)
class Moment:
    """A point of a command's course.

    Attributes
    ----------
    operations
        What is asked for there, each as ``service:Operation``.
    number
        At which such request, counted from 1.
    carried_out
        Whether the cloud has done what is asked before the answer is kept back; else the request
        never reaches it.
    """

    operations: frozenset[str]
    number: int
    carried_out: bool


class Gate:
    """The proxy; made by `open_gate`.

    Attributes
    ----------
    reached
        Set when the moment has come that was waited for.
    kept
        How many requests have got no answer so far.
    """

    def __init__(self, cloud: str) -> None:
        self._cloud = urlsplit(cloud)
        self._moment: Moment | None = None
        self._met = 0
        self._lock = threading.Lock()
        self._let_go = threading.Event()
        self.reached = threading.Event()
        self.kept = 0
        self.endpoint = ""

    def hold_at(self, moment: Moment) -> None:
        """Keep the request of `moment` when it comes, and every later one, until `let_go`."""
        with self._lock:
            self._moment, self._met = moment, 0
            self._let_go.clear()
            self.reached.clear()

    def let_go(self) -> None:
        """Drop what is kept; everything passes again."""
        with self._lock:
            self._moment = None
            self._let_go.set()

    def pass_on(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """Return the cloud's answer to a request; None if its sender is to get none."""
        moment, is_it = self._looked_at(request)
        if moment is not None and not (is_it and moment.carried_out):
            self._keep(is_it)
            return None
        answer = self._forwarded(request)
        if moment is not None:
            self._keep(is_it)
            return None
        return answer

    def _looked_at(self, request: Request) -> tuple[Moment | None, bool]:
        """Return the moment if the request is to be kept, and whether it is its very request."""
        with self._lock:
            moment = self._moment
            if moment is None:
                return None, False
            # After the moment the command is as good as dead: nothing more of it may get through.
            if self._met >= moment.number:
                return moment, False
            if operation(request) not in moment.operations:
                return None, False
            self._met += 1
            return (moment, True) if self._met == moment.number else (None, False)

    def _keep(self, is_it: bool) -> None:
        with self._lock:
            self.kept += 1
        if is_it:
            self.reached.set()
        self._let_go.wait(_CLOUD_SECONDS)

    def _forwarded(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        assert self._cloud.hostname
        connection = http.client.HTTPConnection(
            self._cloud.hostname, self._cloud.port, timeout=_CLOUD_SECONDS
        )
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _MADE_ANEW}
        headers["Host"] = self._cloud.netloc
        if request.body or request.method in ("PUT", "POST"):
            headers["Content-Length"] = str(len(request.body))
        try:
            connection.request(request.method, request.target, request.body, headers)
            answer = connection.getresponse()
            body = answer.read()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
            return answer.status, kept, body
        finally:
            connection.close()


@contextmanager
def open_gate(cloud: str) -> Iterator[Gate]:
    """A gate before `cloud`, a base URL, on a free port of the loopback interface."""
    gate = Gate(cloud)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(gate))
    server.daemon_threads = True
    gate.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="gate", daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        gate.let_go()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Any:
            # The server looks up ``do_GET`` and the like; all methods are served alike.
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

        def _serve(self) -> None:
            request = Request(self.command, self.path, dict(self.headers.items()), self._body())
            try:
                answer = gate.pass_on(request)
            except OSError as error:
                answer = (502, [], f"the cloud does not answer: {error}".encode())
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() != "content-length" or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _body(self) -> bytes:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                return b"".join(iter(self._chunk, b""))
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _chunk(self) -> bytes:
            size = int(self.rfile.readline().split(b";")[0], 16)
            content = self.rfile.read(size)
            self.rfile.readline()
            return content

        def handle(self) -> None:
            # The sender may have been killed at any point; nobody is left to be told.
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
