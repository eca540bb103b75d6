"""What a drill's clients submit, and when the outage comes; all of it follows from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bellpair_local.drills.records import Request
from bellpair_local.drills.site import REQUEST_SECONDS

SHOTS = (100, 200, 500)
OUTAGE_SHARE = (0.35, 0.45)
"""Of the accepted jobs, the part after which the outage comes."""

_DEVICES = {"sv1": 35, "any": 20, "any-qpu": 15, "ion-11": 15, "square-20": 15}
"""Devices that clients name, and how many of a hundred do."""

UNTIMED_PATIENCE = 240.0
"""Of clients where no time is held against its limit, in seconds; the longest outage is one."""

_BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
rz({angle}) q[0];
h q[0];
cx q[0], q[1];
c = measure q;
"""
_GHZ = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
ry({angle}) q[0];
cx q[0], q[1];
cx q[1], q[2];
c = measure q;
"""
_ASYMMETRIC = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
x q[0];
ry({angle}) q[1];
measure q -> c;
"""
PROGRAMS = (_BELL, _GHZ, _ASYMMETRIC)
"""Each submission has an angle of its own, so that no cache of programs can help."""


@dataclass(frozen=True)
class Plan:
    """The size and the seed of a drill.

    Attributes
    ----------
    jobs
        How many submissions there are.
    rate
        Submissions a second.
    seed
        Fixes programs, devices, shots, idempotency keys and moments.
    clients
        Threads that submit, each with a client and connections of its own.
    unfinished_max
        Submit no more while so many jobs are unfinished; ``None`` is no bound.
    patience
        For how many seconds a client tries a submission until that is an error.
    """

    jobs: int
    rate: float
    seed: int
    clients: int = 8
    unfinished_max: int | None = None
    patience: float = REQUEST_SECONDS

    def requests(self, run: str) -> list[Request]:
        """The submissions, in order.

        Parameters
        ----------
        run
            Told apart from other runs with the same seed by this, in the idempotency keys.
        """
        chance = random.Random(f"requests {self.seed}")
        devices, weights = list(_DEVICES), list(_DEVICES.values())
        made = []
        for number in range(self.jobs):
            # A QPU's own state is of no interest here, so programs are small and quickly run.
            program = chance.choice(PROGRAMS).format(angle=round(chance.uniform(0.1, 3.0), 6))
            made.append(
                Request(
                    number=number,
                    key=f"{run}-{self.seed}-{number}",
                    source=program,
                    shots=chance.choice(SHOTS),
                    device=chance.choices(devices, weights)[0],
                )
            )
        return made

    def outage_after(self) -> int:
        """After how many accepted jobs the outage comes."""
        chance = random.Random(f"outage {self.seed}")
        return max(1, round(self.jobs * chance.uniform(*OUTAGE_SHARE)))

    def chance(self, purpose: str) -> random.Random:
        """Seeded randomness for something else."""
        return random.Random(f"{purpose} {self.seed}")
