"""Documents of devices become what a compiler may go by, or are refused with the reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from bellpair_braket_emulator.documents import capabilities
from bellpair_braket_emulator.profile import calibrate, load_profiles
from bellpair_core.logic.devices.calibration_readers import read_document
from bellpair_core.logic.devices.calibration_reading import same_content, target_of
from bellpair_core.logic.devices.findings import CalibrationRefused, Findings
from bellpair_core.model.device import DeviceKind, DeviceTarget
from tests.device_documents import ions_document, lattice_document
from tests.examples import NOON

FORMAT = "braket.device-capabilities"


def read(document: Any, kind: DeviceKind = DeviceKind.QPU) -> tuple[DeviceTarget, list[str]]:
    """The target of a document, and what was left out of it."""
    findings = Findings()
    reading = read_document(FORMAT, document, findings)
    return target_of("square-4", kind, reading, findings, NOON), findings.notes


def ones(document: dict[str, Any]) -> dict[str, Any]:
    """The part on qubits."""
    part: dict[str, Any] = document["standardized"]["oneQubitProperties"]
    return part


def twos(document: dict[str, Any]) -> dict[str, Any]:
    """The part on edges."""
    part: dict[str, Any] = document["standardized"]["twoQubitProperties"]
    return part


def graph(document: dict[str, Any]) -> dict[str, Any]:
    """The neighbours of each qubit."""
    part: dict[str, Any] = document["paradigm"]["connectivity"]["connectivityGraph"]
    return part


def test_a_table_by_qubit_and_edge_is_read() -> None:
    target, notes = read(lattice_document())

    assert target.qubits == (1, 2, 3, 4)
    assert target.edges == ((1, 2), (1, 3), (2, 4), (3, 4))
    assert target.native_gates == ("cz", "prx", "cc_prx", "measure_ff", "barrier")
    assert target.mid_circuit
    assert target.readout_0_to_1[1] == pytest.approx(0.01)
    assert target.readout_1_to_0[1] == pytest.approx(0.03)
    assert target.readout_error[1] == pytest.approx(0.02)
    assert target.t1_us[2] == pytest.approx(42.0)
    assert target.t2_us[2] == pytest.approx(10.0)
    assert (target.one_qubit_us, target.two_qubit_us, target.readout_us) == (None, None, None)
    assert target.calibrated_at == datetime(2026, 1, 1, 6, tzinfo=UTC)
    assert target.calibration_id.startswith("2026-01-01T06:00:00.000000Z-")
    assert notes == []


def test_the_figure_of_the_native_gate_stands_and_no_better_one_of_another() -> None:
    target, _ = read(lattice_document())

    assert target.two_qubit_error["1-2"] == pytest.approx(0.01)


def test_of_figures_of_one_qubit_that_measured_at_all_at_once_stands() -> None:
    target, _ = read(lattice_document())

    assert target.one_qubit_error[1] == pytest.approx(0.001)


def test_a_figure_of_no_native_gate_stands_where_it_is_the_only_one() -> None:
    document = lattice_document()
    del twos(document)["1-2"]["twoQubitGateFidelity"][1]

    target, notes = read(document)

    assert target.two_qubit_error["1-2"] == pytest.approx(0.001)
    assert notes == ["edges whose figure is not of a native gate: 1-2"]


def test_means_over_the_device_are_every_qubits() -> None:
    target, notes = read(ions_document())

    assert (target.qubits, target.edges) == ((0, 1, 2), None)
    assert target.native_gates == ("gpi", "gpi2", "zz")
    assert target.two_qubit_error == pytest.approx({"0-1": 0.01, "0-2": 0.01, "1-2": 0.01})
    assert target.readout_0_to_1 == target.readout_1_to_0 == target.readout_error
    assert target.readout_error[2] == pytest.approx(0.005)
    assert (target.one_qubit_us, target.two_qubit_us) == pytest.approx((60.0, 600.0))
    assert target.readout_us == pytest.approx(250.0)
    assert (target.t1_us[0], target.t2_us[0]) == pytest.approx((1e8, 1e6))
    assert not target.mid_circuit
    assert notes == []


def test_a_simulator_needs_no_figures_and_no_date() -> None:
    document = {
        "service": {"shotsRange": [0, 100_000]},
        "action": {"braket.ir.openqasm.program": {"supportedOperations": ["h", "cnot"]}},
        "paradigm": {"qubitCount": 34},
    }

    target, notes = read(document, DeviceKind.SIMULATOR)

    assert (len(target.qubits), target.edges, target.gates) == (34, None, ("h", "cnot"))
    assert (target.calibrated_at, notes) == (None, [])


def test_what_compiling_does_not_depend_on_makes_no_other_snapshot() -> None:
    dearer = lattice_document()
    dearer["service"]["deviceCost"]["price"] = 1.0
    dearer["service"]["executionWindows"] = [{"executionDay": "Monday"}]
    other = lattice_document(two_qubit=0.98)

    first, again, different = (read(one)[0] for one in (lattice_document(), dearer, other))

    assert first == again
    assert not same_content(first.calibration_id, different.calibration_id)


def test_an_edge_of_the_topology_without_properties_is_refused_by_its_name() -> None:
    document = lattice_document()
    del twos(document)["3-4"]

    with pytest.raises(CalibrationRefused, match="lacks edges that the topology has: 3-4"):
        read(document)


def test_an_edge_without_a_figure_is_left_out_with_a_note() -> None:
    document = lattice_document()
    twos(document)["3-4"] = {}

    target, notes = read(document)

    assert target.edges == ((1, 2), (1, 3), (2, 4))
    assert set(target.two_qubit_error) == {"1-2", "1-3", "2-4"}
    assert notes == ["edges without figures, left out: 3-4"]


def test_a_gate_of_fidelity_0_is_one_that_was_not_measured() -> None:
    document = lattice_document()
    twos(document)["3-4"]["twoQubitGateFidelity"] = [{"gateName": "CZ", "fidelity": 0.0}]

    target, notes = read(document)

    assert "3-4" not in target.two_qubit_error
    assert notes == ["edges without figures, left out: 3-4"]


def test_a_qubit_without_a_readout_figure_is_left_out_with_its_edges() -> None:
    document = lattice_document()
    ones(document)["4"]["oneQubitFidelity"] = ones(document)["4"]["oneQubitFidelity"][:2]

    target, notes = read(document)

    assert target.qubits == (1, 2, 3)
    assert target.edges == ((1, 2), (1, 3))
    assert notes == ["qubits without figures, left out: 4"]


def test_a_qubit_that_the_maker_took_out_is_simply_not_there() -> None:
    document = lattice_document()
    del ones(document)["4"], twos(document)["2-4"], twos(document)["3-4"], graph(document)["4"]
    graph(document)["2"], graph(document)["3"] = ["1"], ["1"]

    target, notes = read(document)

    assert (target.qubits, target.edges, notes) == ((1, 2, 3), ((1, 2), (1, 3)), [])


def test_a_coherence_time_of_0_is_none() -> None:
    document = lattice_document()
    ones(document)["2"]["T2"]["value"] = 0.0

    target, notes = read(document)

    assert set(target.t2_us) == {1, 3, 4}
    assert notes == ["qubits without T2: 2"]


def test_a_t2_a_little_over_twice_t1_is_cut() -> None:
    document = lattice_document()
    ones(document)["1"]["T1"]["value"], ones(document)["1"]["T2"]["value"] = 1e-5, 2.2e-5

    target, notes = read(document)

    assert target.t2_us[1] == pytest.approx(20.0)
    assert notes == ["qubits whose T2 was cut to twice their T1: 1"]


def test_a_document_without_a_date_counts_as_old() -> None:
    target, notes = read(lattice_document(updated_at=None))

    assert target.calibrated_at is None
    assert notes == ["the document does not say when it was measured, so it counts as old"]


def test_a_time_without_a_zone_is_utc() -> None:
    target, _ = read(lattice_document(updated_at="2026-01-01T06:00:00"))

    assert target.calibrated_at == datetime(2026, 1, 1, 6, tzinfo=UTC)


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parts, last = path.split("/")
        place: Any = document
        for part in parts:
            place = place[int(part) if isinstance(place, list) else part]
        place[int(last) if isinstance(place, list) else last] = value

    return change


ONE_2 = "standardized/oneQubitProperties/2"
EDGE = "standardized/twoQubitProperties/1-2/twoQubitGateFidelity/1/fidelity"
GRAPH = "paradigm/connectivity/connectivityGraph"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set(EDGE, 1.02), "standardized.twoQubitProperties.1-2 cz is 1.02, which is over 1"),
        (_set(EDGE, -0.1), "standardized.twoQubitProperties.1-2 cz is -0.1, which is below 0"),
        (_set(EDGE, math.nan), "standardized.twoQubitProperties.1-2 cz is nan"),
        (_set(EDGE, math.inf), "standardized.twoQubitProperties.1-2 cz is inf"),
        (_set(EDGE, "0.99"), "standardized.twoQubitProperties.1-2 cz is no number"),
        (_set(EDGE, True), "standardized.twoQubitProperties.1-2 cz is no number"),
        (_set(EDGE, 10**400), "standardized.twoQubitProperties.1-2 cz is inf"),
        (
            _set(f"{ONE_2}/oneQubitFidelity/2/fidelity", 1.5),
            "standardized.oneQubitProperties.2 READOUT_ERROR_0_TO_1 is 1.5, which is over 1",
        ),
        (_set(f"{ONE_2}/T1/value", -1e-6), "standardized.oneQubitProperties.2.T1 is -1e-06"),
        (_set(f"{ONE_2}/T1/value", math.nan), "standardized.oneQubitProperties.2.T1 is nan"),
        (_set(f"{ONE_2}/T1/unit", "days"), "oneQubitProperties.2.T1 has the unknown unit days"),
        (_set(f"{ONE_2}/T2/value", 1e-3), "qubit 2 has a T2 of 1000 us, which cannot be over"),
        (_set(f"{GRAPH}/1", ["2", "9"]), "edge 1-9 leads to qubit 9, which is not there"),
        (_set(f"{GRAPH}/1", ["2", "1"]), "edge 1-1 leads from a qubit to itself"),
        (_set(f"{GRAPH}/1", ["two"]), "connectivityGraph names the qubit 'two'"),
        (
            _set("standardized/twoQubitProperties/7-8", {"twoQubitGateFidelity": [
                {"gateName": "CZ", "fidelity": 0.99}]}),
            "edge 7-8 leads to qubit 7, which is not there",
        ),
        (
            _set("standardized/twoQubitProperties/1-2-3", {}),
            "standardized.twoQubitProperties.1-2-3 is no pair of qubits",
        ),
        (_set("standardized/twoQubitProperties", {}), "no edge has a gate fidelity"),
        (_set("standardized", {}), "no qubit has a gate fidelity"),
        (_set("paradigm/qubitCount", 3), "paradigm.qubitCount is 3, and 4 qubits are named"),
        (_set("paradigm/qubitCount", None), "paradigm.qubitCount is not a number of qubits"),
        (_set("paradigm/nativeGateSet", []), "the document names no native gates"),
        (_set("paradigm", {}), "the document has no part paradigm"),
        (_set("service", None), "the document has no part service"),
        (_set("service/updatedAt", "yesterday"), "service.updatedAt is no time"),
        (_set("service/updatedAt", "2026-01-03T00:00:00Z"), "which is in the future"),
        (_set("standardized/oneQubitProperties", {"1": {}}), "no qubit has a gate fidelity"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    document = deepcopy(lattice_document())
    change(document)

    with pytest.raises(CalibrationRefused) as refusal:
        read(document)

    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("provider/fidelity/2Q/mean", 1.1, "provider.fidelity.2Q.mean is 1.1, which is over 1"),
        ("provider/fidelity/spam/mean", math.nan, "provider.fidelity.spam.mean is nan"),
        ("provider/timing/2Q", -1.0, "provider.timing.2Q is -1, which is below 0"),
        ("provider/timing/T2", 500.0, "which cannot be over twice its T1"),
        ("provider/fidelity", {}, "no qubit has a gate fidelity"),
    ],
)
def test_means_that_cannot_be_are_refused(path: str, value: Any, reason: str) -> None:
    document = ions_document()
    _set(path, value)(document)

    with pytest.raises(CalibrationRefused) as refusal:
        read(document)

    assert reason in str(refusal.value)


@pytest.mark.parametrize("document", [{}, {"service": {}}, {"paradigm": []}])
def test_an_empty_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(CalibrationRefused):
        read(document)


def test_a_document_with_most_edges_missing_is_refused() -> None:
    document = lattice_document()
    for edge in ("1-2", "1-3", "2-4"):
        twos(document)[edge] = {}

    with pytest.raises(CalibrationRefused, match="3 of 4 edges have no figures"):
        read(document)


def test_a_document_of_an_unknown_format_is_refused() -> None:
    findings = Findings()
    reading = read_document("punched-cards", lattice_document(), findings)

    with pytest.raises(CalibrationRefused, match="nothing reads the format 'punched-cards'"):
        target_of("square-4", DeviceKind.QPU, reading, findings, NOON)


def test_of_many_problems_a_few_are_told() -> None:
    document = lattice_document(one_qubit=2.0, two_qubit=2.0)

    with pytest.raises(CalibrationRefused, match="; and 3 more") as refusal:
        read(document)

    assert len(refusal.value.problems) == 8


def test_a_document_with_nan_is_refused_as_it_came_over_the_wire() -> None:
    text = json.dumps(lattice_document(two_qubit=math.nan))

    with pytest.raises(CalibrationRefused, match="is nan"):
        read(json.loads(text))


def own_document(**changes: Any) -> dict[str, Any]:
    """A document of the platform's own device API, of three qubits in a line."""
    document: dict[str, Any] = {
        "schema": "bellpair.calibration/1",
        "measured_at": "2026-01-01T06:00:00Z",
        "qubits": [
            {
                "label": label,
                "one_qubit_error": 0.001,
                "readout_0_to_1": 0.01,
                "readout_1_to_0": 0.03,
                "t1_us": 50.0,
                "t2_us": 20.0,
            }
            for label in (2, 0, 1)
        ],
        "couplings": [{"qubits": [1, 0], "error": 0.02}, {"qubits": [1, 2]}],
        "two_qubit_error": 0.01,
        "native_gates": ["prx", "cz"],
        "one_qubit_us": 0.02,
        "mid_circuit": True,
    }
    return document | changes


def read_own(document: dict[str, Any]) -> DeviceTarget:
    findings = Findings()
    reading = read_document("bellpair.calibration/1", document, findings)
    return target_of("kite-3", DeviceKind.QPU, reading, findings, NOON)


def test_a_document_of_the_device_api_is_read() -> None:
    target = read_own(own_document())

    assert (target.qubits, target.edges) == ((0, 1, 2), ((0, 1), (1, 2)))
    assert target.two_qubit_error == {"0-1": 0.02, "1-2": 0.01}
    assert target.readout_error[2] == pytest.approx(0.02)
    assert (target.one_qubit_us, target.two_qubit_us) == (0.02, None)
    assert target.mid_circuit
    assert target.calibrated_at == datetime(2026, 1, 1, 6, tzinfo=UTC)


def test_a_document_of_the_device_api_may_connect_all() -> None:
    target = read_own(own_document(couplings=None))

    assert target.edges is None
    assert target.two_qubit_error == {"0-1": 0.01, "0-2": 0.01, "1-2": 0.01}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"two_qubit_error": 1.5}, "two_qubit_error: Input should be less than or equal to 1"),
        ({"two_qubit_error": math.nan}, "two_qubit_error: Input should be"),
        ({"qubits": []}, "qubits: Tuple should have at least 1 item"),
        ({"couplings": [{"qubits": [0, 9]}]}, "coupling [0, 9] joins no two of the qubits"),
        ({"measured_at": "yesterday"}, "measured_at: "),
    ],
)
def test_a_wrong_document_of_the_device_api_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CalibrationRefused) as refusal:
        read_own(own_document(**changes))

    assert reason in str(refusal.value)


@pytest.mark.parametrize(("name", "region"), [("ion-11", "us-east-1"), ("square-20", "us-west-2")])
def test_what_emulated_devices_say_can_be_read_with_parts_that_do_not_work(
    name: str, region: str
) -> None:
    profile = next(p for p in load_profiles(region) if p.name == name)
    whole = calibrate(profile)
    qubit, pair = profile.labels[0], profile.edges[-1]

    for calibration in (whole, whole.without({qubit}, {pair})):
        target, notes = read(capabilities(profile, calibration, region, "2026-01-01T06:00:00Z"))

        assert target.qubits == calibration.labels
        pairs = target.two_qubit_error
        assert sorted(pairs) == sorted(f"{a}-{b}" for a, b in calibration.edges)
        assert notes == []
