"""Has a region's sweeper compare and copy blobs, round by round, until all are compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bellpair_local.failures import BootstrapFailed

ATTEMPTS = 3
PAUSE_S = 1.0

Ask = Callable[[dict[str, Any]], dict[str, Any]]


def repair_all(ask: Ask, pause: Callable[[float], None] = time.sleep) -> dict[str, Any]:
    """Ask the sweeper again and again, each time for what comes after what it has compared.

    Parameters
    ----------
    ask
        Invokes the sweeper with an event and returns its answer.
    pause
        Waits for so many seconds before a round that failed is repeated.

    Returns
    -------
    dict
        ``copied`` and ``lost`` of all rounds, the number of ``rounds``, and ``problem``: why it
        was given up before all was compared, or None. The sweeper's own beats go on with it.
    """
    done: dict[str, Any] = {"copied": 0, "lost": 0, "rounds": 0, "problem": None}
    after, failed = "", 0
    while True:
        try:
            answer = ask({"repair": "all", "after": after})
        except BootstrapFailed as error:
            failed += 1
            if failed == ATTEMPTS:
                done["problem"] = str(error)
                return done
            pause(PAUSE_S)
            continue
        failed = 0
        done["rounds"] += 1
        for count in ("copied", "lost"):
            done[count] += int(answer.get(count, 0))
        following = str(answer.get("after") or "")
        # A sweeper that knows nothing of rounds says nothing; one that stands still is done with.
        if following <= after:
            return done
        after = following
