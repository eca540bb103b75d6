"""Amazon Braket's circuits as OpenQASM that defines the gates which only Braket knows."""

from __future__ import annotations

import re
import sys
from typing import Any

# Braket's gates by those of stdgates.inc. Parameters and qubits are in Braket's order.
_DEFINITIONS = {
    "i": "gate i a { id a; }",
    "si": "gate si a { sdg a; }",
    "ti": "gate ti a { tdg a; }",
    "v": "gate v a { sx a; }",
    "vi": "gate vi a { h a; sdg a; h a; }",
    "phaseshift": "gate phaseshift(t) a { p(t) a; }",
    "gpi": "gate gpi(t) a { U(pi, t, pi - t) a; }",
    "gpi2": "gate gpi2(t) a { U(pi / 2, t - pi / 2, pi / 2 - t) a; }",
    "prx": "gate prx(t, f) a { U(t, f - pi / 2, pi / 2 - f) a; }",
    "cnot": "gate cnot a, b { cx a, b; }",
    "cv": "gate cv a, b { h b; cp(pi / 2) a, b; h b; }",
    "ccnot": "gate ccnot a, b, c { ccx a, b, c; }",
    "cphaseshift": "gate cphaseshift(t) a, b { cp(t) a, b; }",
    "cphaseshift00": "gate cphaseshift00(t) a, b { x a; x b; cp(t) a, b; x a; x b; }",
    "cphaseshift01": "gate cphaseshift01(t) a, b { x a; cp(t) a, b; x a; }",
    "cphaseshift10": "gate cphaseshift10(t) a, b { x b; cp(t) a, b; x b; }",
    "ecr": "gate ecr a, b { h b; cx a, b; rz(pi / 2) b; cx a, b; h b; x a; }",
    "iswap": "gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }",
    "pswap": "gate pswap(t) a, b { swap a, b; cx a, b; p(t) b; cx a, b; }",
    "xx": "gate xx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "yy": (
        "gate yy(t) a, b { rx(pi / 2) a; rx(pi / 2) b; cx a, b; rz(t) b; cx a, b; "
        "rx(-pi / 2) a; rx(-pi / 2) b; }"
    ),
    "zz": "gate zz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "xy": (
        "gate xy(t) a, b { h a; h b; cx a, b; rz(-t / 2) b; cx a, b; h a; h b; "
        "rx(pi / 2) a; rx(pi / 2) b; cx a, b; rz(-t / 2) b; cx a, b; "
        "rx(-pi / 2) a; rx(-pi / 2) b; }"
    ),
    "ms": (
        "gate ms(f, g, t) a, b { rz(-f) a; rz(-g) b; h a; h b; cx a, b; rz(t) b; cx a, b; "
        "h a; h b; rz(f) a; rz(g) b; }"
    ),
}
_VERSION = re.compile(r"\s*OPENQASM\s+[\d.]+\s*;\s*")


def braket_source(circuit: Any) -> str:
    """The OpenQASM 3 source of a Braket ``Circuit``, complete in itself.

    The circuit's library is loaded already. A verbatim program is left as Braket writes it,
    since its gates are the device's own.
    """
    body = braket_body(circuit)
    return preamble(body) + body


def braket_body(circuit: Any) -> str:
    """Braket's own OpenQASM 3 of a circuit, without the line that says its version."""
    ir_type = sys.modules["braket.circuits.serialization"].IRType.OPENQASM
    return _VERSION.sub("", str(circuit.to_ir(ir_type).source), count=1)


def preamble(body: str) -> str:
    """What stands before a program by Braket: the definitions of those gates that it uses."""
    if "#pragma braket verbatim" in body:
        return "OPENQASM 3.0;\n"
    used = set(re.findall(r"[a-z]\w*", body))
    definitions = [text for name, text in _DEFINITIONS.items() if name in used]
    return "\n".join(["OPENQASM 3.0;", 'include "stdgates.inc";', *definitions, ""])
