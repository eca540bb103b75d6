"""A circuit with execution options: it is run by the built-in function `sampling`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bellpair_core.model.builtin import BUILTIN_FUNCTIONS, SAMPLING
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import DEFAULT_WORKER, LATEST, Invocation, seed_of
from bellpair_core.model.limits import FUNCTION_OUTPUT_BYTES_MAX, FUNCTION_SECONDS_MAX
from bellpair_core.ports import Blobs

_ENTRY_BYTES = 14
"""Of one outcome among counts in JSON, beside its bits: quotes, a colon, and a number, which
options may make a fraction."""


def sampling_inputs(source: str, shots: int, options: Sequence[Mapping[str, Any]]) -> bytes:
    """What `sampling` is asked for."""
    asked = {"pubs": [{"circuit": source, "shots": shots}], "options": list(options)}
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()


def sampling_invocation(
    job_id: str, inputs: bytes, blobs: Blobs, max_cost_usd: float | None
) -> Invocation:
    """The invocation of `sampling` that a circuit's job is."""
    builtin = BUILTIN_FUNCTIONS[SAMPLING]
    return Invocation(
        name=builtin.name,
        version=builtin.version,
        alias=LATEST,
        worker=DEFAULT_WORKER,
        entry=builtin.entry,
        inputs=blobs.put(inputs),
        seed=seed_of(job_id),
        timeout_s=FUNCTION_SECONDS_MAX,
        max_cost_usd=max_cost_usd,
    )


def counts_bytes(shots: int, num_bits: int) -> int:
    """So many bytes the counts of one circuit take at most, in a function's result."""
    return min(shots, 1 << min(num_bits, 60)) * (num_bits + _ENTRY_BYTES)


def require_room_for_counts(shots: int, num_bits: int) -> None:
    """Let pass a circuit whose counts go into a function's result.

    Raises
    ------
    BellpairError
        ``result-too-large``.
    """
    if counts_bytes(shots, num_bits) > FUNCTION_OUTPUT_BYTES_MAX:
        most = FUNCTION_OUTPUT_BYTES_MAX // (num_bits + _ENTRY_BYTES)
        raise BellpairError(
            ErrorCode.RESULT_TOO_LARGE,
            f"With options, the counts of {shots} shots of {num_bits} bits could take more than"
            f" {FUNCTION_OUTPUT_BYTES_MAX} bytes, which is the limit.",
            remedy=f"Ask for at most {most} shots, leave the options out, or measure into fewer"
            " bits; several jobs can share the shots.",
            pointer="#/shots",
        )
