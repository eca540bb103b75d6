"""A function with tenant isolation has workers for each tenant, which no other one ever gets."""

from __future__ import annotations

import json

import pytest

from bellpair_lambda_host import FunctionSpec, InvalidTenant, LambdaHost

from .packages import function, invoke

WHO = """
    import os
    seen = []

    def handler(event, context):
        seen.append(context.tenant_id)
        return [os.getpid(), seen]
"""


def ask(host: LambdaHost, spec: FunctionSpec, tenant: str | None) -> tuple[int, list[str | None]]:
    result = host.invoke(spec, b"{}", request_id="one", tenant_id=tenant)
    assert result.error is None
    pid, seen = json.loads(result.payload)
    return pid, seen


def test_each_tenant_has_workers_of_its_own(host: LambdaHost) -> None:
    spec = function(WHO, per_tenant=True)
    alice, seen = ask(host, spec, "alice")
    assert seen == ["alice"]
    bob, seen = ask(host, spec, "bob")
    assert bob != alice and seen == ["bob"]
    assert ask(host, spec, "alice") == (alice, ["alice", "alice"])


def test_the_number_of_workers_counts_for_each(host: LambdaHost) -> None:
    spec = function(WHO, per_tenant=True, max_workers=1)
    assert ask(host, spec, "alice")[0] != ask(host, spec, "bob")[0]
    assert len(host.workers()) == 2


def test_an_invocation_for_nobody_is_refused(host: LambdaHost) -> None:
    with pytest.raises(InvalidTenant, match="Add a valid tenant ID"):
        ask(host, function(WHO, per_tenant=True), None)


def test_a_tenant_is_refused_where_there_is_no_isolation(host: LambdaHost) -> None:
    with pytest.raises(InvalidTenant, match="Remove the tenant ID"):
        ask(host, function(WHO), "alice")


def test_a_new_deployment_ends_the_workers_of_all_tenants(host: LambdaHost) -> None:
    spec = function(WHO, per_tenant=True)
    ask(host, spec, "alice")
    ask(host, spec, "bob")
    host.evict(spec.name)
    assert host.workers() == []


def test_a_tenant_that_cannot_stand_in_a_header_is_refused(host: LambdaHost) -> None:
    with pytest.raises(ValueError, match="header"):
        invoke(host, function(WHO, per_tenant=True), tenant_id="alice\r\nX: y")
