"""Payloads in both regions' buckets, under their SHA-256."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import INLINE_BLOB_BYTES_MAX

from .aws import client, error_code, transient_faults

_BLOBS = "sha256/"
_MARKS = "single-copy/"
"""Marks are objects without content, in the bucket that has the only copy."""

_IMPATIENT_CLIENTS = partial(client, "s3", patient=False)


class S3Blobs:
    """`Blobs` and `BlobCopies` over one bucket in each region.

    Parameters
    ----------
    buckets
        Bucket name by region.
    region
        This region, read first.
    clients
        Gives the S3 client of a region. They are impatient: a peer that does not answer costs
        seconds, and then the payload is accepted with one copy.
    """

    def __init__(
        self,
        buckets: Mapping[str, str],
        region: str,
        clients: Callable[[str], Any] = _IMPATIENT_CLIENTS,
    ) -> None:
        self._buckets = dict(buckets)
        self._client = clients
        self._regions = sorted(self._buckets, key=lambda other: other != region)

    def put(self, data: bytes) -> BlobRef:
        """See `Blobs.put`."""
        digest = hashlib.sha256(data).hexdigest()
        packed = zlib.compress(data)
        if len(packed) <= INLINE_BLOB_BYTES_MAX:
            return BlobRef(sha256=digest, size=len(data), inline=packed)
        clients = [self._client(region) for region in self._regions]
        with ThreadPoolExecutor(max_workers=len(clients)) as pool:
            kept = list(pool.map(self._write, clients, self._regions, repeat((digest, packed))))
        if not any(kept):
            raise TransientFault("writing the blob buckets: no region took the payload")
        if not all(kept):
            self._mark(digest, self._regions[kept.index(True)])
        return BlobRef(sha256=digest, size=len(data), single_copy=not all(kept))

    def get(self, ref: BlobRef) -> bytes:
        """See `Blobs.get`."""
        if ref.inline is not None:
            return zlib.decompress(ref.inline)
        for region in self._regions:
            try:
                data = self._read(ref.sha256, region)
            except TransientFault:
                continue
            if data is not None:
                return data
        raise TransientFault(f"reading the blob buckets: no region has {ref.sha256[:12]}")

    def marked(self, region: str) -> Iterator[str]:
        """See `BlobCopies.marked`."""
        return self._listed(region, _MARKS)

    def digests(self, region: str, after: str = "") -> Iterator[str]:
        """See `BlobCopies.digests`."""
        return self._listed(region, _BLOBS, _key(after) if after else "")

    def copy(self, digest: str, source: str, target: str) -> bool:
        """See `BlobCopies.copy`."""
        data = self._read(digest, source)
        if data is None:
            return False
        with transient_faults("writing a blob bucket"):
            self._client(target).put_object(
                Bucket=self._buckets[target], Key=_key(digest), Body=zlib.compress(data)
            )
        return True

    def unmark(self, digest: str, region: str) -> None:
        """See `BlobCopies.unmark`."""
        with transient_faults("writing a blob bucket"):
            self._client(region).delete_object(
                Bucket=self._buckets[region], Key=f"{_MARKS}{digest}"
            )

    def _mark(self, digest: str, region: str) -> None:
        with transient_faults("writing a blob bucket"):
            self._client(region).put_object(
                Bucket=self._buckets[region], Key=f"{_MARKS}{digest}", Body=b""
            )

    def _read(self, digest: str, region: str) -> bytes | None:
        """The region's copy, if it has an undamaged one."""
        try:
            with transient_faults("reading a blob bucket"):
                answer = self._client(region).get_object(
                    Bucket=self._buckets[region], Key=_key(digest)
                )
                data = zlib.decompress(answer["Body"].read())
        except zlib.error:
            return None
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "404"):
                return None
            raise
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def _listed(self, region: str, prefix: str, after: str = "") -> Iterator[str]:
        """Last parts of the keys under the prefix that come after ``after``, in order."""
        while True:
            start = {"StartAfter": after} if after else {}
            with transient_faults("listing a blob bucket"):
                answer = self._client(region).list_objects_v2(
                    Bucket=self._buckets[region], Prefix=prefix, **start
                )
            keys = [found["Key"] for found in answer.get("Contents", ())]
            for key in keys:
                yield key.rsplit("/", 1)[1]
            if not answer["IsTruncated"]:
                return
            after = keys[-1]

    def _write(self, s3: Any, region: str, payload: tuple[str, bytes]) -> bool:
        digest, packed = payload
        try:
            with transient_faults("writing a blob bucket"):
                s3.put_object(Bucket=self._buckets[region], Key=_key(digest), Body=packed)
        except TransientFault:
            return False
        return True


def _key(digest: str) -> str:
    return f"{_BLOBS}{digest[:2]}/{digest}"
