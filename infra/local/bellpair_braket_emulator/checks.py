"""What a device refuses in a program.

The real service reads the program while it answers CreateQuantumTask and refuses it there,
with a ValidationException that names the line; so no task exists for a refused program.
"""

from __future__ import annotations

from .documents import supported_operations
from .gates import CC_PRX, FEED_FORWARD, GATES, MEASURE_FF
from .openqasm import Call, Program, ProgramError
from .profile import Calibration, Profile


def check_program(program: Program, profile: Profile, published: Calibration | None = None) -> None:
    """Check gates, qubits and connectivity against a device.

    Parameters
    ----------
    published
        The device's figures as they are published: what is missing there is refused. What has
        failed since is found out when the task runs. ``None``: everything works.

    Raises
    ------
    ProgramError
        Names the line, and the gate or the qubits at fault.
    """
    labels, edges = profile.labels, profile.edges
    if published is not None:
        labels, edges = published.labels, published.edges
    connected = frozenset(edges)
    _check_qubits(program, profile, labels)
    supported = frozenset(supported_operations(profile))
    native = frozenset([*profile.native_gates, *(FEED_FORWARD if profile.feed_forward else ())])
    keys: set[float] = set()
    for call in program.calls:
        if program.has_box and not call.verbatim:
            raise ProgramError(f"gate {call.name} stands outside the verbatim box", call.line)
        if call.verbatim and program.register_size is not None:
            raise ProgramError("a verbatim box takes physical qubits only", call.line)
        if call.name == "barrier":
            # Only one family lists barriers, in and out of boxes.
            if "barrier" not in supported:
                raise _unsupported(call)
            continue
        if call.verbatim:
            _check_native(call, native, connected)
        elif call.name not in supported:
            raise _unsupported(call)
        _check_arguments(call)
        _check_feed_forward(call, keys)


def _check_feed_forward(call: Call, keys: set[float]) -> None:
    """What is kept is added to ``keys``."""
    if call.name not in FEED_FORWARD:
        return
    key = call.parameters[-1]
    if not call.verbatim:
        raise ProgramError(f"{call.name} stands outside a verbatim box", call.line)
    if key < 0 or key != int(key):
        raise ProgramError(f"the feedback key {key:g} of {call.name} is no index", call.line)
    if call.name == MEASURE_FF:
        keys.add(key)
    elif key not in keys:
        raise ProgramError(f"{CC_PRX} waits for the feedback key {key:g}, unknown here", call.line)


def _check_qubits(program: Program, profile: Profile, labels: tuple[int, ...]) -> None:
    is_qpu = profile.kind == "qpu"
    if not is_qpu and program.has_box:
        raise ProgramError("pragma 'braket verbatim' is not supported by the device")
    if not is_qpu and program.register_size is None and program.qubits:
        raise ProgramError("physical qubits are not supported by the device: declare a register")
    if program.unassigned and profile.family == "iqm":
        raise ProgramError("a measurement needs a bit to go to on this device")
    if not program.qubits:
        raise ProgramError("the program uses no qubits")
    size = max(program.register_size or 0, len(program.qubits))
    if size > len(labels):
        now = "" if len(labels) == profile.qubits else " that work now"
        raise ProgramError(f"uses {size} qubits, but the device has {len(labels)}{now}")
    if program.register_size is None:
        _check_physical(program, profile, labels)


def _unsupported(call: Call) -> ProgramError:
    # The service's own words.
    return ProgramError(
        f"uses a gate: {call.name} which is not supported by the device or defined via a defcal",
        call.line,
    )


def _check_native(call: Call, native: frozenset[str], edges: frozenset[tuple[int, int]]) -> None:
    if call.name not in native:
        raise ProgramError(
            f"gate {call.name} is not native to the device; a verbatim box may use "
            f"{', '.join(sorted(native))}",
            call.line,
        )
    if len(call.qubits) == 2 and (min(call.qubits), max(call.qubits)) not in edges:
        a, b = call.qubits
        raise ProgramError(f"gate {call.name} on qubits {a} and {b}: not connected", call.line)


def _check_arguments(call: Call) -> None:
    if call.name == "gphase":
        qubits, fewest, most = 0, 1, 1
    elif call.name in FEED_FORWARD:
        qubits, most = FEED_FORWARD[call.name]
        fewest = most
    else:
        gate = GATES[call.name]
        qubits, (fewest, most) = gate.qubits, gate.parameters
    if len(call.qubits) != qubits:
        raise ProgramError(
            f"gate {call.name} takes {qubits} qubits, not {len(call.qubits)}", call.line
        )
    if not fewest <= len(call.parameters) <= most:
        raise ProgramError(
            f"gate {call.name} takes {most} parameters, not {len(call.parameters)}",
            call.line,
        )


def _check_physical(program: Program, profile: Profile, labels: tuple[int, ...]) -> None:
    places = [(call.line, call.qubits) for call in program.calls]
    places += [(line, (qubit,)) for _, qubit, line in program.measurements]
    for line, qubits in places:
        for qubit in qubits:
            if qubit in profile.labels and qubit not in labels:
                raise ProgramError(
                    f"qubit ${qubit} is out of service since the device's last calibration", line
                )
            if qubit not in labels:
                raise ProgramError(
                    f"qubit ${qubit} does not exist: the device has ${profile.labels[0]} "
                    f"to ${profile.labels[-1]}",
                    line,
                )
