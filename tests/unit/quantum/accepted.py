"""Programs over the whole language that is accepted, made from seeds.

Each comes with the same circuit in the few words that Qiskit's own importer of OpenQASM 3
reads: loops written out, numbers computed here, elements of registers named one by one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import NamedTuple

_GATES = """
gate twist(t, u) a, b { ry(t / 2) a; cx a, b; rz(-u) b; inv @ crx(u) b, a; p(t) a; }
"""
_HEAD = """OPENQASM 3.0;
include "stdgates.inc";
const int n = 4;
const float turn = pi / 7;
qubit[n] q; qubit Last; bit[3] low; bit[n - 2] high;
gate outer(t) a, b { twist(t, t + 1) a, b; pow(2) @ twist(t ** 2, -t) b, a; gphase(t); }
gate many a, b, c { h a; for int k in [1:3] { cp(pi / 2 ** k) a, b; ch b, c; } }
"""
_PLAIN_HEAD = """OPENQASM 3.0;
include "stdgates.inc";
qubit[4] q; qubit Last; bit[3] low; bit[2] high;
"""
_TURN = math.pi / 7


class Pair(NamedTuple):
    """The same statements twice: as a person writes them, and for Qiskit's importer."""

    source: str
    plain: str


def accepted_program(seed: int) -> Pair:
    """Make a program with five qubits whose statements follow from the seed."""
    dice = random.Random(seed)
    pairs = [Pair(_HEAD.replace("gate outer", _GATES + "gate outer"), _PLAIN_HEAD + _GATES)]
    for number in range(10):
        source, plain = dice.choice(_STATEMENTS)(dice)
        pairs.append(Pair(source.replace("#", str(number)), plain))
    first, second, third, fourth, _ = dice.sample(["q[0]", "q[1]", "q[2]", "q[3]", "Last"], 5)
    pairs.append(
        Pair(
            f"let out = low[0:1];\nout[1] = measure {first}; low[0] = measure {second};"
            f"for int i in [2:2] {{ measure {third} -> low[i]; high[i - 1] = measure {fourth}; }}",
            f"low[1] = measure {first}; low[0] = measure {second};"
            f"low[2] = measure {third}; high[1] = measure {fourth};",
        )
    )
    sources, plains = zip(*pairs, strict=True)
    return Pair("\n".join(sources), "\n".join(plains))


def _angle(dice: random.Random) -> tuple[str, float]:
    free = dice.uniform(-3, 3)
    return dice.choice(
        [
            ("pi / 3", math.pi / 3),
            ("-turn", -_TURN),
            ("2 * turn - 0.1", 2 * _TURN - 0.1),
            ("sin(0.4) + turn", math.sin(0.4) + _TURN),
            ("1 / 2 + 3 % 2 + 1 / 2.0", 1.5),
            ("sqrt(2) ** 3 * (1 + (turn > 0.5))", math.sqrt(2) ** 3),
            (repr(free), free),
        ]
    )


def _same(template: str, *angles: tuple[str, float]) -> Pair:
    """Fill angles into statements that both read."""
    texts, values = zip(*angles, strict=True) if angles else ((), ())
    return Pair(template.format(*texts), template.format(*values))


def _gate(dice: random.Random) -> Pair:
    a, b, c = dice.sample(range(4), 3)
    one = dice.choice(["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "id"])
    turned = dice.choice(["p", "rx", "ry", "rz", "u1", "phase"])
    pair = dice.choice(["cx", "cy", "cz", "ch", "swap"])
    angled = dice.choice(["cp", "crx", "cry", "crz", "cphase"])
    return _same(
        f"{one} q[{a}]; {turned}({{}}) q[{b}]; {pair} q[{a}], q[{c}]; "
        f"{angled}({{}}) q[{c}], Last; U({{}}, {{}}, {{}}) q[{c}];",
        *(_angle(dice) for _ in range(5)),
    )


def _rare_gate(dice: random.Random) -> Pair:
    a, b, c = dice.sample(range(4), 3)
    statement = dice.choice(
        [
            f"u2({{}}, {{}}) q[{a}];",
            f"u3({{}}, {{}}, 0.3) q[{a}];",
            f"cu(0.3, {{}}, {{}}, 0.9) q[{a}], q[{b}];",
            f"rx({{}} + {{}}) q[{a}]; ccx q[{a}], q[{b}], q[{c}];",
            f"ry({{}} * {{}}) q[{b}]; cswap q[{a}], q[{b}], Last;",
        ]
    )
    return _same(statement.replace("{}", "({})"), _angle(dice), _angle(dice))


def _loop(dice: random.Random) -> Pair:
    text, angle = _angle(dice)
    return dice.choice(
        [
            Pair(
                "for int i in [0:n - 2] { h q[i]; cp(turn / (i + 1)) q[i], q[i + 1]; }",
                "".join(f"h q[{i}]; cp({_TURN / (i + 1)}) q[{i}], q[{i + 1}];" for i in range(3)),
            ),
            Pair(
                f"for int i in [3:-1:1] rx(({text}) * i) q[i];",
                "".join(f"rx({angle * i}) q[{i}];" for i in (3, 2, 1)),
            ),
            Pair(
                "for uint i in {0, 2} for int j in [i + 1:3] { cx q[i], q[j]; ry(0.2 * j) q[i]; }",
                "".join(
                    f"cx q[{i}], q[{j}]; ry({0.2 * j}) q[{i}];"
                    for i in (0, 2)
                    for j in range(i + 1, 4)
                ),
            ),
            Pair(
                "for int n in [0:1] { const float w = 0.3 * n; rz(w) q[n]; many q[n],q[2],q[3]; }",
                "".join(f"rz({0.3 * i}) q[{i}];" + _many(i, 2, 3) for i in range(2)),
            ),
            Pair("for int i in [5:4] { x q[i]; }", ""),
        ]
    )


def _many(a: int, b: int, c: int) -> str:
    turns = (f"cp({math.pi / 2**k}) q[{a}], q[{b}]; ch q[{b}], q[{c}];" for k in (1, 2, 3))
    return f"h q[{a}];" + "".join(turns)


def _outer(t: float, a: str, b: str) -> str:
    twice = f"twist({t * t}, {-t}) {b}, {a};" * 2
    return f"twist({t}, {t + 1}) {a}, {b};" + twice


def _own_gate(dice: random.Random) -> Pair:
    a, b, c = dice.sample(range(4), 3)
    text, angle = _angle(dice)
    back = f"inv @ twist(0.09, -0.3) q[{c}], q[{b}];" * 2 + (
        f"inv @ twist(0.3, 1.3) q[{b}], q[{c}];"
    )
    return dice.choice(
        [
            _same(f"twist({{}}, 0.4) q[{a}], q[{b}];", (text, angle)),
            _same(f"inv @ twist({{}}, 0.4) q[{a}], q[{b}];", (text, angle)),
            Pair(f"outer({text}) q[{a}], Last;", _outer(angle, f"q[{a}]", "Last")),
            Pair(f"pow(-2) @ outer(0.3) q[{b}], q[{c}];", back * 2),
            Pair(f"many q[{a}], q[{b}], q[{c}];", _many(a, b, c)),
        ]
    )


def _whole(dice: random.Random) -> Pair:
    text, angle = _angle(dice)
    return dice.choice(
        [
            Pair("h q;", "h q;"),
            Pair(f"ry({text}) q[0:2];", "".join(f"ry({angle}) q[{i}];" for i in range(3))),
            Pair("cx q[0:1], q[2:-1];", "cx q[0], q[2]; cx q[1], q[3];"),
            Pair("cx q[0:1], Last;", "cx q[0], Last; cx q[1], Last;"),
            Pair("barrier q, Last; barrier;", ""),
            Pair(
                "let part# = q[1:2] ++ q[{0}]; rx(0.3) part#; x part#[2];",
                "rx(0.3) q[1]; rx(0.3) q[2]; rx(0.3) q[0]; x q[0];",
            ),
            Pair("{ const int k = 2; ry(0.1 * k) q[k]; }", "ry(0.2) q[2];"),
            Pair("box { h Last; }", "h Last;"),
        ]
    )


def _modified(dice: random.Random) -> Pair:
    a, b, c = dice.sample(range(4), 3)
    gate = dice.choice(
        ["rx(0.7)", "ry(-1.1)", "rz(0.9)", "p(0.4)", "h", "x", "y", "z", "s", "tdg", "sx"]
    )
    statement = dice.choice(
        [
            f"ctrl @ {gate} q[{a}], q[{b}];",
            f"negctrl @ {gate} q[{a}], q[{b}];",
            f"ctrl(2) @ {gate} q[{a}], q[{b}], q[{c}];",
            f"ctrl @ negctrl @ ctrl @ {gate} q[{a}], q[{b}], q[{c}], Last;",
            f"inv @ {gate} q[{a}]; inv @ ctrl @ inv @ {gate} q[{b}], Last;",
            f"pow(3) @ {gate} q[{a}]; pow(0.5) @ {gate} q[{b}];",
            f"ctrl @ pow(0.3) @ {gate} q[{a}], q[{b}];",
            f"ctrl @ swap q[{a}], q[{b}], q[{c}]; ctrl(2) @ swap q[0], q[1], q[2], Last;",
            f"ctrl @ cx q[{a}], q[{b}], Last; inv @ cu(.1, .2, .3, .4) q[{b}], q[{a}];",
            f"ctrl @ twist(0.2, 0.3) q[{a}], q[{b}], q[{c}];",
            f"ctrl(4) @ {gate} q[0], q[1], q[2], q[3], Last;",
        ]
    )
    return Pair(statement, statement)


_STATEMENTS: list[Callable[[random.Random], Pair]] = [
    _gate,
    _gate,
    _rare_gate,
    _loop,
    _loop,
    _own_gate,
    _whole,
    _modified,
    _modified,
]
