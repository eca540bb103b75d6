"""What is wrong with a device's document, gathered while it is read."""

from __future__ import annotations

import math
from collections.abc import Iterable

_SHOWN_MAX = 5
_NAMED_MAX = 20


class CalibrationRefused(Exception):
    """A device's document that is not to be compiled by.

    Attributes
    ----------
    problems
        What is wrong with it and where, each a phrase.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(self.problems[:_SHOWN_MAX])
        more = len(self.problems) - _SHOWN_MAX
        super().__init__(f"{shown}; and {more} more" if more > 0 else shown)


class Findings:
    """Reads figures, and remembers which are none.

    What is impossible is a problem, and a document with one is refused. What is only not there
    is a note: makers leave out what they could not measure, and the rest is as good as ever.

    Attributes
    ----------
    problems, notes
        In the order in which they were found.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []

    def problem(self, text: str) -> None:
        """Remember what is impossible."""
        self.problems.append(text)

    def note(self, text: str) -> None:
        """Remember what was left out."""
        self.notes.append(text)

    def problem_each(self, text: str, which: Iterable[object]) -> None:
        """Remember what is impossible of many, if of any."""
        if names := _named(which):
            self.problem(f"{text}: {names}")

    def note_each(self, text: str, which: Iterable[object]) -> None:
        """Remember what was left out of many, if of any."""
        if names := _named(which):
            self.note(f"{text}: {names}")

    def require(self) -> None:
        """Let pass what has no problem.

        Raises
        ------
        CalibrationRefused
            Naming each one.
        """
        if self.problems:
            raise CalibrationRefused(self.problems)

    def error_of(self, fidelity: object, where: str) -> float | None:
        """The error probability that a fidelity leaves; ``None`` where there is none.

        A fidelity of 0 is how some makers say that a gate could not be measured.
        """
        value = self.probability(fidelity, where)
        return None if not value else 1 - value

    def probability(self, value: object, where: str) -> float | None:
        """A number from 0 to 1; ``None`` where there is none."""
        number = self._number(value, where)
        if number is not None and not 0 <= number <= 1:
            self.problem(f"{where} is {number:g}, which is {'over 1' if number > 1 else 'below 0'}")
            return None
        return number

    def microseconds(self, value: object, unit_us: float, where: str) -> float | None:
        """A time; ``None`` where there is none, or 0, which stands for none.

        Parameters
        ----------
        unit_us
            How many microseconds the value's unit has.
        """
        number = self._number(value, where)
        if number is not None and number < 0:
            self.problem(f"{where} is {number:g}, which is below 0")
            return None
        return number * unit_us if number else None

    def _number(self, value: object, where: str) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem(f"{where} is no number")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.problem(f"{where} is {number}")
            return None
        return number


def _named(which: Iterable[object]) -> str:
    """The names of all, or of the first and how many more there are; none for none."""
    names = [str(name) for name in which]
    more = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
