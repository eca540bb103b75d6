"""EventBridge's pattern language: does an event fit, and is a pattern one that we understand.

Understood are exact values, ``prefix``, ``suffix``, ``equals-ignore-case``, ``anything-but``,
``exists`` and ``numeric``, at any depth. A pattern with anything else is refused rather than
taken for one that never fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import TRIGGER_PATTERN_DEPTH_MAX, TRIGGER_PATTERN_LEAVES_MAX


class _Anything:
    """Stands in an event for a value that is not known yet."""


ANYTHING: Final = _Anything()
"""A value that will be there, and of which any condition may turn out to be true; for `fits` over
events to come."""

_MISSING: Final = object()

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
_NUMERIC_MAX = 5e9
"""EventBridge compares numbers between minus and plus five billion."""


def check_pattern(pattern: Mapping[str, Any], pointer: str = "#/source/pattern") -> None:
    """Refuse a pattern that is not understood as a whole.

    Parameters
    ----------
    pattern
        The pattern, as parsed from JSON.
    pointer
        Where it stands in the request, for the error.

    Raises
    ------
    BellpairError
        ``trigger-invalid`` with the pointer to the first part that cannot be used.
    """
    if not pattern:
        raise _refused(pointer, "the pattern is empty and would fit every event")
    leaves = sum(1 for _ in _checked(pattern, pointer, 1))
    if leaves > TRIGGER_PATTERN_LEAVES_MAX:
        raise _refused(
            pointer, f"the pattern has {leaves} conditions, more than {TRIGGER_PATTERN_LEAVES_MAX}"
        )


def fits(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event fits a pattern that `check_pattern` let pass.

    An array in the event fits where one of its elements does.
    """
    if event is ANYTHING:
        return True
    if isinstance(event, Sequence) and not isinstance(event, str):
        return any(fits(pattern, element) for element in event or ({},))
    fields = event if isinstance(event, Mapping) else {}
    return all(
        fits(wanted, fields.get(field, {}))
        if isinstance(wanted, Mapping)
        else _leaf_fits(wanted, fields.get(field, _MISSING))
        for field, wanted in pattern.items()
    )


def _leaf_fits(conditions: Sequence[Any], value: Any) -> bool:
    if value is ANYTHING:
        return any(condition != {"exists": False} for condition in conditions)
    if isinstance(value, Mapping):
        value = _MISSING  # conditions look at values; an object is none
    if isinstance(value, Sequence) and not isinstance(value, str):
        flat = list(_flat(value)) or [_MISSING]
        return any(_holds(condition, element) for condition in conditions for element in flat)
    return any(_holds(condition, value) for condition in conditions)


def _flat(elements: Sequence[Any]) -> Iterator[Any]:
    for element in elements:
        if isinstance(element, list):
            yield from _flat(element)
        elif not isinstance(element, Mapping):
            yield element


def _holds(condition: Any, value: Any) -> bool:
    if not isinstance(condition, Mapping):
        return value is not _MISSING and _same(condition, value)
    ((operator, operand),) = condition.items()
    if operator == "exists":
        return (value is not _MISSING) is operand
    if value is _MISSING:
        return False
    if operator == "anything-but":
        return not _excluded(operand, value)
    if operator == "numeric":
        return _number(value) and all(
            _COMPARISONS[sign](value, bound)
            for sign, bound in zip(operand[::2], operand[1::2], strict=True)
        )
    return _text_holds(operator, operand, value)


def _excluded(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((operator, texts),) = operand.items()
        alternatives = texts if isinstance(texts, list) else [texts]
        return any(_text_holds(operator, text, value) for text in alternatives)
    return any(_same(each, value) for each in (operand if isinstance(operand, list) else [operand]))


def _text_holds(operator: str, operand: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, Mapping):  # {"prefix": {"equals-ignore-case": "x"}}
        operand, value = operand["equals-ignore-case"].casefold(), value.casefold()
    if operator == "prefix":
        return bool(value.startswith(operand))
    if operator == "suffix":
        return bool(value.endswith(operand))
    return bool(value.casefold() == operand.casefold())


def _same(wanted: Any, value: Any) -> bool:
    if _number(wanted) and _number(value):
        return bool(wanted == value)
    return type(wanted) is type(value) and bool(wanted == value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checked(pattern: Mapping[str, Any], pointer: str, depth: int) -> Iterator[None]:
    if depth > TRIGGER_PATTERN_DEPTH_MAX:
        raise _refused(pointer, f"the pattern is nested deeper than {TRIGGER_PATTERN_DEPTH_MAX}")
    for field, wanted in pattern.items():
        place = f"{pointer}/{_escaped(field)}"
        if field == "$or":
            raise _refused(place, "$or is not supported; make one trigger for each alternative")
        if isinstance(wanted, Mapping):
            if not wanted:
                raise _refused(place, "an empty object fits nothing; leave the field out")
            yield from _checked(wanted, place, depth + 1)
        elif isinstance(wanted, list):
            if not wanted:
                raise _refused(place, "an empty list fits nothing; leave the field out")
            for index, condition in enumerate(wanted):
                _check_condition(condition, f"{place}/{index}")
                yield
        else:
            raise _refused(place, "conditions stand in a list: write [value]")


def _check_condition(condition: Any, place: str) -> None:
    if isinstance(condition, list):
        raise _refused(place, "a condition is a value or an object, not a list")
    if not isinstance(condition, Mapping):
        return
    if len(condition) != 1:
        raise _refused(place, "a condition has one operator; write several as several conditions")
    ((operator, operand),) = condition.items()
    place = f"{place}/{_escaped(operator)}"
    if operator not in _CHECKS:
        raise _refused(
            place, f"{operator[:64]} is not supported; the operators are {', '.join(_CHECKS)}"
        )
    _CHECKS[operator](operand, place)


def _check_affix(operand: Any, place: str) -> None:
    if isinstance(operand, Mapping):
        if operand.keys() != {"equals-ignore-case"}:
            raise _refused(place, "the only operator here is equals-ignore-case")
        operand = operand["equals-ignore-case"]
    _check_text(operand, place)


def _check_text(operand: Any, place: str) -> None:
    if not isinstance(operand, str) or not operand:
        raise _refused(place, "it wants a text that is not empty")


def _check_exists(operand: Any, place: str) -> None:
    if not isinstance(operand, bool):
        raise _refused(place, "it wants true or false")


def _check_anything_but(operand: Any, place: str) -> None:
    if isinstance(operand, Mapping):
        if len(operand) != 1 or not operand.keys() <= {"prefix", "suffix", "equals-ignore-case"}:
            raise _refused(place, "it wants values, or one of prefix, suffix, equals-ignore-case")
        ((operator, texts),) = operand.items()
        inner = f"{place}/{operator}"
        if texts == []:
            raise _refused(inner, "it wants a text or a list of texts")
        for text in texts if isinstance(texts, list) else [texts]:
            _check_text(text, inner)
        return
    values = operand if isinstance(operand, list) else [operand]
    if not values or not all(isinstance(value, str) or _number(value) for value in values):
        raise _refused(place, "it wants texts or numbers, one or a list")
    if len({isinstance(value, str) for value in values}) > 1:
        raise _refused(place, "its list has texts or numbers, not both")


def _check_numeric(operand: Any, place: str) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise _refused(place, 'it wants one or two comparisons, such as [">", 0, "<=", 5]')
    signs, bounds = operand[::2], operand[1::2]
    if not all(isinstance(sign, str) and sign in _COMPARISONS for sign in signs):
        raise _refused(place, f"its comparisons are {' '.join(_COMPARISONS)}")
    if not all(_number(bound) and abs(bound) <= _NUMERIC_MAX for bound in bounds):
        raise _refused(place, "its bounds are numbers from -5,000,000,000 to 5,000,000,000")
    if len(signs) == 2 and not (
        signs[0] in (">", ">=") and signs[1] in ("<", "<=") and bounds[0] < bounds[1]
    ):
        raise _refused(place, "a range has a lower bound first, then a greater upper one")


_CHECKS: Mapping[str, Callable[[Any, str], None]] = {
    "prefix": _check_affix,
    "suffix": _check_affix,
    "equals-ignore-case": _check_text,
    "anything-but": _check_anything_but,
    "exists": _check_exists,
    "numeric": _check_numeric,
}


def _escaped(step: str) -> str:
    return step[:64].replace("~", "~0").replace("/", "~1")


def _refused(pointer: str, why: str) -> BellpairError:
    return BellpairError(
        ErrorCode.TRIGGER_INVALID,
        f"{pointer}: {why}.",
        pointer=pointer,
        errors=[{"pointer": pointer, "detail": why}],
    )
