"""JSON and texts that are given on the command line, or in files that it names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bellpair.errors import InvalidRequest


def read_json(text: str) -> Any:
    """The value of a JSON text; words such as NaN, which JSON does not have, are no numbers.

    Raises
    ------
    ValueError
        If it is no JSON.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def json_object(text: str, shown: str, remedy: str) -> dict[str, Any]:
    """The JSON object that a text holds.

    Parameters
    ----------
    shown
        Names the text in errors.
    remedy
        What to give instead.

    Raises
    ------
    InvalidRequest
        If it holds anything else.
    """
    try:
        value = read_json(text)
    except ValueError as error:
        raise InvalidRequest(f"{shown} is not JSON: {error}.", remedy=remedy) from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"{shown} has no JSON object.", remedy=remedy)
    return value


def given_text(given: str) -> str:
    """The text, or the content of the file that it names with @; @- is standard input.

    Raises
    ------
    InvalidRequest
        If the file cannot be read.
    """
    return text_in(given[1:]) if given.startswith("@") else given


def text_in(file: str) -> str:
    """The content of a text file; ``-`` is standard input.

    Raises
    ------
    InvalidRequest
        If it cannot be read.
    """
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        shown = "Standard input" if file == "-" else file
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise InvalidRequest(
            f"{shown} cannot be read: {why}.", remedy="Give the path of a text file."
        ) from None


def _refuse_constant(word: str) -> Any:
    """Take no word for a number that JSON does not have."""
    raise ValueError(f"{word} is no number of JSON's")
