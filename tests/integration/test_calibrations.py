"""A QPU is measured anew, loses an edge, and says what cannot be; all of it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.test_jobs import finished, submit
from tests.polling import eventually
from tests.running_cloud import RunningCloud

pytestmark = pytest.mark.timeout(600)

SQUARE, HOME = "square-20", "us-west-2"
PATH = f"/v1/devices/{SQUARE}/calibration"
EDGE = "3-4"
BROKEN = {
    "standardized": {
        "twoQubitProperties": {
            EDGE: {"twoQubitGateFidelity": [{"gateName": "CZ", "fidelity": 1.5}]},
        }
    }
}


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


@pytest.fixture
def ingest(cloud: RunningCloud) -> Iterator[Callable[[], Any]]:
    """Brings the device in, as an operator has it done: through the region that it is not in."""
    with cloud.http(key=cloud.client_file["operator_key"]) as operator:

        def bring_in() -> Any:
            # A cold function behind a cold function may take longer than the first is waited for.
            answer = eventually(
                lambda: (said := operator.post(PATH)).status_code == 200 and said, 120
            )
            return answer.json()

        yield bring_in


@pytest.fixture
def device(cloud: RunningCloud) -> Iterator[Callable[..., None]]:
    """Changes what is true of the device, or what it says; the latter is the truth again after."""
    with cloud.emulator(HOME) as emulator:
        path = f"/_emulator/devices/{SQUARE}"

        def change(**drift: Any) -> None:
            emulator.post(f"{path}/drift", json=drift).raise_for_status()

        def say(document: dict[str, Any]) -> None:
            emulator.put(path, json={"document": document}).raise_for_status()

        yield lambda document=None, **drift: change(**drift) if drift else say(document or {})
        say({})
        change(revive=[EDGE], recalibrate=True)


def newest(http: httpx.Client) -> Any:
    return http.get(PATH).raise_for_status().json()


def series(http: httpx.Client) -> list[Any]:
    listed: list[Any] = (
        http.get(f"{PATH}s", params={"limit": 200}).raise_for_status().json()["calibrations"]
    )
    return listed


def until(http: httpx.Client, done: Any) -> Any:
    """The calibration that was brought in, once the other region's catalogue has it as well."""
    return eventually(
        lambda: (shown := newest(http))["calibration_id"] == done["calibration_id"] and shown, 30
    )


def test_a_device_measured_anew_is_brought_in_and_compared(
    http: httpx.Client, ingest: Callable[[], Any], device: Callable[..., None]
) -> None:
    device(recalibrate=True)

    done = ingest()

    assert done["problem"] is None
    shown = until(http, done)
    assert not shown["stale"]
    assert shown["drift"]["baseline"] >= 1
    assert len(shown["qubits"]) == 20
    assert shown["medians"]["two_qubit_error"] > 0
    assert shown["qubits"][0]["readout_0_to_1"] != shown["qubits"][0]["readout_1_to_0"]
    eventually(lambda: series(http)[0]["calibration_id"] == done["calibration_id"], 30)


def test_what_did_not_change_is_no_new_calibration(
    http: httpx.Client, ingest: Callable[[], Any]
) -> None:
    first = ingest()
    again = ingest()

    assert (again["new"], again["calibration_id"]) == (False, first["calibration_id"])


def test_an_edge_that_died_is_told_and_not_compiled_for(
    http: httpx.Client, ingest: Callable[[], Any], device: Callable[..., None]
) -> None:
    ingest()
    device(kill=[EDGE], recalibrate=True)

    shown = until(http, ingest())

    assert EDGE in shown["drift"]["dead_edges"]
    assert [3, 4] not in [edge["qubits"] for edge in shown["edges"]]

    device(revive=[EDGE], recalibrate=True)
    assert EDGE in until(http, ingest())["drift"]["recovered_edges"]


def test_what_cannot_be_is_refused_and_jobs_run_by_the_last_good_one(
    http: httpx.Client, ingest: Callable[[], Any], device: Callable[..., None]
) -> None:
    good = ingest()
    device(document=BROKEN)

    done = ingest()

    assert (done["refused"], done["calibration_id"]) == (True, good["calibration_id"])
    assert f"{EDGE} cz is 1.5, which is over 1" in done["problem"]
    shown = eventually(lambda: (seen := newest(http))["refused"] and seen, 30)
    assert shown["calibration_id"] == good["calibration_id"]
    assert shown["refused"]["reason"] == done["problem"]
    assert any(one["refused"] == done["problem"] for one in series(http))
    job = finished(http, submit(http, device=SQUARE, shots=100)["id"])
    assert job["status"] == "succeeded", job["error"]

    device(document={})
    assert ingest()["problem"] is None
    eventually(lambda: newest(http)["refused"] is None, 30)


def test_nobody_but_an_operator_has_a_device_brought_in(http: httpx.Client) -> None:
    assert http.post(PATH).json()["code"] == "forbidden"


def test_the_command_line_shows_it_and_draws_it(cloud: RunningCloud, tmp_path: Any) -> None:
    file = tmp_path / "square.png"

    said = cloud.bellpair("devices", "calibration", SQUARE, "--plot", str(file), "--json")

    assert len(json.loads(said.stdout)["qubits"]) == 20
    assert file.read_bytes().startswith(b"\x89PNG")
