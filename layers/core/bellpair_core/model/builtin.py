"""The two functions that every tenant has without deploying them: what they are asked for.

The functions themselves come with the client library, in ``bellpair.functions.builtin``; here
is what an invocation of them may look like, as the API's schema and their own show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from .blob import BlobRef
from .limits import (
    PRECISION_MAX,
    PRECISION_MIN,
    PROGRAMS_PER_CALL_MAX,
    SHOTS_DEFAULT,
    SHOTS_MAX,
    SHOTS_MIN,
)

SAMPLING = "sampling"
ESTIMATION = "estimation"

DEFAULT_PRECISION = 1 / 64
"""The standard error that an estimate has at most where none is asked for."""

OptionAsked = str | dict[str, JsonValue]
"""An option as people write it: its name, or an object of its name and parameters."""

Options = Annotated[
    list[OptionAsked] | None,
    Field(
        description="execution options in the order in which they wrap the device, each a name or"
        " an object of a name and parameters"
    ),
]
Level = Annotated[
    int | None,
    Field(ge=0, le=3, description="0 to 3: a sensible stack of options, in place of options"),
]
Parameters = Annotated[
    JsonValue,
    Field(
        description="values of the inputs that the circuit declares: an array whose last axis is"
        " over them, or an object from their names to arrays"
    ),
]
_CIRCUIT = "OpenQASM 2 or 3; what it declares as input float is bound to the parameters' values"


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplingPub(_Asked):
    """A circuit to be sampled, once for each set of its parameters' values."""

    circuit: str = Field(min_length=1, description=_CIRCUIT)
    parameters: Parameters = None
    shots: int | None = Field(None, ge=SHOTS_MIN, le=SHOTS_MAX)
    options: Options = None
    level: Level = None


class SamplingInputs(_Asked):
    """What `sampling` is asked for."""

    pubs: list[SamplingPub] = Field(min_length=1, max_length=PROGRAMS_PER_CALL_MAX)
    shots: int = Field(
        SHOTS_DEFAULT, ge=SHOTS_MIN, le=SHOTS_MAX, description="of pubs that have none of their own"
    )
    options: Options = None
    level: Level = None


class EstimationPub(_Asked):
    """Observables to be estimated in the state that a circuit makes."""

    circuit: str = Field(min_length=1, description=f"{_CIRCUIT}; it measures nothing itself")
    observables: JsonValue = Field(
        description="a Pauli string (its last letter is for qubit 0), an object from Pauli strings"
        " to real coefficients, or a nested array of these"
    )
    parameters: Parameters = None
    precision: float | None = Field(
        None,
        ge=PRECISION_MIN,
        le=PRECISION_MAX,
        description="standard error of each value at most",
    )
    options: Options = None
    level: Level = None


class EstimationInputs(_Asked):
    """What `estimation` is asked for."""

    pubs: list[EstimationPub] = Field(min_length=1, max_length=PROGRAMS_PER_CALL_MAX)
    precision: float = Field(
        DEFAULT_PRECISION,
        ge=PRECISION_MIN,
        le=PRECISION_MAX,
        description="of pubs that have none of their own",
    )
    options: Options = None
    level: Level = None


class Builtin(NamedTuple):
    """A function that comes with the platform.

    Attributes
    ----------
    entry
        ``"module:attribute"`` in the client library, which every worker has.
    version
        Grows when what it is asked for, or what it returns, changes.
    """

    name: str
    entry: str
    version: int
    inputs: type[SamplingInputs] | type[EstimationInputs]
    description: str

    @property
    def schema(self) -> dict[str, Any]:
        """Of its inputs."""
        return self.inputs.model_json_schema()


BUILTIN_FUNCTIONS: Mapping[str, Builtin] = {
    one.name: one
    for one in (
        Builtin(
            SAMPLING,
            "bellpair.functions.builtin.sampling:sampling",
            1,
            SamplingInputs,
            "Counts of many circuits, each with any sweep of its parameters, in one job.",
        ),
        Builtin(
            ESTIMATION,
            "bellpair.functions.builtin.estimation:estimation",
            1,
            EstimationInputs,
            "Expectation values of sums of Pauli strings, with their standard errors.",
        ),
    )
}

BUILTIN_PACKAGE = BlobRef.within(b"PK\x05\x06" + bytes(18))
"""A zip archive without members: the worker has these functions' modules already."""

OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "description": "one for each pub, in order: what it gave, or the error of one that"
            " could not be run",
            "items": {
                "type": "object",
                "properties": {"status": {"enum": ["succeeded", "failed"]}},
                "required": ["status"],
            },
        },
        "failed": {"type": "integer", "description": "how many of the results are errors"},
        "shots": {"type": "integer", "description": "of all circuits together"},
        "cost_usd": {"type": "number"},
    },
    "required": ["results", "failed"],
}
"""Of what both return."""
