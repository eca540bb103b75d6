"""The platform's own metrics, written into the log for CloudWatch to find (EMF)."""

from __future__ import annotations

from aws_lambda_powertools import Metrics

from bellpair_core.settings import Settings

NAMESPACE = "Bellpair"


def region_metrics(settings: Settings) -> Metrics:
    """Metrics by stage and region, whichever function writes them.

    Values of one name are gathered until `flush_metrics`.
    """
    metrics = Metrics(namespace=NAMESPACE)
    # Powertools would add the function's name as a dimension.
    metrics.provider.service = ""
    metrics.set_default_dimensions(Stage=settings.stage, Region=settings.region)
    return metrics
