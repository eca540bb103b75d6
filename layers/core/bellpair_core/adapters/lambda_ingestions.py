"""The calibration function of either region."""

from __future__ import annotations

import json
import logging

from pydantic import ValidationError

from bellpair_core.model.calibration import Ingested
from bellpair_core.model.errors import TransientFault

from .aws import client, transient_faults

_LOG = logging.getLogger(__name__)


class LambdaIngestions:
    """`Ingestions` over the function that each region has under the same name.

    Parameters
    ----------
    function
        The function's name.
    """

    def __init__(self, function: str) -> None:
        self._function = function

    def ingest(self, device: str, region: str) -> Ingested:
        """See `Ingestions.ingest`."""
        doing = f"bringing {device} in in {region}"
        with transient_faults(doing, frozenset({"ResourceNotFoundException"})):
            answer = client("lambda", region, waiting=True).invoke(
                FunctionName=self._function, Payload=json.dumps({"ingest": device}).encode()
            )
            payload = answer["Payload"].read()
        if "FunctionError" in answer:
            _LOG.warning("%s failed: %s", doing, payload[:2000].decode(errors="replace"))
            raise TransientFault(f"{doing}: the function failed")
        try:
            return Ingested.model_validate(json.loads(payload)[device])
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise TransientFault(f"{doing}: the function does not know the device") from error
