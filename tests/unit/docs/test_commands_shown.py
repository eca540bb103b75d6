"""What the pages tell people to type is understood by what they type it to, to the last option."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from typing import Any

import botocore.session
import pytest
import typer.main
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from bellpair.cli.app import app
from tests.unit.docs.shown import ROOT, Shown, commands, options

pytestmark = pytest.mark.unit

GLOBAL_OPTIONS = frozenset({"region", "query", "output", "cli-binary-format", "profile"})
"""What AWS's command line takes with every operation."""
OF_THE_COMMAND_LINE = {
    ("s3", "rm"): frozenset({"recursive"}),
    ("s3", "rb"): frozenset({"force"}),
    ("ecr", "get-login-password"): frozenset(),
}
"""Commands that are AWS's command line's own and no service's, with the options we use."""
WITH_A_FILE = frozenset({("lambda", "invoke")})
"""Operations whose answer goes into a file that is named without an option."""


@pytest.mark.parametrize("shown", commands("bellpair"), ids=str)
def test_bellpair_understands_it(shown: Shown) -> None:
    # Of several forms, as in `ID [--cost]`, the pages show the words that are always there.
    words = [word for word in shown.words if not re.fullmatch(r"\[.*|.*\]|…|\.\.\.", word)]

    parsed(typer.main.get_command(app), "bellpair", words)


@pytest.mark.parametrize("shown", commands("aws"), ids=str)
def test_aws_has_the_operation_and_its_parameters(shown: Shown) -> None:
    service, operation, *rest = shown.words
    given = options(rest)

    if (known := OF_THE_COMMAND_LINE.get((service, operation))) is not None:
        assert given.keys() - GLOBAL_OPTIONS <= known
        return
    model = operation_model(service, operation)
    asked = {name: given[name] for name in given.keys() - GLOBAL_OPTIONS}
    shape = model.input_shape
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    # A switch is turned off by its name with no- before it.
    named = {name.removeprefix("no-"): values for name, values in asked.items()}
    assert named.keys() <= members.keys()
    required = {xform_name(name, "-") for name in shape.required_members} if shape else set()
    assert required <= named.keys()
    for name, values in named.items():
        assert shape is not None
        takes = shape.members[members[name]]
        if values and values[0][:1] in "[{":
            hold_to(takes, values[0])
        if len(values) > 1 and takes.type_name != "list":
            assert (service, operation) in WITH_A_FILE, f"--{name} has more than one value"


@pytest.mark.parametrize("shown", commands("make"), ids=str)
def test_make_has_the_target_and_reads_the_variables(shown: Shown) -> None:
    makefile = (ROOT / "Makefile").read_text()

    for word in shown.words:
        name, setting, _ = word.partition("=")
        if setting:
            assert f"$({name})" in makefile or f"$({name}," in makefile, word
        else:
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), word


def test_the_checks_can_fail() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed(typer.main.get_command(app), "bellpair", ["jobs", "list", "--nonsense"])
    with pytest.raises(UnknownServiceError):
        operation_model("moon", "describe")
    with pytest.raises(AssertionError):
        operation_model("lambda", "describe-moon")
    with pytest.raises(AssertionError):
        hold_to(operation_model("dynamodb", "update-table").input_shape, '{"TableNames": "x"}')


def parsed(command: Any, name: str, words: Sequence[str]) -> None:
    """Have a command line read its words down to the last subcommand, and do nothing.

    It raises its own error where it does not understand them.
    """
    context = command.make_context(name, list(words))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        found, command, rest = command.resolve_command(context, rest)
        context = command.make_context(found, rest, parent=context)


@functools.cache
def operation_model(service: str, operation: str) -> OperationModel:
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"aws {service} has no {operation}"
    found: OperationModel = model.operation_model(names[operation])
    return found


def hold_to(shape: Shape | None, text: str) -> None:
    """Refuse JSON that is no value of a parameter; what is opaque to AWS need only be JSON."""
    value: Any = json.loads(text)
    assert shape is not None
    if shape.type_name != "blob":
        report = ParamValidator().validate(value, shape)
        unknown = value.keys() - shape.members.keys() if shape.type_name == "structure" else None
        assert not report.has_errors(), report.generate_report()
        assert not unknown, unknown
