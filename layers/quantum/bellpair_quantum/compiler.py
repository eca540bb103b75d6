"""From a program's source to the program that its device takes."""

from __future__ import annotations

from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_quantum.errors import CompileError
from bellpair_quantum.openqasm import verbatim_program, virtual_program
from bellpair_quantum.options import DEFAULT_OPTIONS, CompileOptions
from bellpair_quantum.program import CompiledProgram, Operation, depth, estimated_success
from bellpair_quantum.qpu import NativeCircuit, gates_for_qpu
from bellpair_quantum.reading import read_circuit
from bellpair_quantum.sampled import SampledCircuit, sampled
from bellpair_quantum.simulator import gates_for_simulator
from bellpair_quantum.template import Template


def compile_program(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    *,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> CompiledProgram:
    """Compile OpenQASM for a device, against the calibration that ``target`` carries.

    Qubits that the program never uses are left out. On a simulator the others become qubits
    0, 1, … in their order, with the program's gates as they are; on a QPU they go where the
    error rates are best.

    Parameters
    ----------
    source
        The program. It includes at most the standard library of its version.
    version
        Its OpenQASM version, ``"2.0"`` or ``"3.0"``, or ``"qpy"``.
    target
        The device.
    options
        How to look for a good compiled form.

    Returns
    -------
    CompiledProgram
        Its `bits` say how to read the measurements.

    Raises
    ------
    CompileError
        Where the program is wrong, too wide, or asks for what the device cannot do.

    Examples
    --------
    >>> sv1 = DeviceTarget(
    ...     device="sv1",
    ...     kind="simulator",
    ...     qubits=range(34),
    ...     gates=("x", "rx", "rz"),
    ...     calibration_id="none",
    ... )
    >>> flip = "OPENQASM 2.0; qreg q[1]; creg c[2]; U(pi,0,pi) q[0]; measure q[0]->c[1];"
    >>> compile_program(flip, "2.0", sv1).bits
    (None, 0)
    """
    text = source if isinstance(source, str) else source.decode()
    program = sampled(read_circuit(text, version))
    if len(program.qubits) > len(target.qubits):
        raise CompileError(
            "program-too-wide",
            f"The program uses {len(program.qubits)} qubits; {target.device} has "
            f"{len(target.qubits)}.",
            f"Use at most {len(target.qubits)} qubits, or choose a larger device.",
        )
    if target.kind is DeviceKind.SIMULATOR:
        return _for_simulator(program, target)
    return _for_qpu(program, target, options.seeds[0], options.optimization_levels[0])


def compile_template(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    *,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> Template:
    """Compile a program with parameters (``input float``), for values that come later.

    Takes what `compile_program` takes, and raises what it raises; a program without
    parameters is a template that takes no values.
    """
    raise NotImplementedError


def _for_simulator(program: SampledCircuit, target: DeviceTarget) -> CompiledProgram:
    width = program.circuit.num_qubits
    operations = gates_for_simulator(program.circuit, target.gates)
    text = virtual_program(operations, width, program.measured)
    return _compiled(text, operations, program, tuple(range(width)), program.bits, target)


def _for_qpu(
    program: SampledCircuit, target: DeviceTarget, seed: int, optimization_level: int
) -> CompiledProgram:
    # Resynthesizing pairs of gates saves two-qubit gates in most programs, but in some it
    # costs more one-qubit gates than that is worth: let the calibration decide.
    levels = {optimization_level, min(optimization_level, 1)}
    candidates = [
        gates_for_qpu(program.circuit, target, seed=seed, optimization_level=level)
        for level in sorted(levels, reverse=True)
    ]
    native = min(candidates, key=lambda candidate: _risk(candidate, target))
    ends = dict(zip(program.measured, native.measured, strict=True))
    bits = tuple(None if qubit is None else ends[qubit] for qubit in program.bits)
    text = verbatim_program(native.operations, sorted(native.measured))
    return _compiled(text, native.operations, program, native.layout, bits, target)


def _risk(candidate: NativeCircuit, target: DeviceTarget) -> tuple[float, int, int]:
    """Less is better; gates decide where the calibration tells no error rates."""
    operations = candidate.operations
    pairs = sum(len(operation.qubits) == 2 for operation in operations)
    success = estimated_success(operations, candidate.measured, target)
    return (1 - success, pairs, len(operations))


def _compiled(
    text: str,
    operations: list[Operation],
    program: SampledCircuit,
    starts: tuple[int, ...],
    bits: tuple[int | None, ...],
    target: DeviceTarget,
) -> CompiledProgram:
    start_of = dict(zip(program.qubits, starts, strict=True))
    measured = sorted({qubit for qubit in bits if qubit is not None})
    one_qubit_gates = sum(len(operation.qubits) == 1 for operation in operations)
    return CompiledProgram(
        program=text,
        bits=bits,
        calibration_id=target.calibration_id,
        depth=depth(operations),
        one_qubit_gates=one_qubit_gates,
        two_qubit_gates=len(operations) - one_qubit_gates,
        layout=tuple(start_of.get(qubit) for qubit in range(program.width)),
        estimated_success=estimated_success(operations, measured, target),
    )
