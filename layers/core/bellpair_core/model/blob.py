"""References to payloads."""

from __future__ import annotations

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
        True while only one region's bucket has it.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    sha256: str
    size: int
    inline: bytes | None = None
    single_copy: bool = False
