"""What two looks at an account, or a diff, must say. Each raises what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.inventory import Inventory, added, changed

Inventories = Mapping[str, Inventory]
"""By region."""

_FUNCTION_TYPE = "AWS::Lambda::Function"


def expect_same(before: Inventories, after: Inventories, what: str) -> None:
    """Refuse an account that is not as it was.

    Parameters
    ----------
    what
        What happened in between, for the message.
    """
    for region, was in before.items():
        now = after[region]
        found = {"left": added(was, now), "lost": added(now, was), "changed": changed(was, now)}
        if any(found.values()):
            told = "; ".join(
                f"{word}: {', '.join(names)}" for word, names in found.items() if names
            )
            raise CheckFailed(
                f"{what} does not leave the account as it was: {told}",
                place=region,
                remedy="Give what is left a removal policy or an owner in infra/cdk.",
            )


def expect_alone(wanted: str, before: Inventories, after: Inventories) -> list[str]:
    """Refuse a deployment that changed something else than `wanted`; return what it changed.

    Stacks count for nothing: theirs is the state that tells of the update.
    """
    for region, was in before.items():
        now = after[region]
        found = [name for name in changed(was, now) if not name.startswith("stack ")]
        others = added(was, now) + added(now, was)
        if found != [wanted] or others:
            raise CheckFailed(
                f"a change of {wanted} changed {found} and made or lost {others}",
                place=region,
                remedy="Find in infra/cdk what else depends on that function's code.",
            )
    return [wanted]


def only_function(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Refuse a diff that names anything but one function; return that."""
    named = sorted({line for lines in found.values() for line in lines})
    if len(named) != 1 or _FUNCTION_TYPE not in named[0]:
        raise CheckFailed(
            f"cdk diff names {dict(found)} where one function's code was changed",
            place="cdk diff",
            remedy="Find in infra/cdk what else depends on that function's code.",
        )
    return named
