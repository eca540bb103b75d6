"""What turns programs into their device's own: only the functions that compile have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bellpair_core.model.device import DeviceTarget


@dataclass(frozen=True, slots=True)
class CompileRequest:
    """What is to be compiled, and how.

    Attributes
    ----------
    source, version
        The program and its language version.
    transforms
        Steps on the native operations, in this order; each a JSON object with a ``name``.
    distrust
        Why the device's calibration is not to be relied on; ``None`` where it is. A program is
        then compiled by the device's topology alone, and its metrics say so under ``fallback``.
    budget_s
        Seconds to try candidates for; the compiler's own where not given.
    """

    source: str
    version: str
    transforms: tuple[Mapping[str, Any], ...] = ()
    distrust: str | None = None
    budget_s: float | None = None


class Compiled(Protocol):
    """A program as its device takes it."""

    @property
    def program(self) -> str:
        """OpenQASM 3 as the device takes it."""

    @property
    def bits(self) -> tuple[int | None, ...]:
        """The device qubit measured into each classical bit."""

    @property
    def calibration_id(self) -> str:
        """The calibration that it was compiled against."""

    @property
    def operations(self) -> Sequence[tuple[str, tuple[float, ...], tuple[int, ...]]]:
        """Name, angles in radians and device qubits of each native gate, in order."""

    @property
    def metrics(self) -> dict[str, Any]:
        """Depth, gate counts, layout, candidates and estimated success, ready for JSON."""


class Template(Protocol):
    """A program that is placed and routed, and lacks only its parameters' values."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which `bind` takes their values."""

    def bind(
        self, values: Sequence[float], transforms: Sequence[Mapping[str, Any]] = ()
    ) -> Compiled:
        """The program with one set of values, in radians where they are angles.

        Raises
        ------
        JobFailed
            When the values are not as many as the parameters, or a transform cannot be done.
        """

    def to_json(self) -> str:
        """The template as text, for `Compiler.restored`."""


class Compiler(Protocol):
    """Compiles; equal requests for equal targets give equal programs."""

    def compile(self, request: CompileRequest, target: DeviceTarget) -> Compiled:
        """The program for the device.

        Raises
        ------
        JobFailed
            When there is none.
        NoRoom
            When there is none only because of what the device lacks at the moment.
        """

    def template(self, request: CompileRequest, target: DeviceTarget) -> Template:
        """The program for the device, to be bound to sets of values; raises as `compile`.

        The request's transforms are left out: each binding has its own.
        """

    def restored(self, text: str) -> Template:
        """The template of which `Template.to_json` made ``text``.

        Raises
        ------
        ValueError
            When it is no template's text.
        """

    def key(self, request: CompileRequest, target: DeviceTarget, *, template: bool = False) -> str:
        """The content address, SHA-256 in hex, of what `compile` or `template` would give."""
