"""Payloads in both regions' buckets, under their SHA-256."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import INLINE_BLOB_BYTES_MAX

from .aws import client, error_code, transient_faults

_IMPATIENT_CLIENTS = partial(client, "s3", patient=False)


class S3Blobs:
    """`Blobs` over one bucket in each region.

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
        return BlobRef(sha256=digest, size=len(data), single_copy=not all(kept))

    def get(self, ref: BlobRef) -> bytes:
        """See `Blobs.get`."""
        if ref.inline is not None:
            return zlib.decompress(ref.inline)
        for region in self._regions:
            try:
                with transient_faults("reading a blob bucket"):
                    answer = self._client(region).get_object(
                        Bucket=self._buckets[region], Key=_key(ref.sha256)
                    )
                    data = zlib.decompress(answer["Body"].read())
            except (TransientFault, zlib.error):
                continue
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404"):
                    continue
                raise
            if hashlib.sha256(data).hexdigest() == ref.sha256:
                return data
        raise TransientFault(f"reading the blob buckets: no region has {ref.sha256[:12]}")

    def _write(self, s3: Any, region: str, payload: tuple[str, bytes]) -> bool:
        digest, packed = payload
        try:
            with transient_faults("writing a blob bucket"):
                s3.put_object(Bucket=self._buckets[region], Key=_key(digest), Body=packed)
        except TransientFault:
            return False
        return True


def _key(digest: str) -> str:
    return f"sha256/{digest[:2]}/{digest}"
