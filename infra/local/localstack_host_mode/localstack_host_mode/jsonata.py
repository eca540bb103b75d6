"""Evaluates JSONata in Python, where LocalStack would fetch a Java runtime for it."""

from __future__ import annotations

from typing import Any

from jsonata.jsonata import Jsonata


def evaluate(expression: str) -> Any:
    """Return the value of a JSONata expression without input.

    Parameters
    ----------
    expression
        The expression, which binds the variables it uses.

    Raises
    ------
    JSONataException
        It is none, or fails.
    """
    from localstack.services.stepfunctions.asl.jsonata.jsonata import JSONataException

    try:
        return Jsonata(expression).evaluate(None)
    except Exception as error:  # of whatever kind: its own errors fail when they are worded
        raise JSONataException("UNKNOWN", str(error)) from error


def install() -> None:
    """Have LocalStack's state machines evaluate JSONata here."""
    from localstack.services.stepfunctions.asl.jsonata import jsonata

    # LocalStack fills this place with its bridge to Java at the first use, unless it is filled.
    jsonata._eval_jsonata = evaluate
