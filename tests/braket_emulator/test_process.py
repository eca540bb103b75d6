"""The emulator as a process: starting, stopping, and telling what is wrong."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Emulator, run_emulator


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(start: Callable[..., Emulator], number: signal.Signals) -> None:
    emulator = start()
    with urllib.request.urlopen(f"{emulator.url}/_emulator/health") as answer:
        assert json.load(answer)["status"] == "ok"
    emulator.process.send_signal(number)
    _, errors = emulator.process.communicate(timeout=60)
    assert (emulator.process.returncode, errors) == (0, "")


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = run_emulator("--port", str(port))
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    assert f"127.0.0.1:{port}" in errors
    assert "--port" in errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[devices.x", "no valid TOML"),
        ('[devices.x]\nkind = "simulator"', "arn: Field required"),
        (
            (
                '[devices.x]\nkind = "qpu"\narn = "arn:aws:braket:::device/qpu/a/x"\n'
                'provider = "a"\nqubits = 5\nshots = [1, 10]'
            ),
            "a qpu also needs family",
        ),
    ],
)
def test_a_profile_that_cannot_be_used_says_why(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    process = run_emulator("--port", "0", "--profiles", str(file))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in errors
    assert str(file) in errors


def test_drift_is_set_by_options_and_over_http(start: Callable[..., Emulator]) -> None:
    emulator = start("--drift-rate", "0", "--drift-seed", "4")
    url = f"{emulator.url}/_emulator/devices/ion-11/drift"
    with urllib.request.urlopen(url) as answer:
        before = json.load(answer)
    assert (before["seed"], before["rate"], before["hours"]) == (4, 0, 0)
    request = urllib.request.Request(url, data=json.dumps({"hours": 30}).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        after = json.load(answer)
    assert after["published"]["measured_h"] == 24
    assert after["published"]["updatedAt"] < before["published"]["updatedAt"]
    arn = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
    device = emulator.client().get_device(deviceArn=arn)
    service = json.loads(device["deviceCapabilities"])["service"]
    assert service["updatedAt"] == after["published"]["updatedAt"]
