"""The keys that a local cloud gives to whom it belongs to."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bellpair_core.logic.tenants.tenant_command import tenant_command
from bellpair_core.model.tenant import Role, hash_api_key
from bellpair_local.application import prepare
from bellpair_local.deployment import Deployer
from bellpair_local.target import Target
from bellpair_local.topology import Topology
from tests.fakes import FakeClock, MemoryCatalogue


class Functions:
    """The two functions that prepare an application, at once."""

    def __init__(self, catalogue: MemoryCatalogue) -> None:
        self._catalogue = catalogue

    def invoke(self, **asked: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        if asked["FunctionName"] == "bellpair-local-tenants":
            answer = dict(
                tenant_command(self._catalogue, FakeClock(), json.loads(asked["Payload"]))
            )
        return {"Payload": BytesIO(json.dumps(answer).encode())}


class DeployerOfFunctions(Deployer):
    """Leads to functions that need no cloud."""

    def __init__(self, target: Target, catalogue: MemoryCatalogue) -> None:
        super().__init__(target, print)
        self._functions = Functions(catalogue)

    def client(self, service: str, region: str) -> Any:
        assert service == "lambda"
        return self._functions


@pytest.mark.parametrize(
    ("key", "tenant", "role"),
    [("api_key", "local", Role.TENANT_ADMIN), ("operator_key", "operators", Role.OPERATOR)],
)
def test_the_clouds_owner_gets_an_admins_key_and_beside_it_an_operators(
    tmp_path: Path, key: str, tenant: str, role: Role
) -> None:
    catalogue = MemoryCatalogue()
    target = Topology.plan("test", tmp_path, tmp_path / "cache").target
    deployer = DeployerOfFunctions(target, catalogue)

    file = prepare(
        target, deployer, "local", {"Api": {"ApiEndpointId": "a1"}}, {"Api": "us-east-1"}
    )

    bearer = catalogue.principal(hash_api_key(json.loads(file.read_text())[key]))
    assert bearer is not None
    assert (bearer.tenant, bearer.role) == (tenant, role)
    assert file.stat().st_mode & 0o077 == 0
