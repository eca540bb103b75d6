"""What is left, lost or changed is named, with its region."""

from __future__ import annotations

import pytest

from bellpair_deploy_check.expectations import expect_alone, expect_same, only_function
from bellpair_deploy_check.failure import CheckFailed

pytestmark = pytest.mark.unit

TENANTS = "function bellpair-local-tenants"
EMPTY = {"us-east-1": {"role cdk": ""}, "us-west-2": {}}
RUNNING = {
    "us-east-1": {TENANTS: "1", "function bellpair-local-api": "1", "stack Jobs": "CREATE_COMPLETE"}
}
CHANGED = {
    "us-east-1": {TENANTS: "2", "function bellpair-local-api": "1", "stack Jobs": "UPDATE_COMPLETE"}
}


def test_an_account_as_it_was_is_fine() -> None:
    expect_same(EMPTY, {**EMPTY}, "destroying")


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"role cdk": "", "queue jobs": ""}, "left: queue jobs"),
        ({}, "lost: role cdk"),
        ({"role cdk": "other"}, "changed: role cdk"),
    ],
)
def test_what_is_not_as_it_was_is_named_with_its_region(after: dict[str, str], told: str) -> None:
    with pytest.raises(CheckFailed, match=told) as failure:
        expect_same(EMPTY, {**EMPTY, "us-east-1": after}, "destroying")

    assert failure.value.place == "us-east-1"


def test_one_function_with_new_code_is_the_change_that_was_wanted() -> None:
    assert expect_alone(TENANTS, RUNNING, CHANGED) == [TENANTS]


@pytest.mark.parametrize(
    "also",
    [
        {"function bellpair-local-api": "2"},
        {"layer core": "2"},
    ],
)
def test_anything_else_that_changed_with_it_is_too_much(also: dict[str, str]) -> None:
    after = {"us-east-1": {**CHANGED["us-east-1"], **also}}

    with pytest.raises(CheckFailed, match=next(iter(also))):
        expect_alone(TENANTS, RUNNING, after)


def test_a_change_that_did_not_come_is_noticed() -> None:
    with pytest.raises(CheckFailed, match=r"changed \[\]"):
        expect_alone(TENANTS, RUNNING, RUNNING)


def test_a_diff_of_one_function_in_both_regions_is_one_change() -> None:
    line = "~ AWS::Lambda::Function TenantDesk/Tenants/Function"

    assert only_function({"Jobs-us-east-1": [line], "Jobs-us-west-2": [line]}) == [line]


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"Jobs": ["~ AWS::SQS::Queue Dispatching/Queue"]},
        {"Jobs": ["~ AWS::Lambda::Function A", "~ AWS::Lambda::Function B"]},
    ],
)
def test_a_diff_of_anything_else_is_refused(found: dict[str, list[str]]) -> None:
    with pytest.raises(CheckFailed, match="where one function's code was changed"):
        only_function(found)
