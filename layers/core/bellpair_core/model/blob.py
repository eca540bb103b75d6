"""References to payloads."""

from __future__ import annotations

import hashlib
import zlib
from typing import Self

from pydantic import BaseModel, ConfigDict


class BlobRef(BaseModel):
    """Where a payload is, named by its content.

    Attributes
    ----------
    sha256
        Hex digest of the uncompressed payload.
    size
        Uncompressed bytes.
    inline
        The zlib-compressed payload itself when it is small; ``None`` when it lies in the
        blob buckets under its digest.
    single_copy
        True when only one region's bucket took it; the other gets its copy later.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    sha256: str
    size: int
    inline: bytes | None = None
    single_copy: bool = False

    @classmethod
    def within(cls, data: bytes) -> Self:
        """The reference that holds a small payload itself."""
        return cls(
            sha256=hashlib.sha256(data).hexdigest(), size=len(data), inline=zlib.compress(data)
        )
