"""Names for compiled forms, by what they are made of."""

from __future__ import annotations

import json
from hashlib import sha256

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.compiler import distrust
from bellpair_quantum.options import DEFAULT_OPTIONS, CompileOptions
from bellpair_quantum.reading import read_program
from bellpair_quantum.versions import VERSIONS


def compile_key(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> str:
    """Return the SHA-256, hexadecimal, of all that a compiled form follows from.

    That is the circuit as it is understood (spaces and comments play no part) and the names of its
    inputs (a form tells them, so programs that differ in them share none), the device and
    its calibration's id, the options, and the versions of this compiler and of Qiskit. Of ``now``
    and ``distrust`` only counts whether the calibration is trusted.

    Raises
    ------
    CompileError
        The program cannot be read.
    """
    program = read_program(source, version, inputs=True)
    parts = {
        "program": program.digest,
        "inputs": program.inputs,
        "device": target.device,
        "calibration": target.calibration_id,
        "trusted": distrust(target, options) is None,
        "levels": options.optimization_levels,
        "seeds": options.seeds,
        "budget_s": options.budget_s,
        "transforms": [dict(transform) for transform in options.transforms],
        "versions": VERSIONS,
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
