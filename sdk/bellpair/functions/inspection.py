"""What can be known of a quantum function before it runs: its entry, its name, its schemas."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    PydanticInvalidForJsonSchema,
    PydanticSchemaGenerationError,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
    create_model,
)

from bellpair.functions.declaration import declaration_of, is_declared, runnable
from bellpair.functions.errors import InvalidFunction, InvalidInputs

_UNREADABLE = (
    PydanticSchemaGenerationError,
    PydanticInvalidForJsonSchema,
    PydanticUserError,
    NameError,
    TypeError,
)


@dataclass(frozen=True)
class Inspected:
    """A quantum function as it is published.

    Attributes
    ----------
    entry
        ``"module:attribute"``.
    inputs, output
        JSON schemas from the type hints of ``run``; what has no hint may be anything.
    """

    entry: str
    name: str
    device: str | None
    options: tuple[str, ...]
    timeout_s: int | None
    worker: str | None
    description: str
    inputs: dict[str, Any]
    output: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Its members, ready for JSON."""
        return {**vars(self), "options": list(self.options)}


def entry_points(module: ModuleType) -> dict[str, Any]:
    """The quantum functions that a module defines itself, by their attributes' names."""
    return {
        attribute: value
        for attribute, value in vars(module).items()
        if is_declared(value)
        and value.__module__ == module.__name__
        and value.__qualname__ == attribute
    }


def entry_point(module: ModuleType, name: str | None = None) -> tuple[str, Any]:
    """The one quantum function of a module, or the one that is named.

    Parameters
    ----------
    name
        Of the attribute, or the name under which the function is deployed.

    Returns
    -------
    tuple
        The attribute's name, and the class or function.

    Raises
    ------
    InvalidFunction
        If there is none, or several and none is named.
    """
    found = entry_points(module)
    if name is not None:
        for attribute, target in found.items():
            if name in (attribute, declaration_of(target).name):
                return attribute, target
        raise InvalidFunction(
            f"{module.__name__} has no quantum function {name!r}"
            f"{': it has ' + _listed(found) if found else ''}.",
            remedy="Name one that the module defines itself.",
        )
    if not found:
        raise InvalidFunction(
            f"{module.__name__} has no quantum function.",
            remedy="Decorate a function with @quantum_function, or derive a class with a run "
            "method from RuntimeWorkerBase.",
        )
    if len(found) > 1:
        first = next(iter(found))
        raise InvalidFunction(
            f"{module.__name__} has {len(found)} quantum functions: {_listed(found)}.",
            remedy=f"Name one of them, such as {module.__name__}.py:{first}.",
        )
    return next(iter(found.items()))


def inspected(target: Any, entry: str) -> Inspected:
    """Everything that is published of a quantum function.

    Raises
    ------
    InvalidFunction
        If it cannot be called as ``run(runtime, **inputs)``, or a type hint has no JSON schema.
    """
    declared = declaration_of(target)
    return Inspected(
        entry=entry,
        name=declared.name,
        device=declared.device,
        options=declared.options,
        timeout_s=declared.timeout_s,
        worker=declared.worker,
        description=inspect.cleandoc(target.__doc__ or _run_of(target).__doc__ or ""),
        inputs=_schema_of(target, "inputs"),
        output=_schema_of(target, "output"),
    )


def arguments_of(target: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the types that the function's hints say.

    Raises
    ------
    InvalidInputs
        If they don't fit.
    """
    model = _inputs_model(target)
    try:
        checked = model.model_validate(dict(inputs))
    except ValidationError as error:
        problems = [
            {"pointer": "/" + "/".join(map(str, one["loc"])), "detail": one["msg"]}
            for one in error.errors(include_url=False, include_context=False)
        ]
        told = "; ".join(f"{one['pointer'][1:]}: {one['detail']}" for one in problems[:5])
        raise InvalidInputs(
            f"The inputs do not fit {declaration_of(target).name}: {told}.",
            remedy="Correct the inputs named; the function's schema shows what they may be.",
            errors=problems,
        ) from None
    given = {name: getattr(checked, field) for name, field in _fields(model)}
    return {**given, **(checked.model_extra or {})}


def _schema_of(target: Any, part: str) -> dict[str, Any]:
    try:
        if part == "inputs":
            schema = _inputs_model(target).model_json_schema()
        else:
            run = _run_of(target)
            hint = _hints(run).get("return", Any)
            schema = TypeAdapter(Any if _has_no_schema(hint) else hint).json_schema(
                mode="serialization"
            )
    except _UNREADABLE as error:
        raise _no_schema(target, error) from None
    return schema


def _has_no_schema(hint: Any) -> bool:
    # What the machinery converts by itself (numpy, Sample) may be hinted at all the same.
    try:
        TypeAdapter(hint).json_schema(mode="serialization")
    except _UNREADABLE:
        return True
    return False


def _inputs_model(target: Any) -> type[BaseModel]:
    run = _run_of(target)
    parameters = list(inspect.signature(run).parameters.values())
    open_ended = any(one.kind is one.VAR_KEYWORD for one in parameters)
    positional = [one for one in parameters if one.kind is one.POSITIONAL_ONLY]
    if not parameters or parameters[0].kind in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    ):
        raise InvalidFunction(
            f"{declaration_of(target).name} does not take the runtime.",
            remedy="Write run(self, runtime, …), or the decorated function as f(runtime, …).",
        )
    if inspect.iscoroutinefunction(run) or inspect.isgeneratorfunction(run):
        raise InvalidFunction(
            f"{declaration_of(target).name} is a coroutine or a generator.",
            remedy="Write an ordinary function: its calls wait by themselves.",
        )
    if any(one in parameters[1:] for one in positional) or any(
        one.kind is one.VAR_POSITIONAL for one in parameters[1:]
    ):
        raise InvalidFunction(
            f"{declaration_of(target).name} has inputs without names.",
            remedy="Give each input a name: inputs are passed by keyword.",
        )
    hints = _hints(run)
    fields: dict[str, Any] = {}
    for index, one in enumerate(parameters[1:]):
        if one.kind is one.VAR_KEYWORD:
            continue
        default = ... if one.default is one.empty else one.default
        # A field of our own naming, since pydantic's own names and underscores are taken.
        fields[f"input_{index}"] = (hints.get(one.name, Any), _field(one.name, default))
    try:
        model = create_model(
            declaration_of(target).name,
            __config__=ConfigDict(
                extra="allow" if open_ended else "forbid", validate_default=False
            ),
            **fields,
        )
    except _UNREADABLE as error:
        raise _no_schema(target, error) from None
    return model


def _field(name: str, default: Any) -> Any:
    from pydantic import Field

    return Field(default, alias=name)


def _fields(model: type[BaseModel]) -> list[tuple[str, str]]:
    return [(field.alias or name, name) for name, field in model.model_fields.items()]


def _run_of(target: Any) -> Callable[..., Any]:
    try:
        return runnable(target)
    except TypeError as error:
        raise InvalidFunction(
            f"{declaration_of(target).name} cannot be made: {error}.",
            remedy="A worker class is made without arguments; take inputs in run.",
        ) from None


def _hints(run: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(run, include_extras=True)
    except (NameError, TypeError):
        # A hint that only type checkers can resolve, as of the runtime, is none to us.
        return _resolvable_hints(run)


def _resolvable_hints(run: Callable[..., Any]) -> dict[str, Any]:
    function = inspect.unwrap(getattr(run, "__func__", run))
    hints: dict[str, Any] = {}
    for name, hint in getattr(function, "__annotations__", {}).items():
        alone: Any = type("Alone", (), {"__annotations__": {name: hint}})
        try:
            hints |= typing.get_type_hints(alone, function.__globals__, include_extras=True)
        except (NameError, TypeError):
            continue
    return hints


def _no_schema(target: Any, error: Exception) -> InvalidFunction:
    return InvalidFunction(
        f"The inputs of {declaration_of(target).name} have no JSON schema: "
        f"{str(error).splitlines()[0]}.",
        remedy="Hint with what JSON has: float, int, str, bool, list[float], dict[str, float], "
        "dataclasses or pydantic models.",
    )


def _listed(found: Mapping[str, Any]) -> str:
    return ", ".join(found)
