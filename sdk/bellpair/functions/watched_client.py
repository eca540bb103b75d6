"""A service client whose own faults are not lost in the SDK."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    DurableServiceClient,
    OperationUpdate,
    StateOutput,
)


class WatchedClient:
    """A client that remembers what it raised first; the SDK wraps or swallows it.

    Attributes
    ----------
    fault
        What it raised first.
    """

    def __init__(self, client: DurableServiceClient) -> None:
        self.fault: BaseException | None = None
        self._client = client

    def checkpoint(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        updates: list[OperationUpdate],
        client_token: str | None,
    ) -> CheckpointOutput:
        with self._watching():
            return self._client.checkpoint(
                durable_execution_arn, checkpoint_token, updates, client_token
            )

    def get_execution_state(
        self,
        durable_execution_arn: str,
        checkpoint_token: str,
        next_marker: str,
        max_items: int = 1000,
    ) -> StateOutput:
        with self._watching():
            return self._client.get_execution_state(
                durable_execution_arn, checkpoint_token, next_marker, max_items
            )

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.fault = self.fault or error
            raise
