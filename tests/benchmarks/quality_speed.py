"""Speed of the compiler: binding against compiling again, and compiling typical circuits warm."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ParameterVector

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.compiler import compile_program, compile_template
from tests.benchmarks.quality_circuits import problems
from tests.benchmarks.quality_devices import PROFILES, SETTLED_H, day
from tests.benchmarks.quality_fidelity import OPTIONS

TYPICAL = (
    "mqt_ghz_10",
    "mqt_wstate_8",
    "mqt_bv_10",
    "mqt_qpeexact_6",
    "mqt_cdkm_ripple_carry_adder_8",
    "mqt_qaoa_6",
    "mqt_vqe_su2_6",
    "ghz_12",
    "qft_6",
    "bv_12",
    "qaoa_10",
    "vqe_12",
)
QUBITS, LAYERS = 20, 2
BINDINGS, COMPILATIONS, ROUNDS = 60, 5, 3


def measure_binding() -> dict[str, Any]:
    """A 20-qubit ansatz on the lattice: bound to values, or compiled again with them."""
    target = _lattice()
    circuit, count = _ansatz()
    text = qasm3.dumps(circuit)
    template = compile_template(text, "3.0", target)
    values = [0.1 + 0.01 * number for number in range(count)]
    again = qasm3.dumps(circuit.assign_parameters(values))

    def recompiled() -> None:
        compile_program(again, "3.0", target, options=OPTIONS)

    recompiled()
    bind, bind_processor = _medians(lambda: template.bind(values), BINDINGS)
    recompile, recompile_processor = _medians(recompiled, COMPILATIONS)
    return {
        "qubits": QUBITS,
        "parameters": count,
        "bind_ms": bind * 1000,
        "recompile_ms": recompile * 1000,
        "ratio": recompile / bind,
        "processor_ratio": recompile_processor / bind_processor,
    }


def measure_compiling() -> dict[str, Any]:
    """Seconds for twelve typical circuits, each compiled before, on the clock and of processor."""
    target = _lattice()
    chosen = [each for each in problems() if each.name in TYPICAL]
    seconds: dict[str, float] = {}
    processor: list[float] = []
    for each in chosen:
        compile_program(each.source, "2.0", target)
        seconds[each.name], spent = _medians(
            lambda source=each.source: compile_program(source, "2.0", target),  # type: ignore[misc]
            ROUNDS,
        )
        processor.append(spent)
    return {
        "circuits": len(chosen),
        "p50_s": median(seconds.values()),
        "most_s": max(seconds.values()),
        "p50_processor_s": median(processor),
        "by_circuit": seconds,
    }


def _medians(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Seconds on the clock and of processor."""
    taken, spent = [], []
    for _ in range(rounds):
        begun, idle = time.perf_counter(), time.process_time()
        work()
        taken.append(time.perf_counter() - begun)
        spent.append(time.process_time() - idle)
    return median(taken), median(spent)


def _lattice() -> DeviceTarget:
    # A device none of whose twenty qubits is dead.
    profile = PROFILES["square-20"]
    seed = next(s for s in range(100) if len(day(profile, s, SETTLED_H).target.qubits) == QUBITS)
    return day(profile, seed, SETTLED_H).target


def _ansatz() -> tuple[QuantumCircuit, int]:
    angles = ParameterVector("a", QUBITS * (LAYERS + 1))
    circuit = QuantumCircuit(QUBITS)
    free = iter(angles)
    for _ in range(LAYERS):
        for qubit in range(QUBITS):
            circuit.ry(next(free), qubit)
        for qubit in range(QUBITS - 1):
            circuit.cx(qubit, qubit + 1)
    for qubit in range(QUBITS):
        circuit.ry(next(free), qubit)
    circuit.measure_all()
    return circuit, len(angles)
