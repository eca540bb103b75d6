"""Do a trigger's inputs fit the function that it invokes?"""

from __future__ import annotations

from collections.abc import Sequence

from bellpair_core.logic.functions.check_inputs import template_problems
from bellpair_core.logic.functions.function_target import (
    own_alias,
    own_record,
    own_version,
    read_target,
)
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import LATEST, FunctionVersion
from bellpair_core.model.trigger import Trigger
from bellpair_core.ports import Functions

from .input_templates import known


def invoked_versions(functions: Functions, tenant: str, function: str) -> Sequence[FunctionVersion]:
    """The versions that ``name``, ``name:alias`` or ``name:version`` may invoke now.

    Raises
    ------
    BellpairError
        ``function-not-found``.
    """
    target = read_target(function)
    record = own_record(functions, tenant, target.name)
    numbers = (
        [target.version]
        if target.version is not None
        else sorted(own_alias(record, target.alias or LATEST))
    )
    return [own_version(functions, record, number) for number in numbers]


def require_fitting(trigger: Trigger, versions: Sequence[FunctionVersion]) -> None:
    """Refuse a template that gives inputs which can never fit one of the versions.

    What stands for a value of what happens is not looked at: it may fit.

    Raises
    ------
    BellpairError
        ``trigger-invalid``, with each wrong place.
    """
    inputs, open_places = known(trigger.inputs)
    for version in versions:
        problems = template_problems(inputs, version.inputs, open_places)
        if not problems:
            continue
        first, more = problems[0], ""
        if len(problems) > 1:
            more = f" The member errors lists {len(problems)} problems."
        raise BellpairError(
            ErrorCode.TRIGGER_INVALID,
            f"{first['pointer']}: {first['detail']} ({version.name}:{version.version}).{more}",
            remedy="Correct the inputs listed in errors;"
            f" GET /v1/functions/{version.name} shows their schema.",
            pointer=first["pointer"],
            errors=problems,
        )
