"""Requests that reach the active region of the pair, or say clearly why not."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from bellpair.errors import (
    AuthError,
    BellpairError,
    InvalidRequest,
    RateLimited,
    RegionPassive,
    ServerError,
    Unreachable,
    from_answer,
)
from bellpair.pacing import Clock, SystemClock, backoff
from bellpair.version import __version__

ATTEMPT_TIMEOUT = 10.0
"""Seconds for one attempt at the most."""
FIRST_PATIENCE = 3.0
"""Seconds for the first attempt at an endpoint when there is another one: a region that hangs
must leave time for the other. Later rounds wait longer, for one that is merely slow."""
SUSPECT_PATIENCE = 1.0
"""Seconds for an endpoint that was silent when last asked, in the first rounds after that."""
CONNECT_TIMEOUT = 3.0

OnRetry = Callable[[BellpairError, float], None]
"""Told of each failed attempt that will be repeated, and the seconds until then."""


class Transport:
    """HTTP to a pair of endpoints, with keep-alive, retries and failover.

    Connection errors and the statuses 429, 502, 503 and 504 are retried with full-jitter
    backoff until the deadline. All of them but 429 also move on to the other endpoint at once.
    The client stays with the endpoint that answered last; one that was silent is asked after
    the other, and briefly, until it answers again.

    Parameters
    ----------
    endpoints
        Base URLs; requests go to the first until it fails.
    api_key
        Sent as a bearer token; never part of an error or a representation.
    timeout
        Seconds for one request with all its retries.
    wire
        What carries the requests, in place of the network.
    """

    def __init__(
        self,
        endpoints: Sequence[str],
        api_key: str | None,
        *,
        timeout: float,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        on_retry: OnRetry | None = None,
        wire: httpx.BaseTransport | None = None,
    ) -> None:
        self.endpoints = tuple(endpoints)
        self.timeout = timeout
        self.clock = clock or SystemClock()
        self.on_retry = on_retry
        self._api_key = api_key
        self._chance = chance or random.Random()
        self._current = 0
        self._silent: frozenset[str] = frozenset()
        self._http = httpx.Client(
            headers={"User-Agent": f"bellpair/{__version__}", "Accept": "application/json"},
            # Loading the certificate store takes 0.15 s, so plain local endpoints go without it;
            # redirects are not followed, hence no other URL is ever asked.
            verify=any(url.startswith("https:") for url in endpoints),
            # A proxy of the environment cannot see this machine's loopback.
            transport=wire,
            mounts={"all://127.0.0.1": None, "all://localhost": None},
        )

    def __repr__(self) -> str:
        return f"Transport({', '.join(self.endpoints)})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def endpoint(self) -> str:
        """The endpoint that the next request goes to."""
        return self.endpoints[self._current]

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        timeout: float | None = None,
        held: float = 0.0,
    ) -> dict[str, Any]:
        """Send a request until it is answered, and return the answer's JSON object.

        Parameters
        ----------
        method, path
            Such as ``"GET"`` and ``"/v1/jobs"``.
        body
            Sent as JSON.
        repeatable
            Whether sending it twice does no harm. If not, it is repeated only when the first
            one surely had no effect.
        timeout
            Seconds for all attempts together; the transport's own when not given.
        held
            Seconds by which the answer may be late for a good reason, such as that the service
            was asked to wait for a result; no attempt is blamed for them.

        Raises
        ------
        BellpairError
            The typed error of the last answer, or `Unreachable`.
        """
        if self._api_key is None:
            raise AuthError(
                "No API key is configured.",
                remedy="Set BELLPAIR_API_KEY, or name a file that holds the key with "
                "--api-key-file; `bellpair tenants create` makes one.",
            )
        deadline = self.clock.monotonic() + (self.timeout if timeout is None else timeout) + held
        rounds = 0
        while True:
            failures: list[BellpairError] = []
            order = self._order()
            for place, endpoint in enumerate(order):
                left = deadline - self.clock.monotonic()
                patience = self._patience(endpoint, rounds) if repeatable else ATTEMPT_TIMEOUT
                share = min(left, (left - held) / (len(order) - place) + held)
                try:
                    answer = self.ask(
                        endpoint, method, path, body=body, params=params, headers=headers,
                        timeout=min(patience + held, share), held=held,
                    )  # fmt: skip
                except BellpairError as error:
                    if not error.retriable or (error.effect_unknown and not repeatable):
                        raise
                    failures.append(error)
                    last = place == len(order) - 1
                    if last or isinstance(error, RateLimited) or self.clock.monotonic() >= deadline:
                        break
                    self._tell(error, 0.0)
                else:
                    self._current = self.endpoints.index(endpoint)
                    return answer
            # That one half is passive is no news when the other has a reason of its own.
            reasons = [each for each in failures if not isinstance(each, RegionPassive)]
            reason = reasons[-1] if reasons else failures[-1]
            wished = max(failure.retry_after or 0.0 for failure in failures)
            pause = backoff(rounds, wished, self._chance)
            if self.clock.monotonic() + pause >= deadline:
                raise reason from None
            self._tell(reason, pause)
            self.clock.sleep(pause)
            rounds += 1

    def ask(
        self,
        endpoint: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = ATTEMPT_TIMEOUT,
        held: float = 0.0,
    ) -> dict[str, Any]:
        """One attempt at one endpoint; see `request`."""
        attempt = max(0.001, min(ATTEMPT_TIMEOUT + held, timeout))
        sent = dict(headers or {})
        content = None if body is None else _json_text(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._api_key is not None:
            sent["Authorization"] = f"Bearer {self._api_key}"
        try:
            answer = self._http.request(
                method,
                endpoint + path,
                content=content,
                params=params,
                headers=sent,
                timeout=httpx.Timeout(attempt, connect=min(CONNECT_TIMEOUT, attempt)),
            )
        except httpx.RequestError as error:
            if isinstance(error, httpx.TimeoutException):
                self._silent |= {endpoint}
            raise self._unreachable(endpoint, error) from None
        self._silent -= {endpoint}
        if answer.is_success:
            found = _json_object(answer) if answer.content else {}
            if found is None:
                raise ServerError(
                    f"{endpoint} answered with something else than a JSON object.",
                    remedy="Check that the endpoint is Bellpair's, path included.",
                    status=answer.status_code,
                )
            return found
        raise self._refusal(answer)

    def pages(self, path: str, item: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """The items of a paged list, one page after the other as they are needed.

        Parameters
        ----------
        item
            Name of the list in each page.
        """
        token: str | None = None
        while True:
            query = {**params, **({"page_token": token} if token else {})}
            page = self.request("GET", path, params=query)
            yield from page.get(item, ())
            token = page.get("next_page_token")
            if not token:
                return

    def _order(self) -> list[str]:
        """The endpoints: the one that answered last, then the others; silent ones at the end."""
        from_current = (*self.endpoints[self._current :], *self.endpoints[: self._current])
        return sorted(from_current, key=lambda endpoint: endpoint in self._silent)

    def _patience(self, endpoint: str, rounds: int) -> float:
        if len(self.endpoints) == 1:
            return ATTEMPT_TIMEOUT
        if endpoint in self._silent and not self._silent.issuperset(self.endpoints):
            # The other one may be promoted any moment, so it is worth looking there often.
            return min(ATTEMPT_TIMEOUT, SUSPECT_PATIENCE * 2.0 ** max(0, min(rounds, 16) - 2))
        return min(ATTEMPT_TIMEOUT, FIRST_PATIENCE * 2.0 ** min(rounds, 16))

    def _tell(self, error: BellpairError, pause: float) -> None:
        if self.on_retry is not None:
            self.on_retry(error, pause)

    def _unreachable(self, endpoint: str, error: httpx.RequestError) -> Unreachable:
        late = isinstance(error, httpx.TimeoutException)
        what = "it took too long" if late else re.sub(r"^\[Errno -?\d+\] ", "", str(error))
        url = urlsplit(endpoint)
        local = url.hostname in ("127.0.0.1", "localhost", "::1")
        said = f"No answer from {url.scheme}://{url.netloc}: {what or type(error).__name__}"
        return Unreachable(
            self._without_key(f"{said.rstrip('.')}."),
            remedy="See `bellpair local status`; `bellpair local up --detach` starts it."
            if local
            else "Check the endpoint and the network, then try again.",
            effect_unknown=not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout),
        )

    def _refusal(self, answer: httpx.Response) -> BellpairError:
        return from_answer(
            answer.status_code,
            self._without_key(_json_object(answer) or {}),
            request_id=answer.headers.get("X-Request-Id"),
            retry_after=self._seconds(answer.headers.get("Retry-After")),
        )

    def _seconds(self, retry_after: str | None) -> float | None:
        if retry_after is None:
            return None
        if retry_after.strip().isdecimal():
            return float(retry_after)
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self.clock.time())
        except (ValueError, OverflowError):
            return None

    def _without_key(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(self._api_key, "bp_…") if self._api_key else value
        if isinstance(value, list):
            return [self._without_key(item) for item in value]
        if isinstance(value, dict):
            return {name: self._without_key(item) for name, item in value.items()}
        return value


def _json_text(body: Mapping[str, Any]) -> str:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        raise InvalidRequest(
            "A number in the request is not finite.", remedy="Give finite numbers."
        ) from None


def _json_object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
