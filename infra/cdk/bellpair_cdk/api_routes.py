"""What the Chalice app says of itself: its routes as Swagger, and its authorizers.

The app is imported to be asked, so that happens in a process of its own and in a
copy of its folder: ``python -m bellpair_cdk.api_routes FOLDER`` prints the answer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAIN = "APIHandler"
"""Chalice's logical name of the app's own function."""

_PLACEHOLDERS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "BELLPAIR_STAGE": "synth",
    "BELLPAIR_PRIMARY_REGION": "us-east-1",
    "BELLPAIR_SECONDARY_REGION": "us-west-2",
    "BELLPAIR_LEDGER_TABLE": "synth",
    "BELLPAIR_CATALOGUE_TABLE": "synth",
    "BELLPAIR_BLOB_BUCKETS": "{}",
    "BELLPAIR_RESULT_BUCKETS": "{}",
    "BELLPAIR_DISPATCH_QUEUE_URLS": "{}",
    "BELLPAIR_CALLBACK_QUEUE_URLS": "{}",
    "BELLPAIR_WORKERS": "{}",
    "BELLPAIR_JOB_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:0:stateMachine:synth",
    "BELLPAIR_HYBRID_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:0:stateMachine:synth",
    "BELLPAIR_FAILOVER_MACHINE": "arn:aws:states:us-east-1:0:stateMachine:synth",
    "BELLPAIR_DEVICES": "[]",
    "POWERTOOLS_SERVICE_NAME": "api",
}
"""Settings under which the app can be imported though nothing is deployed yet."""


@dataclass(frozen=True)
class Routes:
    """An app's routes and handlers.

    Parameters
    ----------
    swagger
        The Swagger 2.0 document with API Gateway's extensions; a function's
        integration address is ``{"Fn::Sub": "…${<logical name>.Arn}…"}``.
    handlers
        Logical name -> Lambda handler, for the app and each of its authorizers.
    """

    swagger: dict[str, Any]
    handlers: dict[str, str]

    @property
    def authorizers(self) -> dict[str, str]:
        """The handlers of the authorizers alone."""
        return {name: handler for name, handler in self.handlers.items() if name != MAIN}

    def addressed(self, addresses: Mapping[str, str]) -> dict[str, Any]:
        """Return the Swagger document with real integration addresses.

        Parameters
        ----------
        addresses
            Logical name -> the address at which API Gateway invokes the function.
        """

        def fill(value: Any) -> Any:
            if isinstance(value, dict):
                template = value.get("Fn::Sub")
                if isinstance(template, str):
                    return next(
                        a for name, a in addresses.items() if f"${{{name}.Arn}}" in template
                    )
                return {key: fill(inner) for key, inner in value.items()}
            if isinstance(value, list):
                return [fill(inner) for inner in value]
            return value

        filled: dict[str, Any] = fill(self.swagger)
        return filled


def routes(folder: Path) -> Routes:
    """Ask the Chalice app in ``folder`` for its routes.

    Raises
    ------
    RuntimeError
        The app cannot be imported; the message is its own.
    """
    answer = subprocess.run(
        [sys.executable, "-m", "bellpair_cdk.api_routes", str(folder.resolve())],
        env={**os.environ, **_PLACEHOLDERS, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"{folder} cannot be packaged by Chalice:\n{answer.stderr.strip()}")
    told = json.loads(answer.stdout)
    return Routes(swagger=told["swagger"], handlers=told["handlers"])


def _ask(folder: Path) -> dict[str, Any]:
    from chalice import api

    with tempfile.TemporaryDirectory() as scratch:
        project, out = Path(scratch) / "app", Path(scratch) / "out"
        shutil.copytree(folder, project, ignore=shutil.ignore_patterns("deployments"))
        (project / "requirements.txt").touch()
        api.package_app(
            str(project),
            str(out),
            "synth",
            # Roles are CDK's; told of one, Chalice does not derive its own.
            {"manage_iam_role": False, "iam_role_arn": "arn:aws:iam::0:role/none"},
        )
        resources = json.loads((out / "sam.json").read_text())["Resources"]
    return {
        "swagger": resources["RestAPI"]["Properties"]["DefinitionBody"],
        "handlers": {
            name: resource["Properties"]["Handler"]
            for name, resource in resources.items()
            if resource["Type"] == "AWS::Serverless::Function"
        },
    }


if __name__ == "__main__":
    real, sys.stdout = sys.stdout, sys.stderr
    answer = _ask(Path(sys.argv[1]))
    json.dump(answer, real)
