"""Which of a call's programs go into one device task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bellpair_core.model.device import ProgramSets
from bellpair_core.model.journal import CallTask, SetProgram
from bellpair_core.model.limits import PROGRAM_SET_BYTES_MAX

from .bind_programs import BoundProgram


def tasks_of(
    programs: Sequence[BoundProgram], shots: Sequence[int], sets: ProgramSets | None
) -> tuple[CallTask, ...]:
    """The tasks that run the programs, without their client tokens.

    Programs of equal shots go into one task, in their order, as many as the device takes in one;
    where it takes no sets, or would not take one so small, each program has a task of its own.

    Parameters
    ----------
    shots
        Of each program.
    sets
        What the device takes of program sets.
    """
    if sets is None:
        groups = [[place] for place in range(len(programs))]
    else:
        # Sorting keeps the order of equals.
        order = sorted(range(len(programs)), key=shots.__getitem__)
        sizes = [len(one.program.program.encode()) for one in programs]
        groups = [
            group
            for taken, places in groupby(order, shots.__getitem__)
            for group in _groups(list(places), sizes, taken, sets)
        ]
        groups.sort()
    if all(len(group) == 1 for group in groups):
        return tuple(
            CallTask(client_token="", shots=taken, bits=one.bits)
            for taken, one in zip(shots, programs, strict=True)
        )
    return tuple(
        CallTask(
            client_token="",
            shots=shots[group[0]],
            programs=tuple(SetProgram(place=place, bits=programs[place].bits) for place in group),
        )
        for group in groups
    )


def _groups(
    places: Sequence[int], sizes: Sequence[int], shots: int, sets: ProgramSets
) -> Iterator[list[int]]:
    """The places of programs of equal shots, by task."""
    most = min(sets.programs_max, sets.shots_max // shots)
    group: list[int] = []
    filled = 0
    for place in places:
        if group and (len(group) >= most or filled + sizes[place] > PROGRAM_SET_BYTES_MAX):
            yield from _large_enough(group, shots, sets)
            group, filled = [], 0
        group.append(place)
        filled += sizes[place]
    yield from _large_enough(group, shots, sets)


def _large_enough(group: list[int], shots: int, sets: ProgramSets) -> Iterator[list[int]]:
    if len(group) * shots >= sets.shots_min:
        yield group
    else:
        yield from ([place] for place in group)
