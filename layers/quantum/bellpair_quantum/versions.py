"""What a compiled form owes to the software that made it."""

from __future__ import annotations

import qiskit

COMPILER_VERSION = 4
"""Raised with every change after which the same program may be compiled otherwise."""

VERSIONS = {"compiler": str(COMPILER_VERSION), "qiskit": qiskit.__version__}
