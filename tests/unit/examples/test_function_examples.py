"""The examples are right, are the same after any suspension, are drawn, and can be deployed."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bellpair.functions import run_local
from bellpair.packaging import pack

EXAMPLES = Path(__file__).parents[3] / "examples/functions"
FUNCTIONS = {
    "vqe_h2": ("script.py", "vqe_h2.py"),
    "qaoa_maxcut": ("maxcut.py", "qaoa_maxcut.py", "script.py"),
    "sweep": ("maxcut.py", "script.py", "sweep.py"),
    "classifier": ("classifier.py", "script.py"),
}

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module


def run(module: ModuleType, **more: Any) -> dict[str, Any]:
    result = run_local(getattr(module, module.__name__), **{"seed": 7} | more)
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize("seed", [7, 8])
def test_vqe_finds_the_energy_within_two_millihartree(load: Load, seed: int) -> None:
    result = run(load("vqe_h2"), seed=seed)
    # As in O'Malley et al., Phys. Rev. X 6, 031007 (2016), and many after.
    assert result["exact"] == pytest.approx(-1.137306, abs=1e-6)
    assert abs(result["error_mha"]) < 2
    assert result["error_mha"] == pytest.approx(1000 * (result["energy"] - result["exact"]))
    assert result["standard_error"] < 0.0005
    assert result["history"][0]["parameters"] == [0.0]
    assert len(result["history"]) > 5


def test_vqe_at_hartree_fock_has_its_energy(load: Load) -> None:
    result = run(load("vqe_h2"))
    # RHF/STO-3G; the search begins there.
    assert result["history"][0]["energy"] == pytest.approx(-1.11699, abs=0.005)


def test_qaoa_cuts_nearly_all_that_can_be_cut(load: Load) -> None:
    result = run(load("qaoa_maxcut"))
    assert result["largest_cut"] == result["best_cut"] == 10
    assert result["ratio"] > 0.88
    assert load("maxcut").cut_size(result["partition"], load("maxcut").WAGNER) == 10
    assert min(step["energy"] for step in result["history"]) == -result["mean_cut"]


def test_each_node_of_the_graph_has_three_edges(load: Load) -> None:
    edges = load("maxcut").WAGNER
    assert sorted(node for edge in edges for node in edge) == sorted([*range(8)] * 3)
    assert len(set(edges)) == 12


def test_a_cut_counts_the_edges_between_unequal_bits(load: Load) -> None:
    maxcut = load("maxcut")
    # Node 0 is the rightmost bit: the path 0 - 1 - 2, with 0 apart.
    assert maxcut.cut_size("001", [(0, 1), (1, 2)]) == 1
    assert maxcut.mean_cut({"001": 1, "010": 3}, [(0, 1), (1, 2)]) == 1.75
    assert maxcut.largest_cut(3, [(0, 1), (1, 2), (0, 2)]) == 2


def test_more_layers_and_another_graph_are_inputs(load: Load) -> None:
    ring = [[0, 1], [1, 2], [2, 3], [3, 0]]
    result = run(load("qaoa_maxcut"), edges=ring, layers=1, max_steps=15, shots=500)
    assert result["largest_cut"] == 4
    assert len(result["parameters"]) == 2


def test_the_sweep_makes_200_circuits_and_agrees_with_theory(load: Load) -> None:
    result = run(load("sweep"))
    assert result["circuits"] == len(result["history"]) == 200
    # One shot's cut spreads by about 2 edges, so 1,000 give 0.06.
    assert result["distance_from_theory"] < 0.1
    assert result["best"]["cut"] == pytest.approx(result["largest_in_theory"], abs=0.25)
    assert load("sweep").theory(math.pi / 2, 0) == 6


def test_the_classifier_learns(load: Load) -> None:
    result = run(load("classifier"))
    assert result["training_accuracy"] >= 0.85
    assert result["test_accuracy"] >= 0.8
    assert len(result["history"]) == 30


@pytest.mark.parametrize(
    ("name", "inputs", "every"),
    [
        ("vqe_h2", {}, 1),
        ("qaoa_maxcut", {"max_steps": 8, "shots": 200}, 3),
        ("sweep", {"gammas": 2, "betas": 2}, 1),
        ("classifier", {"points": 12, "steps": 12, "batch": 3}, 5),
    ],
)
def test_a_suspended_example_ends_as_an_undisturbed_one(
    load: Load, name: str, inputs: dict[str, Any], every: int
) -> None:
    undisturbed = run(load(name), **inputs)
    assert run(load(name), **inputs, replay_every=every) == undisturbed
    assert all({"parameters", "energy"} <= step.keys() for step in undisturbed["history"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_example_is_packed_with_what_it_imports(name: str) -> None:
    package = pack(EXAMPLES / f"{name}.py", name)
    assert package.files == FUNCTIONS[name]
    assert package.entry == f"{name}:{name}"


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("vqe_h2", {"max_steps": 4}),
        ("qaoa_maxcut", {"max_steps": 6, "shots": 100}),
        ("sweep", {"gammas": 3, "betas": 2, "shots": 50}),
        ("classifier", {"points": 12, "steps": 1}),
    ],
)
def test_results_are_drawn(load: Load, name: str, inputs: dict[str, Any], tmp_path: Path) -> None:
    load(name).plot_result(run(load(name), **inputs), tmp_path / "drawn.svg")
    assert (tmp_path / "drawn.svg").read_bytes().startswith(b"<?xml")


def test_an_example_is_a_script(tmp_path: Path) -> None:
    picture = tmp_path / "vqe.svg"
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "vqe_h2.py"), "--plot", str(picture), "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert abs(json.loads(done.stdout)["error_mha"]) < 2
    assert picture.exists()
    assert done.stderr == f"Picture: {picture}\n"
