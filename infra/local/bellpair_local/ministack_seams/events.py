"""EventBridge: scheduled rules fire promptly, functions are retried, Braket is heard."""

from __future__ import annotations

import json
from typing import Any

_OURS = "aws.braket"


def install() -> None:
    """Correct MiniStack's EventBridge in this process."""
    from ministack.services import eventbridge

    # It looks for due rules each tenth second, so a schedule of a minute would waver by as much.
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    _accept_events_of_braket(eventbridge)
    _retry_functions(eventbridge)


def _retry_functions(eventbridge: Any) -> None:
    """A rule's function is invoked as AWS does it: asynchronously, with the retries of that.

    MiniStack tries once, so a function whose worker was lost would not hear of its event.
    """
    from ministack.services import lambda_svc

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            eventbridge.logger.warning("EventBridge: there is no function %s", name)
            return
        try:
            event = json.loads(payload)
        except ValueError:
            event = {"body": payload}
        record = lambda_svc._execution_record_for_config(function, config)
        lambda_svc.invoke_async_with_retry(record, event)

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


def _accept_events_of_braket(eventbridge: Any) -> None:
    """Events from the source ``aws.braket`` are accepted.

    Sources that begin with ``aws.`` are kept for AWS's own services; one of them, in the local
    cloud, is the Braket emulator.
    """
    put = eventbridge._put_events

    def put_events(request: dict[str, Any], allow_aws_source: bool = False) -> Any:
        sources = {str(entry.get("Source", "")) for entry in request.get("Entries") or []}
        of_aws = {source for source in sources if source.startswith("aws.")}
        return put(request, allow_aws_source=allow_aws_source or of_aws == {_OURS})

    eventbridge._put_events = put_events
