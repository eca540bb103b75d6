"""Reads what a task is asked to run: one program, or a set of several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from .checks import check_program
from .documents import OPENQASM, PROGRAM_SET
from .errors import ProgramSetRefused, ValidationException
from .openqasm import Program, ProgramError, read_program
from .profile import Calibration, Profile

Json = dict[str, Any]


class Executable(NamedTuple):
    """One program with one set of inputs.

    Attributes
    ----------
    program, inputs_index
        Which program of the action it is, and with which of its sets of inputs; from 0.
    """

    program: int
    inputs_index: int
    source: str
    inputs: dict[str, float]

    def read(self) -> Program:
        """The program with its inputs.

        Raises
        ------
        ProgramError
            If it cannot be read.
        """
        return read_program(self.source, self.inputs)


def is_program_set(action: Json) -> bool:
    """Whether the action is a set, however few programs it has."""
    header = action.get("braketSchemaHeader")
    return isinstance(header, dict) and header.get("name") == PROGRAM_SET


def read_action(action: Json) -> tuple[Executable, ...]:
    """What is to be run, in order.

    Raises
    ------
    ValidationException
        If the document has not the shape of an action.
    """
    if is_program_set(action):
        return _executables_of_set(action)
    header = action.get("braketSchemaHeader")
    name = header.get("name") if isinstance(header, dict) else None
    if name != OPENQASM:
        raise ValidationException(f"action {name!r} is not supported by the device: use {OPENQASM}")
    inputs = action.get("inputs") or {}
    if not isinstance(inputs, dict) or not all(_is_number(v) for v in inputs.values()):
        raise ValidationException("action.inputs must map names to numbers")
    return (Executable(0, 0, _source(action, "action"), _floats(inputs, "action")),)


def shots_of_each(executables: Sequence[Executable], action: Json, shots: int, to: Profile) -> int:
    """How many shots are to be taken of each executable.

    A set's shots are those of all its executables together, and are shared out evenly.

    Raises
    ------
    ValidationException
        If the device does not take so many executables or shots, or the action at all.
    """
    least, most = to.shots
    if not is_program_set(action):
        if not least <= shots <= most:
            raise ValidationException(
                f"shots must be a whole number between {least} and {most} for {to.name}"
            )
        return shots
    if to.program_sets is None:
        raise ValidationException(
            f"action {PROGRAM_SET!r} is not supported by the device: use {OPENQASM}"
        )
    count, limit = len(executables), to.program_sets
    if count > limit.executables:
        raise ValidationException(
            f"the program set has {count} executables, and {to.name} takes {limit.executables}"
        )
    if shots > limit.shots:
        raise ValidationException(
            f"the program set asks for {shots} shots, and {to.name} takes {limit.shots}"
        )
    each, rest = divmod(shots, count)
    if rest:
        raise ValidationException(
            f"{shots} shots cannot be shared out evenly among {count} executables"
        )
    if not least <= each <= most:
        raise ValidationException(
            f"{each} shots of each executable are not between {least} and {most}, which"
            f" {to.name} takes"
        )
    return each


def read_programs(
    executables: Sequence[Executable],
    action: Json,
    profile: Profile,
    published: Calibration | None,
) -> tuple[Program, ...]:
    """The programs, checked against the device.

    Raises
    ------
    ValidationException
        If the device does not take one of them; of a set, it names all that it does not take.
    """
    programs: list[Program] = []
    failures: list[Json] = []
    for executable in executables:
        try:
            program = executable.read()
            check_program(program, profile, published)
        except ProgramError as error:
            if not is_program_set(action):
                raise ValidationException(str(error)) from None
            failure: Json = {"programIndex": executable.program, "errors": [str(error)]}
            if executable.inputs:
                failure["inputsIndex"] = executable.inputs_index
            failures.append(failure)
        else:
            programs.append(program)
    if failures:
        raise ProgramSetRefused(
            f"{len(failures)} of {len(executables)} executables of the program set are not valid",
            failures,
        )
    return tuple(programs)


def _executables_of_set(action: Json) -> tuple[Executable, ...]:
    programs = action.get("programs")
    if not isinstance(programs, list) or not programs:
        raise ValidationException("action.programs must be a list of at least one program")
    found: list[Executable] = []
    for number, program in enumerate(programs):
        where = f"action.programs[{number}]"
        if not isinstance(program, dict):
            raise ValidationException(f"{where} must be an OpenQASM program")
        source = _source(program, where)
        for index, inputs in enumerate(_input_sets(program.get("inputs"), where)):
            found.append(Executable(number, index, source, inputs))
    return tuple(found)


def _input_sets(inputs: Any, where: str) -> list[dict[str, float]]:
    """The sets of inputs of one program of a set, which gives a list of values for each name."""
    if not inputs:
        return [{}]
    if not isinstance(inputs, dict) or not all(
        isinstance(values, list) and all(map(_is_number, values)) for values in inputs.values()
    ):
        raise ValidationException(f"{where}.inputs must map names to lists of numbers")
    lengths = {len(values) for values in inputs.values()}
    if len(lengths) > 1:
        raise ValidationException(f"{where}.inputs must have as many values for each name")
    return [
        _floats(dict(zip(inputs, values, strict=True)), where)
        for values in zip(*inputs.values(), strict=True)
    ]


def _source(program: Json, where: str) -> str:
    source = program.get("source")
    if not isinstance(source, str):
        raise ValidationException(f"{where}.source must be OpenQASM text")
    return source


def _floats(inputs: Json, where: str) -> dict[str, float]:
    try:
        return {key: float(value) for key, value in inputs.items()}
    except OverflowError:
        raise ValidationException(f"{where}.inputs must be numbers within double range") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def action_of(request: Json) -> Json:
    """The program document that a task was created with."""
    return dict(json.loads(request["action"]))
