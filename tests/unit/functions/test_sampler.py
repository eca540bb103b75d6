"""``runtime.sampler`` broadcasts as Qiskit's sampler does, and keeps the order of bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives import StatevectorSampler

from bellpair.functions import LimitExceeded, Sample
from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Origin
from bellpair.functions.sampling import Sampler

from .simulated import make


def ansatz(parameters: int = 2) -> QuantumCircuit:
    """Not symmetric in its qubits: qubit 2 is always 1."""
    theta = ParameterVector("t", parameters)
    circuit = QuantumCircuit(3)
    for index, parameter in enumerate(theta):
        circuit.ry(parameter, index % 2)
    circuit.x(2)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
def test_shapes_are_those_of_qiskits_sampler(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).uniform(0, np.pi, (*shape, 2))
    circuit = ansatz()
    theirs = StatevectorSampler(seed=1).run([(circuit, values)], shots=4000).result()[0].data.meas
    ours = Sampler(make)(circuit, values, shots=4000)

    assert ours.shape == theirs.shape == shape
    for index in np.ndindex(shape):
        ours_here, theirs_here = ours.array[index], theirs.get_counts(index)
        for bits in set(ours_here) | set(theirs_here):
            assert abs(ours_here.get(bits, 0) - theirs_here.get(bits, 0)) < 300


SINGLE = [0.5, [0.5], [0.1, 0.2, 0.3], [[0.1], [0.2]], [[0.1, 0.2]], [[[0.1], [0.2]]]]


@pytest.mark.parametrize("values", SINGLE, ids=str)
def test_one_parameter_may_do_without_its_axis_as_with_qiskit(values: Any) -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("t"), 0)
    circuit.measure_all()
    expected = StatevectorSampler().run([(circuit, values)], shots=1).result()[0].data.meas.shape

    assert Sampler(make)(circuit, values, shots=1).shape == expected


@pytest.mark.parametrize(
    "values",
    [
        {"t[0]": 0.1, "t[1]": 0.2},
        {("t[1]", "t[0]"): [0.2, 0.1]},
        {"t[0]": [0.1, 0.3], "t[1]": [0.2, 0.4]},
        {"t[0]": [[0.1], [0.3]], "t[1]": [0.2, 0.4]},
        {("t[0]",): [[0.1, 0.3]], "t[1]": [[0.2, 0.4]]},
    ],
    ids=str,
)
def test_parameters_by_name_are_read_as_qiskit_reads_them(values: Any) -> None:
    circuit = ansatz()
    theirs = StatevectorSampler().run([(circuit, values)], shots=1).result()[0].data.meas
    call = Sampler(make).later(circuit, values, shots=1)

    assert make("sample", [call])[0].shape == theirs.shape
    assert "ry(0.1) q[0]" in call.programs[0].written
    assert "ry(0.2) q[1]" in call.programs[0].written


def test_parameters_may_be_the_circuits_own_objects() -> None:
    circuit = ansatz()
    theta = circuit.parameters
    call = Sampler(make).later(circuit, {theta[1]: 0.2, theta[0]: 0.1})

    assert "ry(0.1) q[0]" in call.programs[0].written


def test_qubit_0_is_the_rightmost_bit() -> None:
    sample = Sampler(make)(ansatz(), [np.pi, 0.0], shots=10)

    assert sample.counts == {"101": 10}
    assert sample.probabilities == {"101": 1.0}
    assert (sample.bits, sample.shots) == (3, 10)


def test_a_list_gives_a_list_of_samples_each_with_its_own_shots() -> None:
    circuit = ansatz()
    fixed = "qubit q; bit c; U(pi,0,0) q; c = measure q;"
    samples = Sampler(make)([fixed, (circuit, [[0.1, 0.2]] * 2, 7), (fixed,)], shots=5)

    assert [(one.shape, one.shots) for one in samples] == [((), 5), ((2,), 7), ((), 5)]
    assert samples[2].counts == {"1": 5}


def test_a_sample_of_many_sets_has_no_single_counts() -> None:
    sample = Sampler(make)(ansatz(), [[0.1, 0.2]] * 2, shots=5)

    with pytest.raises(InvalidCall, match=r"\.array"):
        _ = sample.counts
    assert Sample.to_dict(sample)["counts"] == sample.array.tolist()


def test_an_empty_sweep_makes_no_call() -> None:
    call = Sampler(make).later(ansatz(), np.empty((0, 2)))

    assert call.programs == ()
    assert call.read([], Origin()).shape == (0,)


BAD: list[tuple[Any, ...]] = [
    (ansatz(), None),
    (ansatz(), [0.1]),
    (ansatz(), [0.1, 0.2, 0.3]),
    (ansatz(), "nonsense"),
    (ansatz(), [[0.1, 0.2], [0.3]]),
    (ansatz(), [1j, 0.1]),
    (ansatz(), [float("nan"), 0.1]),
    (ansatz(), {"t[0]": 0.1}),
    (ansatz(), {"t[0]": 0.1, "t[1]": 0.1, "x": 0.1}),
    (ansatz(), {"t[0]": [0.1, 0.2], "t[1]": [0.1, 0.2, 0.3]}),
    ("qubit q; bit c; c = measure q;", [0.1]),
    (ansatz(), [0.1, 0.2], 0),
    (ansatz(), [0.1, 0.2], 1.5),
    (ansatz(), [0.1, 0.2], True),
    (ansatz(), [0.1, 0.2], 100_001),
    (ansatz(), [0.1, 0.2], "many"),
    ([ansatz()], [0.1, 0.2]),
    ([(ansatz(), [0.1, 0.2], 5, 6)],),
    ([()],),
    (np.zeros(3),),
]


@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_a_call_that_cannot_be_made_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidCall) as caught:
        Sampler(make)(*arguments)
    assert caught.value.remedy


def test_numpy_integers_are_shots() -> None:
    assert Sampler(make)(ansatz(), [0.1, 0.2], np.int64(5)).shots == 5


def test_too_many_circuits_for_one_call_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="1,001 circuits"):
        Sampler(make)(ansatz(), np.zeros((1001, 2)))


def test_calls_for_several_devices_are_not_made_together() -> None:
    sampler = Sampler(make)
    calls = [sampler.later(ansatz(), [0, 0], device=device) for device in ("a", "b")]

    with pytest.raises(InvalidCall, match="one device"):
        make("gather", calls)
