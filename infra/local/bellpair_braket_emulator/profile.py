"""Short descriptions of devices, and the calibrations drawn from them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .gates import GATES

Probability = Annotated[float, Field(ge=0, lt=0.5)]
Positive = Annotated[float, Field(gt=0)]
Edge = tuple[int, int]


class ProfileError(ValueError):
    """A profile file that cannot be used; the message says where and why."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Errors(_Section):
    """Average error rates of a QPU; times in microseconds."""

    one_qubit: Probability
    two_qubit: Probability
    readout_0_to_1: Probability
    readout_1_to_0: Probability
    spread: Annotated[float, Field(ge=0, le=1)] = 0.0
    t1_us: Positive
    t2_us: Positive

    @model_validator(mode="after")
    def _t2_is_physical(self) -> Self:
        if self.t2_us > 2 * self.t1_us:
            raise ValueError("t2_us cannot be more than twice t1_us")
        return self


class Durations(_Section):
    """How long operations take, in microseconds."""

    one_qubit: Positive
    two_qubit: Positive
    readout: Positive
    reset: Positive


class Wander(_Section):
    """How far a kind of figure wanders: standard deviations of its natural logarithm.

    Attributes
    ----------
    slow
        By the material: a recalibration measures it, but cannot mend it.
    tuned
        By tuning that ages: a recalibration sets it back.
    """

    slow: Annotated[float, Field(ge=0, le=1.5)] = 0.0
    tuned: Annotated[float, Field(ge=0, le=1.5)] = 0.0


class Drift(_Section):
    """How a QPU changes with time; without settings it does not.

    Attributes
    ----------
    seed
        Another seed is another course of the same device.
    rate
        Hours that pass for the device in an hour: 0 lets it stand still until it is told to
        go on, 1 is real time.
    recalibrate_every_h, publish_after_h
        Hours between recalibrations, and from one until its figures are published.
    slow_h, tuned_h
        Hours after which the two parts of a figure's wandering have forgotten most of where
        they were.
    qubit_life_h, edge_life_h, outage_h
        Mean hours until a qubit or an edge stops working, and until it works again.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    rate: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    recalibrate_every_h: Annotated[float, Field(ge=1)] | None = None
    publish_after_h: Annotated[float, Field(ge=0)] = 0.0
    slow_h: Annotated[float, Field(ge=1, le=1000)] = 120.0
    tuned_h: Annotated[float, Field(ge=1, le=1000)] = 12.0
    one_qubit: Wander = Wander()
    two_qubit: Wander = Wander()
    readout: Wander = Wander()
    t1: Wander = Wander()
    t2: Wander = Wander()
    qubit_life_h: Annotated[float, Field(ge=10)] | None = None
    edge_life_h: Annotated[float, Field(ge=10)] | None = None
    outage_h: Annotated[float, Field(ge=1)] = 24.0


class Price(_Section):
    """A list price in US dollars."""

    amount: Annotated[float, Field(ge=0)]
    unit: str


class ProgramSets(_Section):
    """Tasks of several programs.

    Attributes
    ----------
    executables
        How many programs, each with one set of inputs, a task takes at most.
    shots
        Most shots of all of them together.
    """

    executables: Annotated[int, Field(ge=1, le=1000)]
    shots: Annotated[int, Field(ge=1)]


class Profile(_Section):
    """One device.

    Attributes
    ----------
    name
        Short name, unique in an emulator.
    region
        The region that serves the device; ``None`` means every region.
    qubits, first_qubit
        How many qubits, and the label of the first.
    topology
        ``"all-to-all"``, ``"line"`` or ``"square-RxC"`` (R rows, C columns, labels row by row).
    feed_forward
        Whether verbatim boxes may measure qubits, and do gates by what was read.
    shots
        Fewest and most shots of one program.
    program_sets
        What it takes in tasks of several programs; ``None`` where it takes none.
    queue_delay_s
        How long a task waits in the queue at least, in seconds.
    concurrency
        How many tasks run at once.
    max_open_tasks
        Quota of tasks that are not yet finished; ``None`` for no quota.
    results
        How results are written: per shot, or as probabilities (as some providers do).
    seed
        Seed of the spread of error rates over qubits.
    drift
        How the error rates change with time from there.
    """

    name: str
    kind: Literal["simulator", "qpu"]
    family: Literal["ionq", "iqm"] | None = None
    arn: Annotated[str, Field(pattern=r"^arn:aws:braket:[a-z0-9-]*::device/[\w./-]+$")]
    region: str | None = None
    provider: str
    summary: str = ""
    qubits: Annotated[int, Field(ge=1, le=26)]
    first_qubit: Annotated[int, Field(ge=0)] = 0
    topology: Annotated[str, Field(pattern=r"^(all-to-all|line|square-\d+x\d+)$")] = "all-to-all"
    native_gates: tuple[str, ...] = ()
    feed_forward: bool = False
    shots: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=100_000)]]
    program_sets: ProgramSets | None = None
    queue_delay_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    concurrency: Annotated[int, Field(ge=1, le=8)] = 1
    max_open_tasks: Annotated[int, Field(ge=1)] | None = None
    results: Literal["measurements", "probabilities"] = "measurements"
    seed: int = 0
    price: Price | None = None
    errors: Errors | None = None
    durations_us: Durations | None = None
    drift: Drift = Drift()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.shots[0] > self.shots[1]:
            raise ValueError("shots: the fewest cannot be above the most")
        if unknown := set(self.native_gates) - set(GATES):
            raise ValueError(f"native_gates: unknown {', '.join(sorted(unknown))}")
        if any(GATES[name].qubits > 2 for name in self.native_gates):
            raise ValueError("native_gates: at most two qubits each")
        if self.kind == "qpu":
            missing = [
                key
                for key in ("family", "native_gates", "errors", "durations_us")
                if not getattr(self, key)
            ]
            if missing:
                raise ValueError(f"a qpu also needs {', '.join(missing)}")
        rows, columns = self._lattice()
        if rows * columns != self.qubits:
            raise ValueError(f"topology {self.topology} does not have {self.qubits} qubits")
        return self

    def _lattice(self) -> tuple[int, int]:
        match = re.fullmatch(r"square-(\d+)x(\d+)", self.topology)
        return (int(match[1]), int(match[2])) if match else (1, self.qubits)

    @property
    def labels(self) -> tuple[int, ...]:
        """The qubits' labels, ascending."""
        return tuple(range(self.first_qubit, self.first_qubit + self.qubits))

    @property
    def fully_connected(self) -> bool:
        """Whether every pair of qubits has an edge."""
        return self.topology == "all-to-all"

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Pairs of connected labels, the lower first."""
        labels = self.labels
        if self.fully_connected:
            return tuple((a, b) for a in labels for b in labels if a < b)
        rows, columns = self._lattice()
        right = [(i, i + 1) for i in range(self.qubits) if (i + 1) % columns]
        down = [(i, i + columns) for i in range((rows - 1) * columns)]
        return tuple(sorted((labels[a], labels[b]) for a, b in right + down))


@dataclass(frozen=True)
class Calibration:
    """The error rates of a QPU at one time.

    Gate errors are average gate errors (1 - average fidelity), keyed by label or by edge
    (lower label first); times are microseconds. A qubit or an edge that does not work is
    missing.
    """

    one_qubit: dict[int, float]
    two_qubit: dict[Edge, float]
    readout_0_to_1: dict[int, float]
    readout_1_to_0: dict[int, float]
    t1_us: dict[int, float]
    t2_us: dict[int, float]

    @property
    def labels(self) -> tuple[int, ...]:
        """The qubits that work, ascending."""
        return tuple(sorted(self.one_qubit))

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges that work, ascending."""
        return tuple(sorted(self.two_qubit))

    def without(self, qubits: Collection[int], edges: Collection[Edge]) -> Calibration:
        """The same with some qubits, their edges and some other edges not working."""

        def kept(figures: dict[int, float]) -> dict[int, float]:
            return {qubit: value for qubit, value in figures.items() if qubit not in qubits}

        return Calibration(
            one_qubit=kept(self.one_qubit),
            two_qubit={
                edge: error
                for edge, error in self.two_qubit.items()
                if edge not in edges and not set(edge) & set(qubits)
            },
            readout_0_to_1=kept(self.readout_0_to_1),
            readout_1_to_0=kept(self.readout_1_to_0),
            t1_us=kept(self.t1_us),
            t2_us=kept(self.t2_us),
        )


def calibrate(profile: Profile, seed: int | None = None) -> Calibration:
    """Draw a calibration: each value is its profile's, times a log-normal factor.

    Parameters
    ----------
    seed
        Another seed than the profile's stands for another day.
    """
    errors = profile.errors
    if errors is None:
        raise ValueError(f"{profile.name} has no error rates")
    spread = errors.spread
    rng = np.random.default_rng(profile.seed if seed is None else seed)

    def draw(mean: float, count: int, most: float = 0.45) -> list[float]:
        # The factor's mean is 1, so that the profile states the device's averages.
        factors = rng.lognormal(-(spread**2) / 2, spread, count)
        return [float(value) for value in np.minimum(mean * factors, most)]

    labels, edges = profile.labels, profile.edges
    endless = float("inf")
    t1 = dict(zip(labels, draw(errors.t1_us, len(labels), endless), strict=True))
    t2 = dict(zip(labels, draw(errors.t2_us, len(labels), endless), strict=True))
    return Calibration(
        one_qubit=dict(zip(labels, draw(errors.one_qubit, len(labels)), strict=True)),
        two_qubit=dict(zip(edges, draw(errors.two_qubit, len(edges)), strict=True)),
        readout_0_to_1=dict(zip(labels, draw(errors.readout_0_to_1, len(labels)), strict=True)),
        readout_1_to_0=dict(zip(labels, draw(errors.readout_1_to_0, len(labels)), strict=True)),
        t1_us=t1,
        t2_us={label: min(t2[label], 2 * t1[label]) for label in labels},
    )


def load_profiles(region: str, extra: Path | None = None) -> list[Profile]:
    """The devices that an emulator of ``region`` serves, sorted by name.

    Parameters
    ----------
    extra
        A TOML file with more devices under ``[devices.NAME]``; a name that exists is replaced.

    Raises
    ------
    ProfileError
        Where a file cannot be read or says something impossible.
    """
    builtin = files(__package__).joinpath("devices.toml").read_text(encoding="utf-8")
    profiles = {profile.name: profile for profile in _parse(builtin, "devices.toml")}
    if extra is not None:
        try:
            text = extra.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError(f"cannot read {extra}: {error}") from error
        profiles |= {profile.name: profile for profile in _parse(text, str(extra))}
    served = [p for p in profiles.values() if p.region in (None, region)]
    return sorted(served, key=lambda profile: profile.name)


def _parse(text: str, source: str) -> list[Profile]:
    try:
        devices = tomllib.loads(text).get("devices", {})
        return [Profile(name=name, **fields) for name, fields in devices.items()]
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source} is no valid TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            ".".join(map(str, e["loc"])) + (": " if e["loc"] else "") + e["msg"]
            for e in error.errors()
        )
        raise ProfileError(f"{source}: {error.title.lower()} is not usable: {problems}") from error
    except (TypeError, AttributeError) as error:
        raise ProfileError(f"{source}: devices belong under [devices.NAME]: {error}") from error
