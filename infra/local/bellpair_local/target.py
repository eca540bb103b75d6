"""What a deployment goes to: a cloud on this machine, as CloudFormation's client sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A cloud that runs, and what its application needs to know of it.

    Attributes
    ----------
    account
        Its account, which is also the access key id by which its services know who calls.
    pair
        The regions that get the application, the first active one first.
    endpoints
        Region -> base URL that answers for its services; the same for all where one process
        serves them.
    state_dir
        Directory for its client file and its record of what is deployed.
    cache_dir
        Directory for what outlives the cloud and clouds may share.
    logs
        Where a person looks when a deployment fails, in words.
    template
        The cloud assembly to deploy in place of the application, or None.
    variables
        Environment variables that every function gets besides those of its template, and over
        them: where it finds what this cloud does not serve itself, and what else is otherwise.
        See `with_variables`.
    """

    account: str
    pair: tuple[str, ...]
    endpoints: Mapping[str, str]
    state_dir: Path
    cache_dir: Path
    logs: str
    template: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def api(self, region: str, rest_api: str) -> str:
        """Return the base URL of a REST API that is deployed in a region."""
        return f"{self.endpoints[region]}/restapis/{rest_api}/api/_user_request_"
