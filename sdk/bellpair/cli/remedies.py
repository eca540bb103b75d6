"""What to do next, in commands: the service's remedies name its routes, for whom HTTP is near."""

from __future__ import annotations

import re
from functools import partial

_COMMANDS = {
    r"GET /v1/functions/{}/versions": r"`bellpair functions versions {}`",
    r"PUT /v1/functions/{}/aliases/…": r"`bellpair functions alias {} ALIAS VERSION`",
    r"GET /v1/functions/{}": r"`bellpair functions show {}`",
    r"GET /v1/functions": r"`bellpair functions`",
    r"GET /v1/workers": r"`bellpair functions workers`",
    r"GET /v1/devices": r"`bellpair devices`",
    r"GET /v1/jobs/{}": r"`bellpair jobs show {}`",
    r"GET /v1/jobs": r"`bellpair jobs`",
    r"GET /v1/triggers": r"`bellpair triggers`",
    r"POST /v1/callbacks; GET": r"`bellpair callbacks add URL`; `bellpair callbacks`",
    r"GET /v1/callbacks": r"`bellpair callbacks`",
    r"POST /v1/tenants/{}/keys": r"`bellpair tenants keys create {}`",
    r"POST /v1/tenants": r"`bellpair tenants create NAME`",
    r"GET /v1/pair": r"`bellpair pair status`",
}
"""Routes as remedies write them, each before those that it begins with; {} is one name."""

_NAME = r"(\{\w+\}|[\w-]+)"
_PATTERNS = [
    (re.compile(re.escape(route).replace(r"\{\}", _NAME)), command)
    for route, command in _COMMANDS.items()
]


def in_commands(remedy: str) -> str:
    """The remedy with ``bellpair`` commands in place of the routes that have one."""
    for pattern, command in _PATTERNS:
        remedy = pattern.sub(partial(_named, command), remedy)
    return remedy


def _named(command: str, found: re.Match[str]) -> str:
    names = [name.strip("{}").upper() if name[0] == "{" else name for name in found.groups()]
    return command.format(*names)
