"""Fault counts: requests that the platform failed to answer, counted from its logs."""

from __future__ import annotations

from aws_cdk import aws_logs as logs
from constructs import Construct

from bellpair_cdk.names import Names
from bellpair_core.http.problem import FAULTS
from bellpair_core.metrics import NAMESPACE


def fault_metric(names: Names) -> str:
    """Return the metric of a stage's faults; a filter takes no dimension that no line names."""
    return f"Faults-{names.stage.name}"


class FaultCounts(Construct):
    """Filters that count faults in the API's log and in its gateway's.

    Not 5XX as such: a passive region is right to answer 503, to clients and, for ever, to the
    health checks of the API's name.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        told = " || ".join(f'$.code = "{code.value}"' for code in FAULTS)
        for name, group, pattern in (
            ("TellsOfFault", names.log("api"), f'{{ $.message = "answered" && ({told}) }}'),
            # What never came to the API's own line: its process died or was late, or the
            # authorizer could not tell. API Gateway writes "-" where it only passes on an answer.
            ("FailedAtGateway", names.access_log, '{ $.status = "5*" && $.error != "-" }'),
        ):
            logs.MetricFilter(
                self,
                name,
                log_group=logs.LogGroup.from_log_group_name(self, f"{name}Log", group),
                filter_pattern=logs.FilterPattern.literal(pattern),
                metric_namespace=NAMESPACE,
                metric_name=fault_metric(names),
            )
