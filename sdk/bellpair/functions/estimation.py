"""Estimating expectation values: bases, shots and the arithmetic of errors.

Let an observable be the sum of c_k P_k over Pauli strings, measured in groups g of strings that
commute qubit by qubit, and w_g the sum of |c_k| in a group. One shot of a group gives a value
within ±w_g, so with n_g shots the estimate's variance is at most the sum of w_g² / n_g. For a
standard error of at most ε this takes the fewest shots when they are shared out as

    n_g = w_g (sum of all w_h) / ε²,

rounded up; see Wecker, Hastings and Troyer, Phys. Rev. A 92, 042303 (2015), section III.B, and
Rubin, Babbush and McClean, New J. Phys. 20, 053020 (2018). Results come with the standard error
that the measured spread tells, which is smaller where the state is close to an eigenstate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bellpair.functions.bindings import bound_values
from bellpair.functions.circuits import bare_template
from bellpair.functions.errors import InvalidCall
from bellpair.functions.limits import PRECISION_MAX, PRECISION_MIN, SHOTS_MAX
from bellpair.functions.observables import Observable, grouped, observables_array
from bellpair.functions.plan import Call, Measured, Origin
from bellpair.functions.results import Estimate
from bellpair.functions.sampling import together
from bellpair.functions.stacks import OptionAsked, Stack, Stacks, no_seed
from bellpair.options.request import Outcome, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_PRECISION = 1 / 64
KIND = "estimation"


class Estimator:
    """``runtime.estimator``: expectation values of observables.

    Called with one circuit it gives one `Estimate`; called with a list, a list of them.
    """

    def __init__(
        self,
        make: Callable[[str, list[Call[Any]]], list[Any]],
        seed: Callable[[], int] = no_seed,
        options: Sequence[OptionAsked] = (),
    ) -> None:
        self._make = make
        self._stacks = Stacks(KIND, seed, options)

    def __call__(
        self,
        circuits: Any,
        observables: Any = None,
        parameters: Any = None,
        precision: float = DEFAULT_PRECISION,
        *,
        device: str | None = None,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
    ) -> Any:
        """Estimate now; the function waits, maybe suspended, until the result is there.

        Parameters
        ----------
        circuits
            One circuit without measurements, of the kinds that `Sampler` takes. Or a list of
            tuples ``(circuit, observables, parameters, precision)``, whose last two may be left
            out: Qiskit's PUBs.
        observables
            One observable of the one circuit, or a (nested) list of them: see
            `bellpair.functions.observables.observables_array`. A string's rightmost letter is
            for qubit 0: the first qubit of the first register.
        parameters
            As `Sampler` takes them.
        precision
            The standard error that each value may have at most, in the observable's unit. The
            shots grow with the square of the coefficients over the precision.
        device
            Overrules the function's own device.
        options
            Execution options in the order in which they wrap the device, the nearest first; each a
            name, or a dict of a name and parameters: ``{"name": "zne", "scales": [1, 3]}``. They
            share out the shots that the precision takes, and standard errors say what they made
            of them, so these may be larger than `precision`. Without options and level, those that
            the function declares; ``[]`` is none.
        level
            0 to 3: a sensible stack of options, in place of `options`.

        Returns
        -------
        Estimate or list of Estimate
            ``.values`` and ``.standard_errors``, numpy arrays of the shape to which the shapes
            of parameters and observables broadcast: 5 sets of parameters and observables of
            shape (3, 1) give (3, 5). ``.value`` is the float where there is only one.

        Raises
        ------
        InvalidCall
            If circuits, observables, parameters or precision cannot be, or shapes don't
            broadcast.
        LimitExceeded
            If it is too much for one call.
        CallFailed
            If the device could not run it.
        """
        call = self.later(
            circuits,
            observables,
            parameters,
            precision,
            device=device,
            options=options,
            level=level,
        )
        return self._make("estimate", [call])[0]

    def later(
        self,
        circuits: Any,
        observables: Any = None,
        parameters: Any = None,
        precision: float = DEFAULT_PRECISION,
        *,
        device: str | None = None,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
    ) -> Call[Any]:
        """The same call, described only: for `Runtime.gather`.

        Raises
        ------
        InvalidCall
            When circuits, observables, parameters, precision or options do not go together.
        """
        stack = self._stacks.given(options, level)
        if not isinstance(circuits, list | tuple):
            call = _planned(circuits, observables, parameters, precision, stack)
            return Call("estimate", call.programs, device, call.read)
        if observables is not None or parameters is not None:
            raise InvalidCall(
                "A list of circuits brings its observables and parameters along.",
                remedy="Write estimator([(circuit, observables, parameters), …]).",
            )
        return together("estimate", [_pub(one, precision, stack) for one in circuits], device)


def shots_needed(observable: Observable, precision: float) -> Mapping[str, int]:
    """Shots in each basis for a standard error of at most ``precision``; see the module.

    Returns
    -------
    dict
        Shots by basis.
    """
    return _shots([observable], grouped(_terms([observable])), precision)


@dataclass(frozen=True)
class _Setting:
    """How the observables of one set of parameters are measured."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    shots: Mapping[str, int]


def _pub(pub: Any, precision: float, stack: Stack) -> Call[Estimate]:
    if not isinstance(pub, tuple) or not 2 <= len(pub) <= 4:
        raise InvalidCall(
            "A list for the estimator has tuples of two to four members.",
            remedy="Write (circuit, observables), (circuit, observables, parameters) or "
            "(circuit, observables, parameters, precision).",
        )
    circuit, observables, parameters, own = (*pub, None, None)[:4]
    own = precision if own is None else own
    return _planned(circuit, observables, parameters, own, stack)


def _planned(
    circuit: Any, observables: Any, parameters: Any, precision: Any, stack: Stack
) -> Call[Estimate]:
    import numpy as np

    precision = _checked_precision(precision)
    template = bare_template(circuit)
    if not template.qubits:
        raise InvalidCall(
            "The circuit's qubits cannot be told.",
            remedy="Declare them with a number, such as qubit[4] q; physical qubits such as $0 "
            "cannot be estimated.",
        )
    if observables is None:
        raise InvalidCall(
            "There is no observable.", remedy='Give one, such as estimator(circuit, "ZZ").'
        )
    wanted = observables_array(observables, len(template.qubits))
    values = bound_values(template.parameters, parameters)
    shape, places = _broadcast(values.shape[:-1], wanted.shape)
    sets = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
    flat = wanted.reshape(-1)

    # Which observables each set of parameters is for: they share circuits.
    uses: dict[int, list[int]] = {}
    for which_set, which in places:
        uses.setdefault(which_set, []).append(which)
    settings: dict[tuple[int, ...], _Setting] = {}
    requests: list[Request] = []
    starts: dict[int, tuple[int, _Setting]] = {}
    for which_set, used in uses.items():
        setting = settings.get(tuple(used))
        if setting is None:
            setting = _setting([flat[which] for which in used], precision)
            settings[tuple(used)] = setting
        starts[which_set] = (len(requests), setting)
        values_of_set = sets[which_set].tolist()
        requests += [
            Request(
                template.program(values_of_set, setting.shots[basis], basis),
                _read_strings(basis, terms, [flat[which] for which in used]),
            )
            for basis, terms in setting.groups
        ]
    plan = stack.plan(requests)

    def read(measured: Sequence[Measured], origin: Origin) -> Estimate:
        outcomes = plan.read(measured)
        results = [
            _estimated(flat[which], *starts[which_set], outcomes) for which_set, which in places
        ]
        pairs = np.array(results, dtype=float).reshape(*shape, 2)
        return Estimate(
            values=pairs[..., 0],
            standard_errors=pairs[..., 1],
            precision=precision,
            shots=sum(program.shots for program in plan.programs),
            device=origin.device,
            calibration_id=origin.calibration_id,
            cost_usd=origin.cost_usd,
            options=stack.report(outcomes),
            metrics=stack.metrics(outcomes),
            circuits=len(plan.programs),
            overhead=stack.overhead(len(requests), plan),
        )

    return Call("estimate", plan.programs, None, read)


def _read_strings(
    basis: str, terms: Sequence[str], observables: Sequence[Observable]
) -> dict[str, float]:
    """The strings of a group over the bits that are read, each with its largest coefficient."""
    return {
        _over_bits(term, basis): max(
            (one.terms[term] for one in observables if term in one.terms), key=abs
        )
        for term in terms
    }


def _over_bits(term: str, basis: str) -> str:
    """A Pauli string without the letters of qubits that its basis does not read."""
    return "".join(letter for letter, read in zip(term, basis, strict=True) if read != "I")


def _broadcast(
    sets: tuple[int, ...], observables: tuple[int, ...]
) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """The result's shape, and for each of its values the numbers of its set and observable."""
    import numpy as np

    try:
        shape = np.broadcast_shapes(sets, observables)
    except ValueError:
        raise InvalidCall(
            f"The parameters' shape {sets} and the observables' shape {observables} do not "
            "broadcast.",
            remedy="Lengths must agree from the last axis on, or be 1: observables[:, None] "
            "gives each observable every set of parameters.",
        ) from None
    numbers = [
        np.broadcast_to(np.arange(math.prod(part)).reshape(part), shape).reshape(-1).tolist()
        for part in (sets, observables)
    ]
    return shape, list(zip(*numbers, strict=True))


def _setting(observables: Sequence[Observable], precision: float) -> _Setting:
    groups = grouped(_terms(observables))
    return _Setting(groups, _shots(observables, groups, precision))


def _terms(observables: Sequence[Observable]) -> list[str]:
    """All Pauli strings, the heaviest first; the same whatever the order they came in."""
    heaviest: dict[str, float] = {}
    for observable in observables:
        for term, coefficient in observable.terms.items():
            heaviest[term] = max(heaviest.get(term, 0.0), abs(coefficient))
    return sorted(heaviest, key=lambda term: (-heaviest[term], term))


def _shots(
    observables: Sequence[Observable],
    groups: Sequence[tuple[str, tuple[str, ...]]],
    precision: float,
) -> dict[str, int]:
    shots = dict.fromkeys((basis for basis, _ in groups), 1)
    for observable in observables:
        weights = {
            basis: sum(abs(observable.terms.get(term, 0.0)) for term in terms)
            for basis, terms in groups
        }
        total = sum(weights.values())
        for basis, weight in weights.items():
            # The last digits of a square are no reason for one more shot.
            needed = math.ceil(weight * total / precision**2 * (1 - 1e-12))
            shots[basis] = max(shots[basis], needed)
    most = max(shots.values(), default=1)
    if most > SHOTS_MAX:
        coarser = precision * math.sqrt(most / SHOTS_MAX)
        raise InvalidCall(
            f"A precision of {precision:g} takes {most:,} shots of one circuit; at most "
            f"{SHOTS_MAX:,} are allowed.",
            remedy=f"Ask for a precision of {_rounded_up(coarser):g}, or average several calls.",
        )
    return shots


def _rounded_up(number: float) -> float:
    digit = 10.0 ** (math.floor(math.log10(number)) - 1)
    return math.ceil(number / digit) * digit


def _estimated(
    observable: Observable, start: int, setting: _Setting, outcomes: Sequence[Outcome]
) -> tuple[float, float]:
    """Value and standard error of an observable."""
    value, variance = observable.constant, 0.0
    for number, (basis, terms) in enumerate(setting.groups):
        own = {
            _over_bits(term, basis): observable.terms[term]
            for term in terms
            if term in observable.terms
        }
        if own:
            outcome = outcomes[start + number]
            if outcome.terms is not None:
                mean, error = outcome.terms.total(own)
                spread = error**2
            else:
                mean, spread = _mean_of(own, outcome.counts)
            value += mean
            variance += spread
    return value, math.sqrt(variance)


def _mean_of(terms: Mapping[str, float], counts: Mapping[str, float]) -> tuple[float, float]:
    """Mean of the sum of terms over the bits, and the mean's variance."""
    import numpy as np

    shots = np.array(list(counts.values()), dtype=float)
    bits = _bits(counts, len(next(iter(terms))))
    sums = np.zeros(len(shots))
    for term, coefficient in terms.items():
        columns = [bit for bit, letter in enumerate(reversed(term)) if letter != "I"]
        sums += coefficient * (1 - 2 * (bits[:, columns].sum(axis=1) % 2))
    total = shots.sum()
    mean = float(sums @ shots / total)
    if total < 2:
        return mean, sum(map(abs, terms.values())) ** 2
    spread = float(((sums - mean) ** 2) @ shots / (total - 1))
    return mean, spread / total


def _bits(counts: Mapping[str, float], width: int) -> NDArray[np.int64]:
    """A row for each bit string, a column for each bit, bit 0 first."""
    import numpy as np

    return np.array([[int(bit) for bit in reversed(text[-width:])] for text in counts])


def _checked_precision(precision: Any) -> float:
    try:
        number = float(precision)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not PRECISION_MIN <= number <= PRECISION_MAX:
        shown = f"{precision:g}" if isinstance(precision, float) else f"{precision!r:.40}"
        raise InvalidCall(
            f"{shown} cannot be a precision.",
            remedy="Give the standard error that a value may have, such as 0.01; from "
            f"{PRECISION_MIN:g} to {PRECISION_MAX:g}.",
        )
    return number
