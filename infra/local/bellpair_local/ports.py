"""Are the ports of a local cloud free, and which are?"""

from __future__ import annotations

import socket

import psutil

from bellpair_local.topology import HOST, PORTS_PER_CLOUD


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections that are only closing do not count as use.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def taken(port_base: int) -> list[int]:
    """The ports in use among those of a cloud that begins at `port_base`."""
    return [p for p in range(port_base, port_base + PORTS_PER_CLOUD) if not is_free(p)]


def free_base(port_base: int) -> int | None:
    """The first base from `port_base` on, in steps of ten, whose ports are all free."""
    candidates = range(port_base, 65535 - PORTS_PER_CLOUD, 10)
    return next((base for base in candidates if not taken(base)), None)


def holder(port: int) -> str | None:
    """Say which process listens on `port`, as ``python (pid 123)``; None if that is not known."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        listening = connection.status == psutil.CONN_LISTEN
        if listening and connection.laddr.port == port and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                return None
    return None
