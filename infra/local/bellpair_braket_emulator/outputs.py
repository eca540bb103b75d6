"""Where results go: S3, or whatever stands for it."""

from __future__ import annotations

from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class OutputError(Exception):
    """Results may not be written there; the message is fit for a failure reason."""


class OutputUnavailable(Exception):
    """The store is away or at odds with itself: what was to be written is to be tried again."""


class BucketMissing(OutputUnavailable):
    """The bucket is not there, though it was: its region may be on its way back."""


class Outputs(Protocol):
    """Stores result objects."""

    def accessible(self, bucket: str) -> bool:
        """Whether the bucket exists and may be written to."""

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store one object.

        Raises
        ------
        OutputError
            If it may not be stored.
        OutputUnavailable
            If it could not be stored now.
        """


class S3Outputs:
    """Results in S3, or in an endpoint that speaks its API.

    Credentials come from the environment, as in any AWS client.
    """

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self._client: Any = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=endpoint,
            config=Config(
                s3={"addressing_style": "path"} if endpoint else {},
                # Results are tried again for as long as it takes, so each attempt may be brief.
                retries={"mode": "standard", "total_max_attempts": 2},
                connect_timeout=2,
                read_timeout=5,
                max_pool_connections=16,
            ),
        )
        self._known: set[str] = set()

    def accessible(self, bucket: str) -> bool:
        """Ask S3 once for each bucket that exists; only S3's own refusal means no."""
        if bucket in self._known:
            return True
        try:
            self._client.head_bucket(Bucket=bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return status not in (301, 403, 404)
        except BotoCoreError:
            return True
        self._known.add(bucket)
        return True

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Store one JSON object."""
        try:
            self._client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType="application/json"
            )
        except ClientError as error:
            message = f"results could not be written to s3://{bucket}: {error}"
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                raise BucketMissing(message) from error
            if status < 500 and status != 429:
                raise OutputError(message) from error
            raise OutputUnavailable(message) from error
        except BotoCoreError as error:
            raise OutputUnavailable(
                f"results could not be written to s3://{bucket}: {error}"
            ) from error
