"""The options by which a command says what a device must offer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer


class DeviceKind(StrEnum):
    """Hardware or not."""

    QPU = "qpu"
    SIMULATOR = "simulator"


MinFidelity = Annotated[
    float | None,
    typer.Option(
        metavar="0..1", help="Only a device on which the circuit is expected to succeed so often."
    ),
]
MaxCost = Annotated[
    float | None,
    typer.Option(min=0, metavar="USD", help="Only a device that takes no more for the shots."),
]
MaxWait = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="Only a device that is expected to keep it waiting no longer.",
    ),
]
Kind = Annotated[DeviceKind | None, typer.Option(help="Only a QPU, or only a simulator.")]


def constraints_of(
    min_fidelity: float | None,
    max_cost: float | None,
    max_wait: float | None,
    kind: DeviceKind | None,
) -> dict[str, Any]:
    """The constraints that were given, by their names in the API.

    Raises
    ------
    typer.BadParameter
        If the fidelity is none.
    """
    if min_fidelity is not None and not 0 < min_fidelity <= 1:
        raise typer.BadParameter(
            f"{min_fidelity:g} is no expected success; give a number over 0 and up to 1.",
            param_hint="--min-fidelity",
        )
    given = {
        "min_fidelity": min_fidelity,
        "max_cost_usd": max_cost,
        "max_wait_s": max_wait,
        "kind": None if kind is None else kind.value,
    }
    return {name: limit for name, limit in given.items() if limit is not None}
