"""The client between edges, against a server that misbehaves on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bellpair_local.edge.forwarding import Forwarder, PeerUnavailable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return head, await reader.readexactly(length)


async def send(forwarder: Forwarder, endpoint: str, body: bytes = b"", method: str = "POST") -> str:
    headers = [(b"host", b"h"), (b"connection", b"close"), (b"x-a", b"1")]
    response = await forwarder.send(endpoint, method, b"/p?q=1", headers, body)
    return f"{response.status} {response.body.decode()}"


def test_requests_share_a_connection_and_lose_hop_by_hop_headers() -> None:
    connections: list[list[bytes]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads: list[bytes] = []
        connections.append(heads)
        while not reader.at_eof():
            head, body = await read_request(reader)
            heads.append(head)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    async def scenario() -> list[str]:
        forwarder = Forwarder()
        async with serving(handler) as endpoint:
            answers = [await send(forwarder, endpoint, b"x" * n) for n in (0, 3, 200_000)]
            forwarder.close()
        return answers

    assert asyncio.run(scenario()) == [f"200 {'x' * n}" for n in (0, 3, 200_000)]
    (heads,) = connections
    assert len(heads) == 3
    assert all(b"POST /p?q=1 HTTP/1.1" in head and b"x-a: 1" in head for head in heads)
    assert not any(b"connection:" in head for head in heads)


def test_the_answer_to_head_has_a_length_and_no_body() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")

    async def scenario() -> list[tuple[bytes, bytes]]:
        async with serving(handler) as endpoint:
            return (await Forwarder().send(endpoint, "HEAD", b"/", [], b"")).headers

    assert (b"content-length", b"1000") in asyncio.run(scenario())


def test_a_closed_idle_connection_is_replaced() -> None:
    count = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def scenario() -> None:
        forwarder = Forwarder()
        async with serving(handler) as endpoint:
            await send(forwarder, endpoint)
            while forwarder.idle(endpoint):
                await asyncio.sleep(0)
            await send(forwarder, endpoint)

    asyncio.run(scenario())
    assert count == 2


def hang_up(answer: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        writer.close()

    return handler


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"this is not HTTP\r\n\r\n"],
)
def test_a_broken_answer_is_an_unavailable_peer(answer: bytes) -> None:
    async def scenario() -> None:
        async with serving(hang_up(answer)) as endpoint:
            await send(Forwarder(), endpoint)

    with pytest.raises(PeerUnavailable):
        asyncio.run(scenario())


def test_a_refused_connection_is_an_unavailable_peer() -> None:
    async def scenario() -> None:
        async with serving(hang_up(b"")) as endpoint:
            pass
        await send(Forwarder(), endpoint)

    with pytest.raises(PeerUnavailable, match="refuses connections"):
        asyncio.run(scenario())


def test_a_peer_that_never_answers_is_given_up() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def scenario() -> None:
        async with serving(handler) as endpoint:
            await send(Forwarder(timeout=0.05), endpoint)

    with pytest.raises(PeerUnavailable, match="did not answer"):
        asyncio.run(scenario())
