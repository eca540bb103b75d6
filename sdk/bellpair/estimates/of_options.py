"""What a level of options takes beyond the program itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair.estimates import NotEstimated, Subject
from bellpair.estimates.counts import count


def of_options(subject: Subject) -> Mapping[str, Any]:
    """Circuits and shots for each one of the program's, by the options of its level.

    Raises
    ------
    NotEstimated
        If no level was given, or the program's gates cannot be counted.
    """
    if subject.level is None:
        raise NotEstimated("No level of options was given.", remedy="Give --level 0 to 3.")
    try:
        from bellpair.options import options_of_level, overhead
    except ImportError as error:
        raise NotEstimated(
            f"Options need {error.name}.",
            remedy='Install what functions need: pip install "bellpair[functions]".',
        ) from None
    stack = options_of_level(subject.level, "sampling")
    counted = count(subject)
    takes = overhead(
        stack, two_qubit_gates=counted["two_qubit_gates"], bits=max(1, counted["measured"])
    )
    return {"level": subject.level, "options": [one["name"] for one in stack], **takes}
