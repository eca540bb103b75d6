"""The part of the API's double that knows of calibrations."""

from __future__ import annotations

from typing import Any

from tests.unit.sdk.problems import problem

NOON = "2026-01-01T12:00:00.000000Z"
SQUARE, ION, SIMULATOR = "square-4", "ion-3", "sv1"


def lattice() -> dict[str, Any]:
    """Four qubits in a square of which an edge is gone and another drifted."""
    edges = {(1, 2): 0.01, (1, 3): 0.03, (2, 4): 0.005}
    return {
        "device": SQUARE, "calibration_id": f"{NOON}-0a1b2c3d4e5f", "calibrated_at": NOON,
        "age_s": 60.0, "stale": False, "seen_at": NOON, "checked_at": NOON, "quality": 0.93,
        "medians": {"one_qubit_error": 0.001, "two_qubit_error": 0.01, "readout_error": 0.02,
                    "t1_us": 40.0, "t2_us": None},
        "durations_us": {"one_qubit": 0.04, "two_qubit": 0.06, "readout": None},
        "native_gates": ["prx", "cz"], "mid_circuit": False, "all_to_all": False,
        "qubits": [
            {"qubit": qubit, "one_qubit_error": 0.001 * qubit, "readout_error": 0.02,
             "readout_0_to_1": 0.01, "readout_1_to_0": 0.03, "t1_us": 40.0, "t2_us": None,
             "drift": 0.5}
            for qubit in (1, 2, 3, 4)
        ],
        "edges": [
            {"qubits": list(pair), "two_qubit_error": error, "drift": 4.5 if pair == (1, 3) else 0}
            for pair, error in edges.items()
        ],
        "drift": {"baseline": 9, "worst": 4.5, "medians": {"t1_us": -0.5}, "dead_qubits": [],
                  "dead_edges": ["3-4"], "recovered_qubits": [], "recovered_edges": []},
        "notes": ["edges without figures, left out: 3-4"], "refused": None,
    }  # fmt: skip


def ions() -> dict[str, Any]:
    """Three qubits, all alike and connected, whose figures are old."""
    qubit = {"one_qubit_error": 1e-4, "readout_error": None, "t1_us": 1e8, "t2_us": 1e6}
    return {
        "device": ION, "calibration_id": "old", "calibrated_at": NOON, "stale": True,
        "medians": {"one_qubit_error": 1e-4, "two_qubit_error": 0.0075}, "all_to_all": True,
        "qubits": [{"qubit": label, **qubit} for label in range(3)],
        "edges": [{"qubits": list(pair), "two_qubit_error": 0.0075}
                  for pair in ((0, 1), (0, 2), (1, 2))],
        "refused": {"calibration_id": "new", "reason": "2Q is 1.1\x1b[2J, which is over 1",
                    "at": NOON},
    }  # fmt: skip


def simulator() -> dict[str, Any]:
    """Three qubits without errors."""
    return {"device": SIMULATOR, "calibration_id": "none", "all_to_all": True, "medians": {},
            "qubits": [{"qubit": label} for label in range(3)], "edges": []}  # fmt: skip


class FakeCalibrations:
    """What `bellpair.device_client.DeviceClient` asks for.

    Attributes
    ----------
    problem
        What is wrong with what is brought in.
    """

    def __init__(self) -> None:
        self.known = {SQUARE: lattice(), ION: ions(), SIMULATOR: simulator()}
        self.ingested: list[str] = []
        self.problem: str | None = None

    def answer(
        self, method: str, device: str, what: list[str], query: dict[str, str], *, operator: bool
    ) -> tuple[int, dict[str, Any]]:
        if device not in self.known:
            return 422, problem(422, "device-unknown", "There is no device of this name.")
        match method, what:
            case "GET", ["calibration"]:
                return 200, self.known[device]
            case "GET", ["calibrations"]:
                return 200, {"device": device, "calibrations": self._series(device, query)}
            case "POST", ["calibration"] if operator:
                self.ingested.append(device)
                done = {"calibration_id": "today", "new": True, "problem": self.problem}
                return 200, {"device": device, "refused": self.problem is not None, **done}
            case "POST", ["calibration"]:
                return 403, problem(403, "forbidden", "Only operators may.")
        return 404, problem(404, "route-not-found", "There is nothing here.")

    def _series(self, device: str, query: dict[str, str]) -> list[dict[str, Any]]:
        good = {
            "calibration_id": "today", "calibrated_at": NOON, "seen_at": NOON,
            "region": "us-east-1", "refused": None, "num_qubits": 4, "num_edges": 3,
            **{part: self.known[device].get(part, {}) for part in ("medians", "drift")},
        }  # fmt: skip
        refused = {
            "calibration_id": "bad", "calibrated_at": None, "seen_at": NOON,
            "region": "us-east-1", "refused": "the document is empty", "num_qubits": 0,
            "num_edges": None,
        }  # fmt: skip
        return [refused, good, good][: int(query.get("limit", "25"))]
