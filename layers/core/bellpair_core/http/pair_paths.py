"""The paths of the pair of regions, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.logic.pair.operate_pair import PairChange
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.pair import OperationKind

from . import schemas
from .openapi_operation import WITH_BODY, WITH_KEY, operation

BODIES: tuple[type[BaseModel], ...] = (PairChange,)
ANSWERS: tuple[type[BaseModel], ...] = (schemas.Pair, schemas.StartedOperation)
TAG = {"name": "pair", "description": "The two regions, for operators"}


def pair_paths() -> dict[str, Any]:
    """The paths under ``/v1/pair``."""
    return {
        "/v1/pair": {
            "get": operation(
                "getPair",
                "pair",
                "Show the pair of regions",
                200,
                schemas.Pair,
                codes=(*WITH_KEY, ErrorCode.FORBIDDEN),
                description="For operators, in either region.",
            )
        },
        **{
            f"/v1/pair/{kind.value}": {"post": _change_of_pair(kind, *words)}
            for kind, words in _CHANGES_OF_PAIR.items()
        },
    }


_CHANGES_OF_PAIR: dict[OperationKind, tuple[str, str]] = {
    OperationKind.FAILOVER: (
        "Make the passive region the active one at once",
        "For the loss of the active region: nothing is paused or drained.",
    ),
    OperationKind.SWITCHOVER: (
        "Change the regions over as planned",
        "New jobs are paused while the running ones come to their end, for drain_seconds at most.",
    ),
    OperationKind.FAILBACK: (
        "Make the primary region the active one again",
        "A switchover that is refused when the primary region is active already.",
    ),
    OperationKind.HOLD: (
        "Let no region be promoted",
        "Until the hold is released, or overruled with force.",
    ),
    OperationKind.RELEASE: (
        "Let regions be promoted again",
        "Ends a pause, too, that no running operation stands behind; with force, any pause.",
    ),
}


def _change_of_pair(kind: OperationKind, summary: str, what: str) -> dict[str, Any]:
    refusals: list[ErrorCode] = []
    if kind.promotes:
        refusals.append(ErrorCode.PAIR_HELD)
    if kind.planned:
        refusals.append(ErrorCode.PAIR_BUSY)
    if kind in (OperationKind.FAILBACK, OperationKind.HOLD, OperationKind.RELEASE):
        refusals.append(ErrorCode.PAIR_UNCHANGED)
    return operation(
        f"{kind.value}Pair",
        "pair",
        summary,
        202,
        schemas.StartedOperation,
        codes=(*WITH_KEY, *WITH_BODY, ErrorCode.FORBIDDEN, *refusals),
        description=f"For operators, in either region. {what} GET /v1/pair shows how it goes.",
        body=PairChange,
    )
