"""Calls to strangers' servers, over real sockets and TLS on this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bellpair_core.adapters.https_caller import HttpsCaller
from bellpair_core.logic.callbacks.public_address import is_public
from bellpair_core.ports import CallOutcome

HOST = "hooks.example.com"
HERE = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Hosts:
    """Gives other addresses at each lookup, the last ones again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.lookups = 0

    def addresses(self, host: str, port: int) -> Sequence[str]:
        self.lookups += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `HOST`, with its key, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("8.8.8.8"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def serving(
    certificate: Path, answer: Callable[[ssl.SSLSocket], None]
) -> Iterator[tuple[int, list[bytes]]]:
    """A TLS server on a port of this machine; what it was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[bytes] = []
    listener = socket.create_server((HERE, 0))

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(raw, server_side=True) as taken:
                    seen.append(_request(taken))
                    answer(taken)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.close()


def _request(taken: ssl.SSLSocket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said:
        said += taken.recv(65536)
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += taken.recv(65536)
    return head + b"\r\n\r\n" + body


def call(
    certificate: Path,
    port: int,
    hosts: Hosts | None = None,
    *,
    host: str = HOST,
    permitted: Callable[[str], bool] = lambda address: address == HERE,
    timeout_s: float = 10.0,
) -> CallOutcome:
    context = ssl.create_default_context(cafile=str(certificate))
    caller = HttpsCaller(hosts or Hosts([HERE]), permitted, timeout_s, context)
    return caller.post(host, port, "/x?y=1", {"X-A": "b"}, b'{"id": 1}')


def test_a_body_is_delivered_to_the_address_that_was_checked(certificate: Path) -> None:
    hosts = Hosts([HERE], ["127.0.0.9"])
    with serving(certificate, lambda taken: taken.sendall(OK)) as (port, seen):
        outcome = call(certificate, port, hosts)

    assert outcome == CallOutcome(status=200)
    assert hosts.lookups == 1
    (request,) = seen
    assert request.startswith(b"POST /x?y=1 HTTP/1.1\r\n")
    assert f"Host: {HOST}:{port}".encode() in request
    assert b"X-A: b" in request
    assert request.endswith(b'\r\n\r\n{"id": 1}')


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/", "/elsewhere"])
def test_no_redirect_is_followed(certificate: Path, status: int, target: str) -> None:
    answer = f"HTTP/1.1 {status} X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(certificate, lambda taken: taken.sendall(answer)) as (port, seen):
        outcome = call(certificate, port)

    assert outcome.status == status
    assert "a redirect, and none is followed" in outcome.problem
    assert len(seen) == 1


@pytest.mark.parametrize("status", [400, 410, 500, 503])
def test_any_other_status_is_a_failure_that_says_so(certificate: Path, status: int) -> None:
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(certificate, lambda taken: taken.sendall(answer)) as (port, _):
        outcome = call(certificate, port)

    assert (outcome.status, outcome.problem) == (status, f"HTTP status {status}")


@pytest.mark.parametrize("addresses", [[HERE], [HERE, "93.184.216.34"], ["93.184.216.34", "::1"]])
def test_an_address_inside_is_never_connected_to(
    certificate: Path, addresses: Sequence[str]
) -> None:
    with serving(certificate, lambda taken: taken.sendall(OK)) as (port, seen):
        outcome = call(certificate, port, Hosts(addresses), permitted=is_public)

    assert outcome.status is None
    assert "not, or not only, a public one" in outcome.problem
    assert seen == []


def test_a_certificate_for_another_host_is_not_good(certificate: Path) -> None:
    with serving(certificate, lambda taken: taken.sendall(OK)) as (port, seen):
        outcome = call(certificate, port, host="other.example.com")

    assert "certificate is not good" in outcome.problem
    assert seen == []


def test_a_certificate_that_nobody_vouches_for_is_not_good(certificate: Path) -> None:
    with serving(certificate, lambda taken: taken.sendall(OK)) as (port, seen):
        caller = HttpsCaller(Hosts([HERE]), lambda address: True)
        outcome = caller.post(HOST, port, "/", {}, b"{}")

    assert "certificate is not good" in outcome.problem
    assert seen == []


def test_a_host_without_an_address_is_told(certificate: Path) -> None:
    assert "has no address" in call(certificate, 443, Hosts([])).problem


def test_a_port_where_nobody_listens_is_told(certificate: Path) -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]

    assert "no answer" in call(certificate, port).problem


def test_a_server_that_answers_drop_by_drop_is_left(certificate: Path) -> None:
    left = threading.Event()

    def drip(taken: ssl.SSLSocket) -> None:
        while not left.wait(0.05):
            taken.sendall(b"H")

    with serving(certificate, drip) as (port, _):
        outcome = call(certificate, port, timeout_s=0.6)
        left.set()

    assert (outcome.status, outcome.problem[:9]) == (None, "no answer")


def test_a_server_that_says_nothing_is_left(certificate: Path) -> None:
    with socket.create_server((HERE, 0)) as silent:
        outcome = call(certificate, silent.getsockname()[1], timeout_s=0.4)

    assert (outcome.status, outcome.problem[:9]) == (None, "no answer")


def test_what_is_no_http_is_no_answer(certificate: Path) -> None:
    with serving(certificate, lambda taken: taken.sendall(b"\x00\x01 nonsense\r\n\r\n")) as (
        port,
        _,
    ):
        outcome = call(certificate, port)

    assert "no answer" in outcome.problem


def test_a_large_answer_is_not_read_to_its_end(certificate: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with serving(certificate, lambda taken: taken.sendall(head + b"x" * 10_000)) as (port, _):
        outcome = call(certificate, port)

    assert outcome.status == 200
