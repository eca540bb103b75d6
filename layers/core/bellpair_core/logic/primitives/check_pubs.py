"""Look at what `sampling` or `estimation` is to do, as far as that goes without a device.

What is found wrong here refuses the whole job, before anything is spent. What only a device's
compiler finds wrong is told in the result of the circuit that it concerns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bellpair_core.logic.jobs.asked_options import asked_options
from bellpair_core.logic.jobs.checked_program import checked_program
from bellpair_core.logic.jobs.sampled_job import counts_bytes
from bellpair_core.model.builtin import DEFAULT_PRECISION, ESTIMATION
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import (
    BATCH_OPERATIONS_MAX,
    FUNCTION_OUTPUT_BYTES_MAX,
    PROGRAMS_PER_CALL_MAX,
    SHOTS_DEFAULT,
    SHOTS_MAX,
)
from bellpair_core.model.option import calibrations_of, forms_of
from bellpair_core.openqasm import ProblemKind, ProgramFacts
from bellpair_core.openqasm.bare import with_a_measurement
from bellpair_core.openqasm.inputs import bound_program, declared_inputs

from .observables import ObservableError, heaviest_weight, observables_shape
from .shapes import ShapeError, broadcast, sweep_of

_COUNTED_MAX = 1e12
"""Up to which a number is told with all its digits."""


@dataclass
class Load:
    """What pubs come to.

    Attributes
    ----------
    num_qubits
        Of the widest circuit.
    programs
        At least so many circuits are run: sets of parameters, written out.
    shots
        Of all of them together.
    calibrations, calibration_shots
        Circuits that options add to learn of the device, and shots of them together; at least.
    shots_least, shots_most
        Of one circuit as options share them out, where that is known: of samples.
    """

    num_qubits: int = 0
    programs: int = 0
    shots: int = 0
    calibrations: int = 0
    calibration_shots: int = 0
    shots_least: int | None = None
    shots_most: int | None = None
    _operations: int = 0
    _output_bytes: int = 0
    _checked: dict[str, ProgramFacts] = field(default_factory=dict)

    def facts_of(
        self, circuit: str, at: str, *, bare: bool = False
    ) -> tuple[ProgramFacts, tuple[str, ...]]:
        """What is known of a circuit, and the names of its inputs.

        Parameters
        ----------
        bare
            Whether it is to measure nothing.

        Raises
        ------
        BellpairError
            As `checked_program`, at the circuit's place; ``request-too-large`` where all circuits
            together are too much to look at.
        """
        inputs = declared_inputs(circuit)
        if circuit not in self._checked:
            # Any values will do: what they are changes nothing that is checked.
            text = bound_program(circuit, [1.0] * len(inputs))
            facts = _bare_facts(text, at) if bare else _facts(text, at)
            self._operations += facts.num_gates + facts.num_measurements
            if self._operations > BATCH_OPERATIONS_MAX:
                raise BellpairError(
                    ErrorCode.REQUEST_TOO_LARGE,
                    f"The circuits have more than {BATCH_OPERATIONS_MAX:,} gates together.",
                    remedy="Put fewer circuits into one job.",
                    pointer=at,
                )
            self._checked[circuit] = facts
        facts = self._checked[circuit]
        self.num_qubits = max(self.num_qubits, facts.num_qubits)
        return facts, tuple(one.name for one in inputs)

    def add(self, sets: int, shots: int, at: str) -> None:
        """Count so many circuits of so many shots each.

        Raises
        ------
        BellpairError
            ``inputs-invalid``, when they are more than one job may have.
        """
        self.programs += sets
        self.shots += sets * shots
        if self.programs > PROGRAMS_PER_CALL_MAX:
            raise _refused(
                f"the job has more than {PROGRAMS_PER_CALL_MAX:,} circuits, parameters written"
                " out; split it into several jobs",
                at,
            )

    def add_calibrations(self, stack: Sequence[Mapping[str, Any]]) -> None:
        """Count what a stack of options adds for one different circuit."""
        circuits, shots = calibrations_of(stack)
        self.calibrations += circuits
        self.calibration_shots += shots

    def add_forms(self, forms: int, shots: int) -> None:
        """Count the forms of a circuit that share out its shots."""
        least, most = max(1, shots // forms), -(-shots // forms)
        self.shots_least = min(least, self.shots_least or least)
        self.shots_most = max(most, self.shots_most or most)

    def add_counts(self, sets: int, shots: int, bits: int, at: str) -> None:
        """Count what the counts may take in the result.

        Raises
        ------
        BellpairError
            ``result-too-large``.
        """
        self._output_bytes += sets * counts_bytes(shots, bits)
        if self._output_bytes > FUNCTION_OUTPUT_BYTES_MAX:
            raise BellpairError(
                ErrorCode.RESULT_TOO_LARGE,
                f"The counts of the job could take more than {FUNCTION_OUTPUT_BYTES_MAX:,} bytes,"
                " which is the limit of a function's result.",
                remedy="Ask for fewer shots or circuits, or measure into fewer bits; several jobs"
                " can share them.",
                pointer=at,
            )


def check_pubs(name: str, inputs: Mapping[str, Any]) -> Load:
    """Look at the inputs of a built-in function, which fit its schema.

    Parameters
    ----------
    name
        ``"sampling"`` or ``"estimation"``.

    Raises
    ------
    BellpairError
        With a pointer to the place that is wrong: ``program-…`` for a circuit,
        ``option-invalid``, ``result-too-large`` or ``inputs-invalid``.
    """
    whole = asked_options(name, inputs.get("options"), inputs.get("level"), "#/inputs")
    load = Load()
    for number, pub in enumerate(inputs["pubs"]):
        at = f"#/inputs/pubs/{number}"
        own = asked_options(name, pub.get("options"), pub.get("level"), at)
        says = pub.get("options") is not None or pub.get("level") is not None
        stack = own if says else whole
        load.add_calibrations(stack)
        check = _check_estimate if name == ESTIMATION else _check_sample
        sets, shots = check(pub, inputs, load, at)
        forms = forms_of(stack, shots)
        _require_one_call(sets, forms, at)
        if name != ESTIMATION:
            load.add_forms(forms, shots)
    return load


def _check_sample(
    pub: Mapping[str, Any], inputs: Mapping[str, Any], load: Load, at: str
) -> tuple[int, int]:
    """Look at one; how many sets of parameters, and the shots of each."""
    facts, names = load.facts_of(pub["circuit"], f"{at}/circuit")
    sets = math.prod(_sweep(names, pub, at))
    shots = pub.get("shots") or inputs.get("shots") or SHOTS_DEFAULT
    load.add(sets, shots, at)
    load.add_counts(sets, shots, facts.num_bits, at)
    return sets, shots


def _check_estimate(
    pub: Mapping[str, Any], inputs: Mapping[str, Any], load: Load, at: str
) -> tuple[int, int]:
    """Look at one; how many sets of parameters, and the fewest shots of each."""
    facts, names = load.facts_of(pub["circuit"], f"{at}/circuit", bare=True)
    try:
        weight, largest = heaviest_weight(pub["observables"], facts.num_qubits)
        asked = observables_shape(pub["observables"])
    except (ObservableError, ShapeError) as error:
        raise _refused(str(error), f"{at}/observables") from None
    sweep = _sweep(names, pub, at)
    shape = broadcast(sweep, asked)
    if shape is None:
        raise _refused(
            f"the parameters' shape {sweep} and the observables' shape {asked} do not broadcast;"
            " lengths must agree from the last axis on, or be 1",
            at,
        )
    precision = pub.get("precision") or inputs.get("precision") or DEFAULT_PRECISION
    _require_affordable(weight, largest, precision, at)
    sets, shots = math.prod(sweep), math.ceil(weight**2 / precision**2)
    load.add(sets, shots, at)
    return sets, shots


def _require_one_call(sets: int, forms: int, at: str) -> None:
    """Refuse what options make too many circuits of: one pub's go into one quantum call."""
    if sets * forms > PROGRAMS_PER_CALL_MAX:
        raise _refused(
            f"the options make {forms:,} circuits of each of {sets:,} sets of parameters, and"
            f" {PROGRAMS_PER_CALL_MAX:,} are allowed; share the sets out over several pubs, or"
            " give fewer instances",
            at,
        )


def _facts(text: str, at: str) -> ProgramFacts:
    try:
        return checked_program(text)
    except BellpairError as error:
        if error.members.get("problem") == ProblemKind.NO_MEASUREMENT.value:
            raise _refused(
                "the circuit measures nothing, so there is nothing to sample", at
            ) from None
        raise _at(error, at) from None


def _bare_facts(text: str, at: str) -> ProgramFacts:
    """What is known of a circuit that is to measure nothing."""
    measured = with_a_measurement(text)
    if measured is None:
        raise _refused("the circuit declares no qubits, such as qubit[4] q", at)
    facts = _facts(measured, at)
    if facts.num_measurements > 1:
        raise _refused(
            "the circuit measures, but estimation measures in bases of its own; remove its"
            " measurements",
            at,
        )
    return facts


def _sweep(names: Sequence[str], pub: Mapping[str, Any], at: str) -> tuple[int, ...]:
    try:
        return sweep_of(names, pub.get("parameters"))
    except ShapeError as error:
        raise _refused(str(error), f"{at}/parameters") from None


def _require_affordable(weight: float, largest: float, precision: float, at: str) -> None:
    """Refuse a precision that no grouping of the strings could reach.

    However strings are grouped, the group of the heaviest one takes as many shots as that one
    would by itself; how many it takes in all is known when the circuits are made.
    """
    needed = weight * largest / precision**2
    if needed > SHOTS_MAX * (1 + 1e-9):
        coarser = precision * math.sqrt(needed / SHOTS_MAX)
        digit = 10.0 ** (math.floor(math.log10(coarser)) - 1)
        raise _refused(
            f"a precision of {precision:g} takes at least {_counted(needed)} shots of one"
            f" circuit, and at most {SHOTS_MAX:,} are allowed; ask for a precision of"
            f" {math.ceil(coarser / digit) * digit:g}, or average several jobs",
            f"{at}/precision",
        )


def _counted(number: float) -> str:
    return f"{math.ceil(number):,}" if number < _COUNTED_MAX else f"{number:.3g}"


def _at(error: BellpairError, pointer: str) -> BellpairError:
    """The error at another place of the request."""
    error.members["pointer"] = pointer
    error.detail = f"{pointer}: {error.detail}"
    return error


def _refused(detail: str, pointer: str) -> BellpairError:
    return BellpairError(
        ErrorCode.INPUTS_INVALID,
        f"{pointer}: {detail}.",
        pointer=pointer,
        errors=[{"pointer": pointer, "detail": detail}],
    )
