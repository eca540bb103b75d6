"""What a program takes is estimated by plug-ins, with and without a service."""

from __future__ import annotations

import sys
from functools import partial
from math import pi
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm2, qasm3

from bellpair import Client
from bellpair.cli.exits import ExitCode
from bellpair.estimates import NotEstimated, Subject, estimators
from bellpair.estimates.counts import count
from bellpair.estimates.fault_tolerant import fault_tolerant, logical
from bellpair.estimates.of_options import of_options
from bellpair_core.openqasm import check_program
from tests.unit.sdk.fake_api import KEY, FakeLedger, FakeRegion
from tests.unit.sdk.shell import Shell

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(3, 3)
    made.h(0)
    made.t(0)
    made.cx(0, 1)
    made.rz(0.3, 1)
    made.rz(pi / 4, 2)
    made.rz(pi / 2, 2)
    made.ccx(0, 1, 2)
    made.measure(range(3), range(3))
    return made


@pytest.mark.parametrize("write", [qasm2.dumps, qasm3.dumps], ids=["openqasm 2", "openqasm 3"])
def test_gates_are_counted_without_a_service(write: Any) -> None:
    counted = count(Subject(write(circuit())))

    assert counted["gates"] == {"h": 1, "t": 1, "cx": 1, "rz": 3, "ccx": 1}
    assert (counted["qubits"], counted["measured"]) == (3, 3)


def test_two_qubit_gates_are_those_that_the_service_counts() -> None:
    source = qasm2.dumps(circuit())

    assert count(Subject(source))["two_qubit_gates"] == check_program(source).shape.two_qubit_gates


def test_rotations_are_counted_as_what_they_cost_in_a_code() -> None:
    counts = logical(circuit())

    assert counts["cczCount"] == 1
    assert counts["rotationCount"] == counts["rotationDepth"] == 1
    assert counts["tCount"] == 2
    assert counts["measurementCount"] == 3


def test_a_fault_tolerant_machine_has_more_qubits_the_smaller_the_error_budget() -> None:
    pytest.importorskip("qsharp.estimator")
    source = qasm2.dumps(circuit())

    loose = fault_tolerant(Subject(source, error_budget=0.1))
    tight = fault_tolerant(Subject(source, error_budget=1e-6))

    assert tight["code_distance"] > loose["code_distance"]
    assert tight["physical_qubits"] > 3
    assert tight["runtime_s"] > 0


def test_a_missing_estimator_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("qdk.estimator", "qsharp.estimator"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(NotEstimated, match="needs the package qsharp") as raised:
        fault_tolerant(Subject(BELL))
    assert "bellpair[estimate]" in (raised.value.remedy or "")


def test_a_program_that_qiskit_does_not_read_is_told() -> None:
    with pytest.raises(NotEstimated, match="does not read the program"):
        count(Subject("OPENQASM 3.0; nonsense"))


def test_a_level_of_options_takes_more_circuits() -> None:
    taken = of_options(Subject(BELL, level=2))

    assert taken["level"] == 2
    assert taken["options"]


def test_what_options_take_is_told_by_device(east: FakeRegion, ledger: FakeLedger) -> None:
    price = {"per_task_usd": 0.3, "per_shot_usd": 0.01, "per_minute_usd": 0.0}
    ledger.devices = [
        {"name": "one", "kind": "qpu", "median_readout_error": 0.05, "price": price},
        {"name": "sets", "kind": "qpu", "programs_per_task": 50, "price": price},
        {"name": "free", "kind": "simulator"},
    ]

    service = partial(Client, [east.url], KEY)
    taken = of_options(Subject(BELL, 100, "any-qpu", level=2, client=service))

    by_device = taken["devices"]
    assert by_device.keys() == {"one", "sets"}
    assert by_device["one"]["shots_factor"] > by_device["sets"]["shots_factor"]
    tasks = taken["programs"] + taken["extra_programs"]
    shots = 100 + taken["extra_shots"]
    assert by_device["one"]["cost_usd"] == pytest.approx(0.3 * tasks + 0.01 * shots)
    assert by_device["sets"]["cost_usd"] == pytest.approx(0.3 + 0.01 * shots)


def test_estimators_are_plug_ins() -> None:
    assert {"counts", "devices", "fault-tolerant", "options"} <= estimators().keys()


@pytest.fixture
def bell(tmp_path: Path) -> str:
    file = tmp_path / "bell.qasm"
    file.write_text(BELL)
    return str(file)


def test_the_command_asks_the_service_for_the_devices(
    shell: Shell, bell: str, east: FakeRegion
) -> None:
    told = shell.json("estimate", bell, "--shots", "500", "--device", "ion-11")

    assert east.seen[-1].body == {"source": BELL, "shots": 500, "device": "ion-11"}
    assert told["devices"]["chosen"] == "ion-11"
    assert told["counts"]["two_qubit_gates"] == 1


def test_the_command_prints_the_devices(shell: Shell, bell: str) -> None:
    printed = shell("estimate", bell).stdout

    assert "ion-11" in printed
    assert "0.95" in printed


def test_what_is_asked_of_no_device_is_refused(shell: Shell, bell: str) -> None:
    error = shell.json("estimate", bell, "--device", "nosuch", code=ExitCode.REJECTED)["error"]

    assert error["code"] == "device-unknown"


def test_facts_are_printed_in_words(shell: Shell, bell: str) -> None:
    pytest.importorskip("qsharp.estimator")

    printed = shell("estimate", bell, "--offline").stdout

    assert "runtime (s)" in printed and "num qubits 2" in printed
    assert "runtime_s" not in printed and "numQubits" not in printed


def test_offline_nothing_is_asked(shell: Shell, bell: str, east: FakeRegion) -> None:
    told = shell.json("estimate", bell, "--offline")

    assert east.seen == []
    assert "not_estimated" in told["devices"]
    assert told["counts"]["qubits"] == 2


def test_one_device_and_all_of_them_are_not_both_to_be_had(shell: Shell, bell: str) -> None:
    assert shell("estimate", bell, "--all", "--device", "sv1").exit_code == ExitCode.USAGE


def test_constraints_are_sent_as_they_are_called_there(
    shell: Shell, bell: str, east: FakeRegion
) -> None:
    shell.json(
        "run", bell, "-d", "ion-11", "--min-fidelity", "0.5", "--max-cost", "1.5",
        "--max-wait", "600", "--kind", "qpu",
    )  # fmt: skip

    assert east.seen[0].body["constraints"] == {
        "min_fidelity": 0.5,
        "max_cost_usd": 1.5,
        "max_wait_s": 600,
        "kind": "qpu",
    }


@pytest.mark.parametrize(
    "options",
    [
        ("--min-fidelity", "0"),
        ("--min-fidelity", "1.5"),
        ("--max-cost", "-1"),
        ("--max-wait", "-1"),
        ("--kind", "annealer"),
    ],
)
def test_wrong_constraints_are_told_before_anything_is_sent(
    shell: Shell, bell: str, east: FakeRegion, options: tuple[str, str]
) -> None:
    assert shell("run", bell, *options).exit_code == ExitCode.USAGE
    assert east.seen == []


def test_why_prints_the_reasons_and_the_devices(shell: Shell, bell: str) -> None:
    job = shell.json("run", bell, "--no-wait")["job_id"]

    told = shell.json("jobs", "why", job)
    printed = shell("jobs", "why", job).stdout

    assert told["choice"]["chosen"] == "ion-11"
    assert "it asked for device any-qpu" in printed
    assert "excluded" in printed
