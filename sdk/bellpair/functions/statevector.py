"""A small state-vector simulator, so that functions can be tested anywhere."""

from __future__ import annotations

from bellpair.functions.errors import InvalidCall
from bellpair.functions.straight_line import applied, read_program

_QUBITS_MAX = 22


def sampled_counts(source: str, shots: int, seed: int) -> dict[str, int]:
    """Counts of a program's final measurements, without noise.

    Parameters
    ----------
    source
        OpenQASM 2 or 3 without branches and loops.
    seed
        The same seed gives the same counts.

    Returns
    -------
    dict
        Counts by bit string, most frequent first; the rightmost character is bit 0 of the first
        classical register.

    Raises
    ------
    InvalidCall
        When the program has more qubits than fit into this process, or is not of that kind.
    """
    import numpy as np

    program = read_program(source)
    if program.qubits > _QUBITS_MAX:
        raise InvalidCall(
            f"The circuit has {program.qubits} qubits; the simulator in this process takes at "
            f"most {_QUBITS_MAX}.",
            remedy="Test with a smaller instance, or give run_local another simulator.",
        )
    if not program.measured:
        raise InvalidCall("The circuit measures nothing.", remedy="Measure its qubits.")
    state = np.zeros((2,) * program.qubits, dtype=complex)
    state[(0,) * program.qubits] = 1
    for matrix, qubits in program.gates:
        state = applied(matrix, qubits, state)
    probabilities = np.abs(state) ** 2
    kept = sorted(set(program.measured.values()))
    rest = tuple(qubit for qubit in range(program.qubits) if qubit not in kept)
    marginal = probabilities.sum(axis=rest).reshape(-1)
    numbers = np.random.default_rng(seed).multinomial(shots, marginal / marginal.sum())
    counts: dict[str, int] = {}
    for outcome in np.flatnonzero(numbers).tolist():
        read = format(outcome, f"0{len(kept)}b")
        bits = ["0"] * program.bits
        for bit, qubit in program.measured.items():
            bits[program.bits - 1 - bit] = read[kept.index(qubit)]
        counts["".join(bits)] = int(numbers[outcome])
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
