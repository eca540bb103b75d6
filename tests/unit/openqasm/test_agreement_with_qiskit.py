"""The checker and Qiskit, which compiles the programs later, read the same language.

Programs that Qiskit writes must be accepted, with its numbers of qubits and bits. Programs
broken at random that Qiskit refuses must be refused, but for the leniencies listed here.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
from collections.abc import Callable, Iterator

import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, transpile
from qiskit.circuit import ClassicalRegister, QuantumRegister
from qiskit.circuit.random import random_circuit

from bellpair_core.openqasm import ProblemKind, check_program
from tests.unit.openqasm.marked import problem_of

# Refused here although Qiskit takes them: such a job has no result.
_WITHOUT_RESULT = (ProblemKind.NO_MEASUREMENT, ProblemKind.NO_QUBITS)

# Accepted here although Qiskit's importer refuses them: the language has them, and the
# importer has only not learned them. In words of its messages.
_NOT_LEARNED_BY_QISKIT = re.compile(
    "unsupported binary operation"  # such as **
    "|type error"  # it types expressions over a gate's parameters
    "|not supported"
)

_TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|"[^"]*"|->|==|.|\n')


def _circuit(seed: int) -> QuantumCircuit:
    qubits = 2 + seed % 5
    return random_circuit(
        qubits,
        4,
        max_operands=min(qubits, 4),
        measure=True,
        reset=seed % 3 == 0,
        seed=seed,
    )


def _broken(source: str, seed: int, times: int) -> Iterator[str]:
    """Delete, double or replace one token."""
    rng = random.Random(seed)
    tokens = _TOKEN.findall(source)
    words = [i for i, token in enumerate(tokens) if not token.isspace()]
    for _ in range(times):
        mutant = list(tokens)
        i = rng.choice(words)
        match rng.randrange(3):
            case 0:
                del mutant[i]
            case 1:
                mutant.insert(i, tokens[i] + " ")
            case _:
                mutant[i] = tokens[rng.choice(words)]
        yield "".join(mutant)


def _read_2(source: str) -> QuantumCircuit:
    return qasm2.loads(
        source,
        include_path=(),
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )


def _read_3(source: str) -> QuantumCircuit:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return qasm3.loads(source)


def _problem_there(read: Callable[[str], QuantumCircuit], source: str) -> Exception | None:
    try:
        read(source)
    except Exception as error:  # The OpenQASM 3 importer lets out errors of many types.
        return error
    return None


@pytest.mark.parametrize("seed", range(40))
def test_programs_that_qiskit_writes_are_accepted(seed: int) -> None:
    circuit = _circuit(seed)
    for source in (qasm2.dumps(circuit), qasm3.dumps(circuit)):
        facts = check_program(source)
        assert (facts.num_qubits, facts.num_bits) == (circuit.num_qubits, circuit.num_clbits)
        measured = circuit.count_ops()["measure"]
        assert facts.num_measurements == measured


def test_control_flow_that_qiskit_writes_is_accepted() -> None:
    q, c, d = QuantumRegister(4, "q"), ClassicalRegister(4, "c"), ClassicalRegister(2, "d")
    circuit = QuantumCircuit(q, c, d)
    circuit.h(q)
    circuit.measure(q[0], c[0])
    with circuit.if_test((c, 3)) as otherwise:
        circuit.x(0)
        with circuit.if_test((d[0], 1)):
            circuit.y(1)
    with otherwise:
        circuit.rx(0.5, 2)
    with circuit.for_loop(range(5)):
        circuit.cx(0, 1)
    with circuit.box():
        circuit.barrier()
    circuit.measure(q, c)
    facts = check_program(qasm3.dumps(circuit))
    assert (facts.num_qubits, facts.num_bits) == (4, 6)
    assert facts.num_gates == 4 + 1 + 1 + 1 + 5
    assert facts.has_classical_control
    assert facts.has_mid_circuit_measurement


def test_physical_qubits_that_qiskit_writes_are_accepted() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    facts = check_program(qasm3.dumps(transpile(circuit, initial_layout=[2, 0, 1])))
    assert facts.physical_qubits
    assert (facts.num_qubits, facts.num_bits) == (3, 3)


def _must_agree(read: Callable[[str], QuantumCircuit], source: str) -> None:
    here, there = problem_of(source), _problem_there(read, source)
    if there is None:
        assert here is None or here.kind in _WITHOUT_RESULT, f"{here}\n{source}"
    elif not _NOT_LEARNED_BY_QISKIT.search(str(there)):
        assert here is not None, f"{there}\n{source}"


@pytest.mark.parametrize("seed", range(40))
def test_openqasm_2_that_qiskit_refuses_is_refused(seed: int) -> None:
    for source in _broken(qasm2.dumps(_circuit(seed)), seed, times=40):
        _must_agree(_read_2, source)


@pytest.mark.parametrize("seed", range(12))
def test_openqasm_3_that_qiskit_refuses_is_refused(seed: int) -> None:
    for source in _broken(qasm3.dumps(_circuit(seed)), seed, times=8):
        _must_agree(_read_3, source)
