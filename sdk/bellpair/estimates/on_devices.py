"""Expected success, duration, price and wait on each device, as the service knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair.errors import ConfigurationError
from bellpair.estimates import NotEstimated, Subject


def on_devices(subject: Subject) -> Mapping[str, Any]:
    """How the devices compare for the program, as if it were submitted now.

    Raises
    ------
    NotEstimated
        If no service is configured.
    BellpairError
        As `Client.estimate`.
    """
    if subject.client is None:
        raise NotEstimated("No service was to be asked.", remedy="Leave out --offline.")
    try:
        with subject.client() as client:
            return client.estimate(subject.source, subject.shots, subject.device)
    except ConfigurationError as error:
        raise NotEstimated(error.detail, remedy=error.remedy) from error
