"""From a program's source to the program that its device takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bellpair_core.logic.devices.calibration_age import calibration_age, is_stale
from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_core.openqasm.flat import NativeGate
from bellpair_quantum.candidates import best, candidates
from bellpair_quantum.errors import CompileError
from bellpair_quantum.feed_forward import has_feed_forward, lowered
from bellpair_quantum.known_answer import known_answers
from bellpair_quantum.options import DEFAULT_OPTIONS, CompileOptions
from bellpair_quantum.program import CompiledProgram
from bellpair_quantum.qpu import PlacedCircuit
from bellpair_quantum.reading import ReadProgram, read_program
from bellpair_quantum.sampled import SampledCircuit, sampled
from bellpair_quantum.simulator import gates_for_simulator
from bellpair_quantum.template import Template
from bellpair_quantum.verbatim import as_written
from bellpair_quantum.versions import VERSIONS


def compile_program(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    *,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> CompiledProgram:
    """Compile a program for a device, against the calibration that ``target`` carries.

    Qubits that the program never uses are left out. On a simulator the others become qubits
    0, 1, … in their order, with the program's gates as they are. For a QPU several forms are
    made, with Qiskit told the calibration's error rates and not, and moved to where on the device
    they do best; the one most likely to succeed is taken (`bellpair_quantum.score`). A program
    with a verbatim box is checked, scored and left as it is. Equal
    arguments give equal programs, as far as the time budget lets equally many forms be made.

    Parameters
    ----------
    source
        The program. OpenQASM includes at most the standard library of its version; QPY comes in
        base64.
    version
        Its language version: ``"2.0"`` or ``"3.0"`` of OpenQASM, or ``"qpy"``.
    target
        The device.
    options
        How to look for a good form.

    Returns
    -------
    CompiledProgram
        Its `bits` say how to read the measurements.

    Raises
    ------
    CompileError
        Where the program is wrong, too wide, has parameters, or asks for what the device cannot
        do.

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
    read = read_program(source, version)
    if read.native is not None:
        return _as_written(read, read.native, target, options)
    return _template(read, target, options).bind((), options.transforms)


def compile_template(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    *,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> Template:
    """Compile a program with parameters (``input float``), for values that come later.

    Takes what `compile_program` takes, and raises what it raises; a program without
    parameters is a template that takes no values. The options' transforms are left to
    `Template.bind`.
    """
    read = read_program(source, version, inputs=True)
    if read.native is not None:
        raise _no_changes()
    return _template(read, target, options)


def _as_written(
    read: ReadProgram, gates: Sequence[NativeGate], target: DeviceTarget, options: CompileOptions
) -> CompiledProgram:
    if options.transforms:
        raise _no_changes()
    try:
        return as_written(gates, read.bits, target, distrust=distrust(target, options))
    except CompileError as error:
        if read.place is not None:
            error.line, error.column = read.place
        raise


def _no_changes() -> CompileError:
    return CompileError(
        "program-unsupported",
        "The program has a verbatim box, which is run as it stands.",
        "Leave the box out to have parameters bound, or options done to the program.",
    )


def _template(read: ReadProgram, target: DeviceTarget, options: CompileOptions) -> Template:
    begun = options.stopwatch()
    if read.mid_circuit is not None and not target.feeds_forward:
        what, line, column, remedy = read.mid_circuit
        raise CompileError(
            "program-unsupported",
            f"{what[0].upper()}{what[1:]}, and {target.device} does not measure in mid-circuit.",
            remedy,
            line=line,
            column=column,
        )
    circuit = lowered(read.circuit) if target.feeds_forward else read.circuit
    program = replace(sampled(circuit), width=read.circuit.num_qubits)
    copies = circuit.num_qubits - read.circuit.num_qubits
    if copies and read.mid_circuit is not None and len(program.qubits) > len(target.qubits):
        _, line, column, _ = read.mid_circuit
        raise CompileError(
            "program-too-wide",
            f"The program takes {len(program.qubits)} qubits, {copies} of them to keep results of "
            f"qubits that are used again; {target.device} has {len(target.qubits)}.",
            "Keep fewer results of qubits that are measured and then used again.",
            line=line,
            column=column,
        )
    if len(program.qubits) > len(target.qubits):
        raise CompileError(
            "program-too-wide",
            f"The program uses {len(program.qubits)} qubits; {target.device} has "
            f"{len(target.qubits)}.",
            f"Use at most {len(target.qubits)} qubits, or choose a larger device.",
        )
    notes: dict[str, Any] = {
        "candidates": [],
        "calibration_aware": False,
        "fallback": None,
        "versions": VERSIONS,
    }
    success, trusted = 1.0, True
    if target.kind is DeviceKind.SIMULATOR:
        placed = PlacedCircuit(
            tuple(gates_for_simulator(program.circuit, target.gates, read.places)),
            tuple(range(program.circuit.num_qubits)),
            program.measured,
        )
    else:
        notes["fallback"] = distrust(target, options)
        trusted = notes["fallback"] is None
        made = candidates(program, read, target, options, trusted=trusted)
        chosen = best(made)
        placed, success = chosen.placed, chosen.estimated_success
        notes["candidates"] = [each.facts(chosen=each is chosen) for each in made]
        notes["calibration_aware"] = trusted
        static = not read.inputs and not has_feed_forward(program.circuit)
        if static and (answers := known_answers(program)):
            notes["known_answers"] = answers
    notes["compile_seconds"] = round(options.stopwatch() - begun, 6)
    ends = dict(zip(program.measured, placed.measured, strict=True))
    return Template(
        read.inputs,
        read.steps,
        placed,
        tuple(None if qubit is None else ends[qubit] for qubit in program.bits),
        _layout(program, placed),
        target,
        trusted,
        success,
        notes,
    )


def _layout(program: SampledCircuit, placed: PlacedCircuit) -> tuple[int | None, ...]:
    start_of = dict(zip(program.qubits, placed.layout, strict=True))
    return tuple(start_of.get(qubit) for qubit in range(program.width))


def distrust(target: DeviceTarget, options: CompileOptions) -> str | None:
    """Why the calibration is not trusted; None where it is."""
    if options.distrust is not None or not options.trust_calibration:
        return options.distrust or "the device's calibration is not trusted"
    if options.now is not None and is_stale(target, options.now):
        age = calibration_age(target, options.now)
        if age is None:
            return "the device does not say when it was calibrated"
        return f"the calibration is {age.total_seconds() / 3600:.0f} hours old"
    return None
