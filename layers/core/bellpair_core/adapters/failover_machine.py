"""The failover state machine of either region."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from .aws import client, error_code, transient_faults


class FailoverMachine:
    """`Operations` over the state machine that each region has under the same name.

    Parameters
    ----------
    arn
        Of the machine in any one region.
    """

    def __init__(self, arn: str) -> None:
        self._arn = arn.split(":")

    def start(self, region: str, name: str, input: Mapping[str, Any]) -> bool:
        """See `Operations.start`."""
        arn = ":".join((*self._arn[:3], region, *self._arn[4:]))
        # The other region may be the one that is lost, and an operator waits for the answer.
        machine = client("stepfunctions", region, patient=False)
        with transient_faults(f"starting the operation in {region}"):
            try:
                machine.start_execution(
                    stateMachineArn=arn, name=name, input=json.dumps({"operation": input})
                )
            except ClientError as error:
                if error_code(error) != "ExecutionAlreadyExists":
                    raise
                return False
        return True
