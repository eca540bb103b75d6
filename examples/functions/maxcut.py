"""Max-Cut: split a graph's nodes in two so that as many edges as possible go across.

Shared by the examples on it; not a function itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Edge = tuple[int, int]

WAGNER: list[Edge] = [(i, (i + 1) % 8) for i in range(8)] + [(i, i + 4) for i in range(4)]
"""The Wagner graph: 8 nodes in a ring, each also joined to the opposite one. It is 3-regular, has
no triangles and no perfect cut: 10 of its 12 edges can be cut."""


def cut_size(bits: str, edges: Sequence[Edge]) -> int:
    """Edges that go across, where node 0 is the rightmost bit."""
    return sum(bits[-1 - a] != bits[-1 - b] for a, b in edges)


def largest_cut(nodes: int, edges: Sequence[Edge]) -> int:
    """The best cut of all, by trying each."""
    return max(cut_size(f"{number:0{nodes}b}", edges) for number in range(2 ** (nodes - 1)))


def mean_cut(counts: Mapping[str, int], edges: Sequence[Edge]) -> float:
    """The mean cut of what was sampled."""
    total = sum(count * cut_size(bits, edges) for bits, count in counts.items())
    return total / sum(counts.values())


def qaoa_circuit(nodes: int, edges: Sequence[Edge], layers: int) -> str:
    """The circuit of the quantum approximate optimization algorithm, as OpenQASM.

    Its parameters are gamma_0, beta_0, gamma_1, beta_1, …: each layer turns by gamma for each
    edge that is cut, and then mixes by beta.
    """
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    for layer in range(layers):
        lines += [f"input float[64] gamma_{layer};", f"input float[64] beta_{layer};"]
    lines += [f"qubit[{nodes}] q;", f"bit[{nodes}] c;", "h q;"]
    for layer in range(layers):
        for a, b in edges:
            lines += [f"cx q[{a}], q[{b}];", f"rz(-gamma_{layer}) q[{b}];", f"cx q[{a}], q[{b}];"]
        lines.append(f"rx(2 * beta_{layer}) q;")
    return "\n".join([*lines, "c = measure q;", ""])
