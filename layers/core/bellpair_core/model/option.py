"""Every option of execution, in one table: names, parameters, where they fit, their sources.

An option is a step before and after execution that makes results better, applied where functions
run. The table is what submissions are checked by, and what their decorators agree with. Packages
may describe options of their own by the entry point group ``bellpair.option_descriptions``: the
option's name, and an `Option`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal

from .errors import BellpairError, ErrorCode
from .limits import OPTIONS_MAX

GROUP = "bellpair.option_descriptions"


class Primitive(StrEnum):
    """The two built-in functions."""

    SAMPLING = "sampling"
    ESTIMATION = "estimation"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an option.

    Attributes
    ----------
    kind
        ``numbers`` is a list of numbers.
    default
        Taken where the parameter is left out; a tuple for ``numbers``.
    summary
        What it means, with its unit, for the documentation.
    minimum, maximum
        Of a number, or of each of ``numbers``; both are allowed themselves.
    choices
        Of a ``text``.
    lengths
        The fewest and the most of ``numbers``, which are all different.
    """

    name: str
    kind: Literal["integer", "number", "numbers", "text", "boolean"]
    default: Any
    summary: str
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    lengths: tuple[int, int] = (1, 1)

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        between = f"from {self.minimum:g} to {self.maximum:g}"
        match self.kind:
            case "integer":
                return f"a whole number {between}"
            case "number":
                return f"a number {between}"
            case "numbers":
                fewest, most = self.lengths
                return f"a list of {fewest} to {most} different numbers {between}"
            case "text":
                return " or ".join(f'"{choice}"' for choice in self.choices)
        return "true or false"

    def admits(self, value: Any) -> bool:
        """Whether a JSON value is of this parameter's kind and within its range."""
        match self.kind:
            case "text":
                return isinstance(value, str) and value in self.choices
            case "boolean":
                return isinstance(value, bool)
            case "numbers":
                fewest, most = self.lengths
                return (
                    isinstance(value, list | tuple)
                    and fewest <= len(value) <= most
                    and all(self._in_range(number) for number in value)
                    and len(set(value)) == len(value)
                )
        return self._in_range(value) and (self.kind == "number" or isinstance(value, int))

    def _in_range(self, value: Any) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and self.minimum <= value <= self.maximum
        )


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes
    ----------
    summary
        What it does, in a sentence or two.
    sources
        Where the method comes from.
    primitives
        What it can be used with.
    excludes
        Names of options that it cannot be used together with.
    outside_of
        Names of options that stand before it in a list, if they are in it at all: options go from
        the device outwards.
    faults
        Says what is wrong with parameters that are each possible, but not together; an empty
        text where nothing is.
    """

    name: str
    summary: str
    sources: tuple[str, ...]
    primitives: frozenset[Primitive] = frozenset(Primitive)
    parameters: tuple[Parameter, ...] = ()
    excludes: frozenset[str] = frozenset()
    outside_of: frozenset[str] = frozenset()
    faults: Callable[[Mapping[str, Any]], str] = field(default=lambda parameters: "")

    def completed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given parameters with the defaults of the others, under ``name`` the option's.

        Raises
        ------
        BellpairError
            ``option-invalid``.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in given.items():
            if name not in known:
                listed = ", ".join(known) or "none"
                raise _invalid(
                    f"Option {self.name} has no parameter {name!r}.",
                    f"Its parameters: {listed}.",
                    option=self.name,
                )
            if not known[name].admits(value):
                raise _invalid(
                    f"Parameter {name} of option {self.name} cannot be {value!r}.",
                    f"Give {known[name].allowed}.",
                    option=self.name,
                )
        whole = {name: given.get(name, parameter.default) for name, parameter in known.items()}
        if fault := self.faults(whole):
            raise _invalid(f"Option {self.name}: {fault}", None, option=self.name)
        return {"name": self.name} | {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in whole.items()
        }


def _zne_faults(parameters: Mapping[str, Any]) -> str:
    scales, degree = parameters["scales"], parameters["degree"]
    if parameters["extrapolation"] == "polynomial" and len(scales) <= degree:
        return (
            f"a polynomial of degree {degree} needs {degree + 1} scales or more, and there are "
            f"{len(scales)}. Give more scales, or a smaller degree."
        )
    return ""


_STATES_PREPARED = 2
"""Calibration circuits of one that is to be corrected: all qubits as 0, and all as 1."""

READOUT_MITIGATION = Option(
    "readout-mitigation",
    "Takes the errors of reading qubits out of counts and expectation values, by the chances with "
    "which each qubit is misread.",
    (
        (
            "Bravyi, Sheldon, Kandala, McKay, Gambetta, Phys. Rev. A 103, 042605 (2021), "
            "arXiv:2006.14044"
        ),
        "Nation, Kang, Sundaresan, Gambetta, PRX Quantum 2, 040326 (2021), arXiv:2108.12518",
        "Smolin, Gambetta, Smith, Phys. Rev. Lett. 108, 070502 (2012), arXiv:1106.5458",
    ),
    parameters=(
        Parameter(
            "method",
            "text",
            "snapshot",
            "Where the chances come from: the device's calibration, or two calibration circuits "
            "on the same qubits, run with the job.",
            choices=("snapshot", "measured"),
        ),
        Parameter("shots", "integer", 2048, "Shots of each calibration circuit.", 100, 100_000),
        Parameter(
            "physical",
            "boolean",
            True,
            "Whether counts become the nearest probability distribution; otherwise they may be "
            "negative. Expectation values are not affected.",
        ),
    ),
)
DYNAMICAL_DECOUPLING = Option(
    "dynamical-decoupling",
    "Fills the time in which qubits wait with pulses that cancel, against slow changes of the "
    "qubits' frequencies.",
    (
        "Viola, Knill, Lloyd, Phys. Rev. Lett. 82, 2417 (1999), arXiv:quant-ph/9809071",
        (
            "Ezzell, Pokharel, Tewala, Quiroz, Lidar, Phys. Rev. Applied 20, 064027 (2023), "
            "arXiv:2207.03670"
        ),
    ),
    parameters=(
        Parameter("sequence", "text", "xx", "Pulses of one sequence.", choices=("xx", "xy4")),
        Parameter(
            "loss_max",
            "number",
            0.01,
            "By how much the estimated success may fall for the pulses, as a share of it.",
            0.0,
            0.5,
        ),
    ),
)
TWIRLING = Option(
    "twirling",
    "Shares the shots out over several forms of the circuit with random Paulis around its "
    "two-qubit gates and before its measurements, so that errors become random ones.",
    (
        "Wallman, Emerson, Phys. Rev. A 94, 052325 (2016), arXiv:1512.01098",
        "van den Berg, Minev, Temme, Phys. Rev. A 105, 032620 (2022), arXiv:2012.09738",
    ),
    parameters=(
        Parameter("instances", "integer", 8, "Forms of each circuit.", 1, 64),
        Parameter("gates", "boolean", True, "Whether two-qubit gates are twirled."),
        Parameter("measurement", "boolean", True, "Whether measurements are."),
    ),
    outside_of=frozenset({"readout-mitigation", "dynamical-decoupling"}),
)
ZNE = Option(
    "zne",
    "Zero-noise extrapolation: runs the circuit with its errors made larger on purpose, and "
    "extrapolates expectation values to none.",
    (
        "Temme, Bravyi, Gambetta, Phys. Rev. Lett. 119, 180509 (2017), arXiv:1612.02058",
        "Giurgica-Tiron, Hindy, LaRose, Mari, Zeng, IEEE QCE 306 (2020), arXiv:2005.10921",
    ),
    primitives=frozenset({Primitive.ESTIMATION}),
    parameters=(
        Parameter(
            "scales",
            "numbers",
            (1.0, 3.0, 5.0),
            "By what the errors are multiplied, one form of the circuit each.",
            1.0,
            9.0,
            lengths=(2, 8),
        ),
        Parameter(
            "extrapolation",
            "text",
            "exponential",
            "What is fitted, to each Pauli string by itself.",
            choices=("linear", "polynomial", "exponential", "richardson"),
        ),
        Parameter("degree", "integer", 2, "Of the polynomial.", 1, 4),
        Parameter(
            "folding",
            "text",
            "local",
            "Whether gate by gate or the whole circuit is repeated.",
            choices=("local", "global"),
        ),
    ),
    excludes=frozenset({"pec"}),
    outside_of=frozenset({"readout-mitigation", "dynamical-decoupling", "twirling"}),
    faults=_zne_faults,
)
PEC = Option(
    "pec",
    "Probabilistic error cancellation for small circuits: random Paulis after the gates undo, on "
    "average and with signs, the depolarizing errors that the calibration tells.",
    (
        "Temme, Bravyi, Gambetta, Phys. Rev. Lett. 119, 180509 (2017), arXiv:1612.02058",
        "Endo, Benjamin, Li, Phys. Rev. X 8, 031027 (2018), arXiv:1712.09271",
    ),
    primitives=frozenset({Primitive.ESTIMATION}),
    parameters=(
        Parameter("instances", "integer", 100, "Random forms of each circuit.", 10, 500),
        Parameter(
            "gamma_max",
            "number",
            5.0,
            "Up to which factor standard errors may grow; a circuit that needs more is refused "
            "before it is run.",
            1.0,
            30.0,
        ),
    ),
    excludes=frozenset({"zne"}),
    outside_of=frozenset({"readout-mitigation", "dynamical-decoupling", "twirling"}),
)

OPTIONS: Mapping[str, Option] = {
    option.name: option for option in (READOUT_MITIGATION, DYNAMICAL_DECOUPLING, TWIRLING, ZNE, PEC)
}
"""The options that Bellpair brings, by name."""

_MITIGATED = {"name": "readout-mitigation"}
_MEASURED = {"name": "readout-mitigation", "method": "measured"}
LEVELS: Mapping[Primitive, tuple[tuple[Mapping[str, Any], ...], ...]] = {
    Primitive.SAMPLING: (
        (),
        (_MITIGATED,),
        (_MITIGATED, {"name": "twirling", "instances": 4}),
        (_MEASURED, {"name": "twirling", "instances": 16}),
    ),
    Primitive.ESTIMATION: (
        (),
        (_MITIGATED,),
        (_MITIGATED, {"name": "twirling", "instances": 4}, {"name": "zne"}),
        (_MEASURED, {"name": "twirling", "instances": 16}, {"name": "zne"}),
    ),
}
"""Stacks of options by primitive and level, 0 to 3."""


@cache
def known_options() -> Mapping[str, Option]:
    """All options by name: Bellpair's, and those that installed packages describe."""
    brought = {point.name: point.load() for point in entry_points(group=GROUP)}
    return {**brought, **OPTIONS}


def checked_options(
    given: Sequence[str | Mapping[str, Any]],
    primitive: Primitive | str,
    known: Mapping[str, Option] | None = None,
) -> tuple[dict[str, Any], ...]:
    """The options with all their parameters, in the order given.

    Parameters
    ----------
    given
        Names, or objects with a ``name`` and parameters.
    primitive
        What they are for.
    known
        Options by name; by default all that are installed.

    Raises
    ------
    BellpairError
        ``option-invalid``: the detail names the option and what is wrong with it.
    """
    known = known_options() if known is None else known
    primitive = Primitive(primitive)
    if len(given) > OPTIONS_MAX:
        raise _invalid(
            f"There are {len(given)} options; at most {OPTIONS_MAX} are allowed.",
            "Leave some out.",
        )
    checked: dict[str, dict[str, Any]] = {}
    for one in given:
        name, parameters = _parted(one)
        option = known.get(name)
        if option is None:
            raise _invalid(
                f"There is no option {name!r}.", f"Choose from {', '.join(sorted(known))}."
            )
        if name in checked:
            raise _invalid(f"Option {name} is given twice.", "Give each option once.", option=name)
        if primitive not in option.primitives:
            others = " and ".join(sorted(option.primitives))
            raise _invalid(
                f"Option {name} is for {others}, not for {primitive.value}: it gives no counts.",
                f"Leave {name} out, or estimate an observable.",
                option=name,
            )
        for earlier in checked:
            _require_compatible(known[earlier], option)
        checked[name] = option.completed(parameters)
    return tuple(checked.values())


def options_of_level(level: int, primitive: Primitive | str) -> tuple[dict[str, Any], ...]:
    """The stack that a level stands for, with all parameters.

    Raises
    ------
    BellpairError
        ``option-invalid`` if there is no such level.
    """
    stacks = LEVELS[Primitive(primitive)]
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level < len(stacks):
        raise _invalid(
            f"There is no level {level!r}.", f"Give a whole number from 0 to {len(stacks) - 1}."
        )
    return checked_options(stacks[level], primitive, OPTIONS)


def _parted(one: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(one, str):
        return one, {}
    if isinstance(one, Mapping) and isinstance(one.get("name"), str):
        return one["name"], {key: value for key, value in one.items() if key != "name"}
    raise _invalid(
        f"{one!r} is no option.",
        'Give a name such as "readout-mitigation", or an object with a name and parameters.',
    )


def calibrations_of(stack: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Circuits that options add for each different circuit, and shots of them all.

    Parameters
    ----------
    stack
        As `checked_options` gives it.
    """
    shots = [
        int(option["shots"])
        for option in stack
        if option["name"] == READOUT_MITIGATION.name and option["method"] == "measured"
    ]
    return _STATES_PREPARED * len(shots), _STATES_PREPARED * sum(shots)


def forms_of(stack: Sequence[Mapping[str, Any]], shots: int) -> int:
    """How many circuits options make of each one; of twirled ones, never more than shots.

    Parameters
    ----------
    stack
        As `checked_options` gives it.
    shots
        Of the one circuit.
    """
    forms = 1
    for option in stack:
        forms *= len(option.get("scales", ())) or option.get("instances", 1)
    return min(forms, max(1, shots))


def _require_compatible(earlier: Option, later: Option) -> None:
    if later.name in earlier.excludes or earlier.name in later.excludes:
        raise _invalid(
            f"Options {earlier.name} and {later.name} cannot be used together.",
            f"Leave {earlier.name} or {later.name} out.",
            option=later.name,
        )
    if later.name in earlier.outside_of:
        raise _invalid(
            f"Option {later.name} stands after {earlier.name}, which works on its results.",
            f"Give {later.name} before {earlier.name}: options go from the device outwards.",
            option=later.name,
        )


def _invalid(detail: str, remedy: str | None, **members: Any) -> BellpairError:
    return BellpairError(ErrorCode.OPTION_INVALID, detail, remedy=remedy, **members)
