"""The objects that tenants drop, in S3."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError

from .aws import client, error_code, transient_faults

_GONE = frozenset({"NoSuchKey", "404", "PreconditionFailed", "412"})


class S3Inbox:
    """`Inbox` over one bucket in each region.

    Parameters
    ----------
    buckets
        Bucket name by region.
    """

    def __init__(self, buckets: Mapping[str, str]) -> None:
        self._buckets = dict(buckets)

    def read(self, region: str, key: str, etag: str) -> bytes | None:
        """See `Inbox.read`."""
        same = {"IfMatch": etag} if etag else {}
        try:
            with transient_faults("reading the inbox"):
                answer = client("s3", region, patient=False).get_object(
                    Bucket=self._buckets[region], Key=key, **same
                )
                content: bytes = answer["Body"].read()
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            raise
        return content
