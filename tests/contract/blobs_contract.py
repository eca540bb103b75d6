"""What every blob store does; a test class inherits it and gives a fresh ``blobs``."""

from __future__ import annotations

import hashlib
import random

import pytest

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import Blobs

SMALL = b"OPENQASM 3.0; " * 100
LARGE = random.Random(7).randbytes(64 * 1024)


class BlobsContract:
    """Payloads named by their content."""

    @pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
    def test_a_payload_comes_back_as_it_was(self, blobs: Blobs, data: bytes) -> None:
        ref = blobs.put(data)

        assert blobs.get(ref) == data
        assert (ref.sha256, ref.size) == (hashlib.sha256(data).hexdigest(), len(data))

    def test_a_small_payload_travels_in_its_reference(self, blobs: Blobs) -> None:
        assert blobs.put(SMALL).inline is not None

    def test_a_large_payload_does_not(self, blobs: Blobs) -> None:
        assert blobs.put(LARGE).inline is None

    def test_the_same_payload_has_the_same_reference(self, blobs: Blobs) -> None:
        assert blobs.put(LARGE) == blobs.put(LARGE)

    def test_a_payload_that_no_region_has_may_come_later(self, blobs: Blobs) -> None:
        with pytest.raises(TransientFault):
            blobs.get(BlobRef(sha256="0" * 64, size=1))
