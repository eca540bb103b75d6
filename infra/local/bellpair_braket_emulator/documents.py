"""Device documents: what GetDevice says a device can do.

Each is a plain dictionary in the shape of its ``braket.device_schema`` model.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

from .gates import CC_PRX, GATES, MEASURE_FF
from .profile import Calibration, Profile

Document = dict[str, Any]

OPENQASM = "braket.ir.openqasm.program"
"""The action that every emulated device takes: one program."""

PROGRAM_SET = "braket.ir.openqasm.program_set"
"""The action of several programs in one task, which some devices take."""

_QPU_OPERATIONS = tuple(
    name
    for name, gate in GATES.items()
    # Three-qubit gates are left to compilers. The ion traps' gpi, gpi2 and ms exist only as
    # native gates; U and gphase no QPU lists.
    if gate.qubits < 3 and name not in {"gpi", "gpi2", "ms", "prx", "U"}
)
_SIMULATOR_OPERATIONS = (*GATES, "gphase")


def supported_operations(profile: Profile) -> tuple[str, ...]:
    """OpenQASM gate names that the device takes outside a verbatim box."""
    if profile.kind == "simulator":
        return _SIMULATOR_OPERATIONS
    if profile.family == "iqm":
        return (*_QPU_OPERATIONS, "prx", *_feed_forward(profile), "barrier")
    return _QPU_OPERATIONS


def _feed_forward(profile: Profile) -> tuple[str, ...]:
    return (CC_PRX, MEASURE_FF) if profile.feed_forward else ()


def capabilities(
    profile: Profile, calibration: Calibration | None, region: str, updated_at: str
) -> Document:
    """The document of one device.

    Parameters
    ----------
    calibration
        The QPU's error rates as they are to be published; not used for a simulator. What is
        missing in it is missing in the document.
    updated_at
        ISO 8601 time of the calibration.
    """
    service = _service(profile, region, updated_at)
    if profile.kind == "simulator" or calibration is None:
        return _simulator(profile, service)
    if profile.family == "iqm":
        return _iqm(profile, calibration, service)
    return _ionq(profile, calibration, service, updated_at)


def _header(name: str, version: str = "1") -> Document:
    return {"name": f"braket.device_schema.{name}", "version": version}


def _service(profile: Profile, region: str, updated_at: str) -> Document:
    cost = profile.price and {"price": profile.price.amount, "unit": profile.price.unit}
    return {
        "braketSchemaHeader": _header("device_service_properties"),
        "executionWindows": [
            {
                "executionDay": "Everyday",
                "windowStartHour": "00:00:00",
                "windowEndHour": "23:59:59",
            }
        ],
        "shotsRange": list(profile.shots),
        "deviceCost": cost,
        "deviceDocumentation": {
            "imageUrl": "",
            "summary": profile.summary,
            "externalDocumentationUrl": "",
        },
        "deviceLocation": f"emulated in {region}",
        "updatedAt": updated_at,
        "getTaskPollIntervalMillis": 50,
    }


def _action(profile: Profile) -> Document:
    actions = {OPENQASM: _one_program(profile)}
    if profile.program_sets is not None:
        actions[PROGRAM_SET] = {
            "version": ["1"],
            "actionType": PROGRAM_SET,
            "maximumExecutables": profile.program_sets.executables,
            "maximumTotalShots": profile.program_sets.shots,
        }
    return actions


def _one_program(profile: Profile) -> Document:
    is_qpu = profile.kind == "qpu"
    return {
        "version": ["1"],
        "actionType": OPENQASM,
        "supportedOperations": list(supported_operations(profile)),
        "supportedModifiers": [],
        "supportedPragmas": ["verbatim"] if is_qpu else [],
        "forbiddenPragmas": [
            "braket_unitary_matrix",
            "braket_result_type_state_vector",
            "braket_result_type_density_matrix",
            "braket_result_type_amplitude",
            "braket_result_type_sample",
            "braket_result_type_expectation",
            "braket_result_type_variance",
            "braket_result_type_probability",
            "braket_result_type_adjoint_gradient",
        ],
        "maximumQubitArrays": 1,
        "maximumClassicalArrays": 1,
        "forbiddenArrayOperations": [
            "concatenation",
            "negativeIndex",
            "range",
            "rangeWithStep",
            "slicing",
            "selection",
        ],
        "requiresAllQubitsMeasurement": False,
        "supportPhysicalQubits": is_qpu,
        "requiresContiguousQubitIndices": False,
        "supportsPartialVerbatimBox": False,
        "supportsUnassignedMeasurements": profile.family != "iqm",
        "disabledQubitRewiringSupported": False,
        "supportedResultTypes": [],
    }


def _parameters(title: str, header: Document) -> Document:
    """The JSON schema of ``deviceParameters``."""
    return {
        "title": title,
        "type": "object",
        "properties": {
            "braketSchemaHeader": {"default": header, "const": header},
            "paradigmParameters": {"$ref": "#/definitions/GateModelParameters"},
        },
        "required": ["paradigmParameters"],
        "definitions": {
            "GateModelParameters": {
                "title": "GateModelParameters",
                "type": "object",
                "properties": {
                    "qubitCount": {"type": "integer", "minimum": 0},
                    "disableQubitRewiring": {"type": "boolean", "default": False},
                },
                "required": ["qubitCount"],
            }
        },
    }


def _simulator(profile: Profile, service: Document) -> Document:
    return {
        "braketSchemaHeader": _header("simulators.gate_model_simulator_device_capabilities"),
        "service": service,
        "action": _action(profile),
        "paradigm": {
            "braketSchemaHeader": _header("simulators.gate_model_simulator_paradigm_properties"),
            "qubitCount": profile.qubits,
        },
        "deviceParameters": _parameters(
            "GateModelSimulatorDeviceParameters",
            _header("simulators.gate_model_simulator_device_parameters"),
        ),
    }


def _paradigm(profile: Profile, calibration: Calibration, native_gates: list[str]) -> Document:
    """Only what works is connected; the count of qubits is the device's."""
    graph: dict[str, list[str]] = {str(label): [] for label in calibration.labels}
    for a, b in calibration.edges:
        graph[str(a)].append(str(b))
        graph[str(b)].append(str(a))
    return {
        "braketSchemaHeader": _header("gate_model_qpu_paradigm_properties"),
        "connectivity": {
            "fullyConnected": profile.fully_connected
            and len(calibration.edges) == len(profile.edges),
            "connectivityGraph": graph,
        },
        "qubitCount": profile.qubits,
        "nativeGateSet": native_gates,
    }


def _ionq(
    profile: Profile, calibration: Calibration, service: Document, updated_at: str
) -> Document:
    """Averages over the device, as providers of trapped ions publish them; times in seconds."""
    assert profile.durations_us is not None
    fidelity_1q = 1 - fmean(calibration.one_qubit.values())
    fidelity_2q = 1 - fmean(calibration.two_qubit.values())
    fidelity_readout = fmean(_readout_fidelity(calibration, label) for label in calibration.labels)
    seconds = {
        "T1": fmean(calibration.t1_us.values()) * 1e-6,
        "T2": fmean(calibration.t2_us.values()) * 1e-6,
        "1Q": profile.durations_us.one_qubit * 1e-6,
        "2Q": profile.durations_us.two_qubit * 1e-6,
        "readout": profile.durations_us.readout * 1e-6,
        "reset": profile.durations_us.reset * 1e-6,
    }

    def fidelity(value: float) -> list[Document]:
        return [
            {
                "fidelityType": {
                    "name": "RANDOMIZED_BENCHMARKING",
                    "description": None,
                },
                "fidelity": value,
                "unit": "fraction",
            }
        ]

    def duration(key: str) -> Document:
        return {"value": seconds[key], "standardError": None, "unit": "s"}

    return {
        "braketSchemaHeader": _header("ionq.ionq_device_capabilities"),
        "service": service,
        "action": _action(profile),
        "paradigm": _paradigm(
            profile, calibration, [name.upper() for name in profile.native_gates]
        ),
        "provider": {
            "braketSchemaHeader": _header("ionq.ionq_provider_properties"),
            "fidelity": {
                "1Q": {"mean": fidelity_1q},
                "2Q": {"mean": fidelity_2q},
                "spam": {"mean": fidelity_readout},
            },
            "timing": seconds,
            "errorMitigation": {},
        },
        "standardized": {
            "braketSchemaHeader": _header(
                "standardized_gate_model_qpu_device_properties", version="3"
            ),
            "T1": duration("T1"),
            "T2": duration("T2"),
            "readoutFidelity": fidelity(fidelity_readout),
            "readoutDuration": duration("readout"),
            "singleQubitGateDuration": duration("1Q"),
            "singleQubitFidelity": fidelity(fidelity_1q),
            "twoQubitGateFidelity": fidelity(fidelity_2q),
            "twoQubitGateDuration": duration("2Q"),
            "activeResetDuration": duration("reset"),
            "updatedAt": updated_at,
        },
        "deviceParameters": _parameters(
            "IonqDeviceParameters", _header("ionq.ionq_device_parameters")
        ),
    }


def _iqm(profile: Profile, calibration: Calibration, service: Document) -> Document:
    """Figures for each qubit and each edge; times in seconds."""
    two_qubit_gate = next(name for name in profile.native_gates if GATES[name].qubits == 2)
    one_qubit: dict[str, Document] = {}
    standard_one: dict[str, Document] = {}
    for label in calibration.labels:
        fidelity = 1 - calibration.one_qubit[label]
        t1, t2 = calibration.t1_us[label] * 1e-6, calibration.t2_us[label] * 1e-6
        up, down = calibration.readout_0_to_1[label], calibration.readout_1_to_0[label]
        one_qubit[str(label)] = {
            "f1Q_simultaneous_RB": fidelity,
            "readout_error_0_to_1": up,
            "readout_error_1_to_0": down,
            "fRO": _readout_fidelity(calibration, label),
            "T1": t1,
            "T2_echo": t2,
            "T2": t2,
        }
        standard_one[str(label)] = {
            "T1": {"value": t1, "standardError": None, "unit": "S"},
            "T2": {"value": t2, "standardError": None, "unit": "S"},
            "oneQubitFidelity": [
                _typed_fidelity("SIMULTANEOUS_RANDOMIZED_BENCHMARKING", fidelity),
                # These two are error probabilities under the name "fidelity": the schema of
                # the real devices has no other place for them.
                _typed_fidelity("READOUT_ERROR_0_TO_1", up),
                _typed_fidelity("READOUT_ERROR_1_TO_0", down),
                _typed_fidelity("READOUT", _readout_fidelity(calibration, label)),
            ],
        }
    fidelities = {f"{a}-{b}": 1 - error for (a, b), error in calibration.two_qubit.items()}
    return {
        "braketSchemaHeader": _header("iqm.iqm_device_capabilities"),
        "service": service,
        "action": _action(profile),
        "paradigm": _paradigm(
            profile, calibration, [*profile.native_gates, *_feed_forward(profile), "barrier"]
        ),
        "provider": {
            "braketSchemaHeader": _header("iqm.iqm_provider_properties"),
            "properties": {
                "one_qubit": one_qubit,
                "two_qubit": {
                    edge: {f"f{two_qubit_gate.upper()}": value}
                    for edge, value in fidelities.items()
                },
            },
        },
        "standardized": {
            "braketSchemaHeader": _header("standardized_gate_model_qpu_device_properties"),
            "oneQubitProperties": standard_one,
            "twoQubitProperties": {
                edge: {
                    "twoQubitGateFidelity": [
                        {
                            "gateName": two_qubit_gate.upper(),
                            "fidelity": value,
                            "standardError": None,
                            "fidelityType": {
                                "name": "SIMULTANEOUS_INTERLEAVED_RANDOMIZED_BENCHMARKING"
                            },
                        }
                    ]
                }
                for edge, value in fidelities.items()
            },
        },
        "deviceParameters": _parameters(
            "IqmDeviceParameters", _header("iqm.iqm_device_parameters")
        ),
    }


def _typed_fidelity(name: str, value: float) -> Document:
    return {"fidelityType": {"name": name}, "fidelity": value, "standardError": None}


def _readout_fidelity(calibration: Calibration, label: int) -> float:
    return 1 - (calibration.readout_0_to_1[label] + calibration.readout_1_to_0[label]) / 2
