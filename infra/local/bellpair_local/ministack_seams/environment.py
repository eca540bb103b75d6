"""MiniStack's settings. It reads them from the environment while it is imported."""

from __future__ import annotations

import os
from pathlib import Path

from bellpair_local.topology import HOST, SECRET_ACCESS_KEY, Member


def configure(here: Member, account: str, scratch: Path) -> None:
    """Set the environment of this process; must come before the first import of ministack.

    Parameters
    ----------
    here
        The process that will serve.
    account
        The account of callers without credentials, and of those whose key is no account number.
    scratch
        Directory for its temporary files; made if it is not there.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        MINISTACK_ACCOUNT_ID=account,
        MINISTACK_REGION=here.region,
        MINISTACK_HOST=HOST,
        GATEWAY_PORT=str(here.port),
        AWS_ENDPOINT_URL=here.endpoint,
        AWS_DEFAULT_REGION=here.region,
        AWS_ACCESS_KEY_ID=account,
        AWS_SECRET_ACCESS_KEY=SECRET_ACCESS_KEY,
        TMPDIR=str(scratch),
        LOG_LEVEL="WARNING",
        # Servers on ports of their own, which nothing here uses.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
    )
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
