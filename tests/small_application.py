"""The application of `small_assembly` where it is deployed, and ways into it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from tests import small_assembly
from tests.polling import eventually


class SmallApplication(ABC):
    """A function, a state machine, a queue and an HTTP API, in each region of a cloud."""

    @property
    @abstractmethod
    def account(self) -> str:
        """The cloud's account."""

    @abstractmethod
    def endpoint(self, region: str) -> str:
        """What answers for the services of ``region``."""

    @abstractmethod
    def aws(self, service: str, region: str = "us-east-1", attempts: int = 1) -> Any:
        """A client of ``service`` that tries each request ``attempts`` times."""

    def invoke(self, event: Any, region: str = "us-east-1") -> Any:
        """Invoke the small function; return its result or its error document."""
        answer = self.aws("lambda", region).invoke(
            FunctionName="small-function", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    def run_machine(self, data: dict[str, Any]) -> dict[str, Any]:
        """Run the small state machine and return its description when it has ended."""
        states = self.aws("stepfunctions")
        execution = states.start_execution(
            stateMachineArn=self.machine_arn, input=json.dumps(data)
        )["executionArn"]

        def ended() -> Any:
            description = states.describe_execution(executionArn=execution)
            return description if description["status"] != "RUNNING" else None

        found: dict[str, Any] = eventually(ended)
        return found

    @property
    def machine_arn(self) -> str:
        return f"arn:aws:states:us-east-1:{self.account}:stateMachine:small-machine"

    def api_id(self, region: str) -> str:
        """The id of the small REST API in ``region``."""
        apis = self.aws("apigateway", region).get_rest_apis()["items"]
        (found,) = (api["id"] for api in apis if api["name"] == "small-api")
        return str(found)

    def api_url(self, region: str = "us-east-1") -> str:
        """Base URL of the small REST API in ``region``."""
        return f"{self.endpoint(region)}/restapis/{self.api_id(region)}/api/_user_request_"

    def catalogue(self, region: str, key: str) -> dict[str, Any] | None:
        """The catalogue's item ``key`` as ``region`` has it."""
        item: dict[str, Any] | None = (
            self.aws("dynamodb", region, attempts=3)
            .get_item(
                TableName=small_assembly.CATALOGUE, Key={"pk": {"S": key}, "sk": {"S": "seen"}}
            )
            .get("Item")
        )
        return item
