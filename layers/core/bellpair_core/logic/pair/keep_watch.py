"""Watch for as long as one invocation lasts."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.settings import SentinelSetting

from .watch_peer import Round, Watch

ROUND_MARGIN_INTERVALS = 3
"""Time that is kept for the last round to end in."""


def keep_watch(
    watch: Watch,
    probe: Callable[[], Round],
    setting: SentinelSetting,
    *,
    remaining_s: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    heard: Callable[[Round], None],
) -> int:
    """Probe every ``interval_s``, from start to start, until ``watch_s`` is over.

    While there is a suspicion the watch goes on for as long as the invocation may, so that the
    next one's process need not begin its window anew.

    Parameters
    ----------
    remaining_s
        How long the invocation may still take.
    heard
        Told of each round.

    Returns
    -------
    int
        How many rounds there were.
    """
    began = monotonic()
    last_start = began + remaining_s - ROUND_MARGIN_INTERVALS * setting.interval_s
    enough = began + setting.watch_s
    rounds = 0
    while True:
        start = monotonic()
        heard(probe())
        rounds += 1
        following = max(start + setting.interval_s, monotonic())
        if following > last_start or (following >= enough and not watch.suspicious):
            return rounds
        sleep(max(0.0, following - monotonic()))
