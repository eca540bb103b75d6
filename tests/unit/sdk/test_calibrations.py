"""Calibrations as a client and the command line show them, and as a picture draws them."""

from __future__ import annotations

import random
from itertools import pairwise
from math import dist
from pathlib import Path

import pytest

from bellpair import Client
from bellpair.cli.exits import ExitCode
from bellpair.device_layout import positions
from bellpair.device_models import Calibration
from bellpair.device_plot import plot_calibration
from bellpair.errors import AuthError, BellpairError
from tests.unit.sdk.fake_api import OPERATOR_KEY, FakeLedger, FakeRegion
from tests.unit.sdk.fake_calibrations import ION, SIMULATOR, SQUARE, ions, lattice
from tests.unit.sdk.fake_clock import FakeClock
from tests.unit.sdk.shell import Shell

PNG = b"\x89PNG"


@pytest.fixture
def chief(east: FakeRegion, west: FakeRegion) -> Shell:
    """A shell with an operator's key."""
    return Shell({"BELLPAIR_ENDPOINTS": f"{east.url},{west.url}", "BELLPAIR_API_KEY": OPERATOR_KEY})


def grid(rows: int, columns: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Qubits and edges of a square lattice, labels row by row from 1."""
    qubits = list(range(1, rows * columns + 1))
    right = [(q, q + 1) for q in qubits if q % columns]
    down = [(q, q + columns) for q in qubits if q + columns <= len(qubits)]
    return qubits, right + down


def test_a_client_reads_a_calibration(client: Client) -> None:
    found = client.calibration(SQUARE)

    assert found.calibration_id.endswith("0a1b2c3d4e5f")
    assert [edge.qubits for edge in found.edges] == [(1, 2), (1, 3), (2, 4)]
    assert found.medians.two_qubit_error == 0.01
    assert (found.drift.worst, found.drift.dead_edges) == (4.5, ["3-4"])
    assert found.refused is None


def test_a_client_reads_a_series(client: Client) -> None:
    refused, good, _ = client.calibrations(SQUARE)

    assert (refused.refused, good.refused) == ("the document is empty", None)
    assert len(client.calibrations(SQUARE, limit=1)) == 1


def test_an_unknown_device_is_an_error(client: Client) -> None:
    for name in ("square-5", "../pair", "a b?c"):
        with pytest.raises(BellpairError, match="no device"):
            client.calibration(name)


def test_an_operators_client_has_a_device_brought_in(
    client: Client, east: FakeRegion, ledger: FakeLedger, clock: FakeClock
) -> None:
    with pytest.raises(AuthError):
        client.ingest_calibration(SQUARE)
    with Client([east.url], OPERATOR_KEY, clock=clock, chance=random.Random(7)) as operators:
        done = operators.ingest_calibration(SQUARE)

    assert (done.calibration_id, done.new, done.refused) == ("today", True, False)
    assert ledger.calibrations.ingested == [SQUARE]


def test_the_command_line_shows_a_table(shell: Shell) -> None:
    lines = shell("devices", "calibration", SQUARE).stdout.splitlines()

    text = "\n".join(lines)
    assert "2-qubit 1 %" in text
    assert "times    a gate 0.04 us, a two-qubit gate 0.06 us" in text
    assert "quality  0.93" in text
    assert "z up to 4.5 against the 9 calibrations before" in text
    assert "gone: edges 3-4" in text
    assert "edges without figures, left out: 3-4" in text
    rows = [line.split() for line in lines if line.split()]
    assert ["1-3", "3", "%", "+4.5"] in rows
    assert rows[-1][0] == "1-3", "the worst edge is the last one"
    assert ["2", "0.2", "%", "2", "%", "1", "%", "3", "%", "40", "us", "+0.5"] in rows


def test_of_a_simulator_no_empty_tables_are_shown(shell: Shell) -> None:
    lines = shell("devices", "calibration", SIMULATOR).stdout.splitlines()

    assert lines[-1] == "no errors are known of it, as of a simulator: nothing more to show"
    assert len(lines) <= 3


def test_the_command_line_says_in_one_line_what_is_everywhere_alike(shell: Shell) -> None:
    text = shell("devices", "calibration", ION).stdout

    assert "too old to be relied on" in text
    assert "every pair of qubits is connected, error 0.75 %" in text
    assert "each" in text
    assert "2Q is 1.1" in text
    assert "\x1b[2J" not in text


def test_the_command_line_prints_json(shell: Shell) -> None:
    answer = shell.json("devices", "calibration", SQUARE)

    assert answer["medians"]["two_qubit_error"] == 0.01
    assert answer["edges"][1] == {"qubits": [1, 3], "two_qubit_error": 0.03, "drift": 4.5}


def test_the_command_line_lists_a_series(shell: Shell) -> None:
    shown = shell("devices", "calibration", SQUARE, "--series", "2").stdout

    good = next(line.split() for line in shown.splitlines() if "+4.5" in line)
    assert good[:6] == ["2026-01-01", "12:00", "2026-01-01", "12:00", "4", "3"]
    assert "empty" in shown
    series = shell.json("devices", "calibration", SQUARE, "--series", "1")
    assert [one["calibration_id"] for one in series["calibrations"]] == ["bad"]


def test_an_operator_has_a_device_brought_in_first(
    shell: Shell, chief: Shell, ledger: FakeLedger
) -> None:
    assert shell("devices", "calibration", SQUARE, "--ingest").exit_code == ExitCode.SERVICE
    assert chief("devices", "calibration", SQUARE, "--ingest").exit_code == ExitCode.OK
    ledger.calibrations.problem = "the document is empty"

    refused = chief("devices", "calibration", SQUARE, "--ingest")

    assert refused.exit_code == ExitCode.SERVICE
    assert "Not brought in: the document is empty" in refused.stderr
    assert "2-qubit 1 %" in refused.stdout, "the last good one is shown all the same"


def test_an_unknown_device_is_rejected_input(shell: Shell) -> None:
    assert shell("devices", "calibration", "square-5").exit_code == ExitCode.REJECTED


def test_its_help_has_examples(shell: Shell) -> None:
    text = shell("devices", "calibration", "--help").stdout

    assert "$ bellpair devices calibration square-20 --plot square-20.svg" in text


def test_a_picture_is_drawn(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "square.png"

    result = shell("devices", "calibration", SQUARE, "--plot", str(file))

    assert result.exit_code == ExitCode.OK
    assert file.read_bytes().startswith(PNG)
    assert f"Picture: {file}" in result.stdout


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_picture_without_a_file_has_the_devices_name(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)

    result = shell("devices", "calibration", SQUARE, "--plot", *more)

    assert result.exit_code == ExitCode.OK
    assert (tmp_path / f"{SQUARE}.png").read_bytes().startswith(PNG)


def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_asked(
    shell: Shell, tmp_path: Path
) -> None:
    result = shell("devices", "calibration", SQUARE, "--plot", str(tmp_path / "square.txt"))

    assert result.exit_code == ExitCode.USAGE
    assert "names no picture format" in result.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"edges": []},
        {"qubits": [{"qubit": 7}], "edges": []},
        {"qubits": [], "edges": []},
        {"drift": {"dead_edges": ["3-4", "4-9"]}},
        {"drift": {"dead_qubits": [9], "dead_edges": ["3-4", "4-9"]}},
    ],
)
def test_what_is_not_known_is_left_out_of_a_picture(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    for number, document in enumerate((lattice(), ions())):
        file = tmp_path / f"{number}.svg"
        plot_calibration(Calibration.read({**document, **changes}), file)
        assert "<svg" in file.read_text()


@pytest.mark.parametrize("shape", [(4, 5), (2, 7), (3, 3), (6, 9)])
def test_a_square_lattice_is_drawn_as_one(shape: tuple[int, int]) -> None:
    qubits, edges = grid(*shape)

    places = positions(qubits, edges)

    assert len(set(places.values())) == len(qubits)
    for first, second in edges:
        (x, y), (u, v) = places[first], places[second]
        assert sorted((abs(x - u), abs(y - v))) == [0.0, 1.0]
    # It is read like a page: line by line from the top, and each from the left.
    assert sorted(qubits, key=lambda qubit: (-places[qubit][1], places[qubit][0])) == qubits


def test_a_lattice_with_parts_missing_is_still_a_lattice() -> None:
    qubits, edges = grid(4, 5)
    qubits.remove(8)
    edges = [edge for edge in edges if 8 not in edge and edge not in ((1, 2), (14, 15))]

    places = positions(qubits, edges)

    lengths = [dist(places[a], places[b]) for a, b in edges]
    assert lengths == [1.0] * len(edges)


def test_what_is_no_lattice_has_its_neighbours_near() -> None:
    ring = [(qubit, (qubit + 1) % 7) for qubit in range(7)]

    places = positions(range(7), ring)

    near = [dist(places[a], places[b]) for a, b in ring]
    far = [dist(places[a], places[(a + 3) % 7]) for a in range(7)]
    assert max(near) < min(far)
    assert max(near) / min(near) < 1.05


def test_what_is_all_connected_or_not_at_all_is_on_a_circle() -> None:
    pairs = [(a, b) for a in range(11) for b in range(a)]

    connected, alone = positions(range(11), pairs), positions(range(11), [])

    assert connected == alone
    assert len({round(dist(place, (0, 0)), 9) for place in connected.values()}) == 1
    around = [dist(connected[a], connected[b]) for a, b in pairwise(range(11))]
    assert max(around) / min(around) < 1.001


def test_parts_without_a_way_between_them_are_apart() -> None:
    places = positions([1, 2, 3, 4], [(1, 2), (3, 4)])

    assert len(set(places.values())) == 4
    assert dist(places[1], places[2]) < dist(places[1], places[3])
