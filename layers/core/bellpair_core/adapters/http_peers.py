"""Regions' APIs, asked over HTTP."""

from __future__ import annotations

import urllib3
from urllib3.exceptions import HTTPError

from bellpair_core.ports.peers import PeerHealth

FROM_HEADER = "X-Bellpair-From"
"""Tells which region asks."""

_BODY_BYTES = 64 * 1024


class HttpPeers:
    """`Peers` over plain HTTP requests: no proxies, no redirects, no repetitions.

    Parameters
    ----------
    region
        This region.
    """

    def __init__(self, region: str) -> None:
        self._pool = urllib3.PoolManager(
            num_pools=4, maxsize=4, retries=False, headers={FROM_HEADER: region}
        )

    def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
        """See `Peers.health`."""
        try:
            answer = self._pool.request(
                "GET",
                f"{endpoint}/v1/health",
                timeout=urllib3.Timeout(total=timeout_s),
                redirect=False,
                preload_content=False,
            )
            # What is read to its end leaves the connection free for the next question.
            answer.read(_BODY_BYTES)
            answer.release_conn()
        except (HTTPError, OSError) as error:
            return PeerHealth(healthy=False, reason=f"no answer: {type(error).__name__}")
        if answer.status != 200:
            return PeerHealth(healthy=False, reason=f"HTTP status {answer.status}")
        return PeerHealth(healthy=True)
