"""One invocation of the sentinel probes at its pace and ends in time."""

from __future__ import annotations

from bellpair_core.logic.pair.keep_watch import keep_watch
from bellpair_core.logic.pair.watch_peer import Round, Verdict, Watch
from bellpair_core.settings import SentinelSetting

SETTING = SentinelSetting(interval_s=5, watch_s=60)


class Invocation:
    """Time passes in probes, each of which takes ``probe_s``, and between them."""

    def __init__(self, probe_s: float = 0.1) -> None:
        self.watch = Watch(SETTING)
        self.probe_s = probe_s
        self.now = 1000.0
        self.starts: list[float] = []
        self.heard: list[Round] = []

    def probe(self) -> Round:
        self.starts.append(self.now)
        self.now += self.probe_s
        return Round(Verdict.ALIVE)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def run(self, remaining_s: float = 90) -> int:
        return keep_watch(
            self.watch,
            self.probe,
            SETTING,
            remaining_s=remaining_s,
            monotonic=lambda: self.now,
            sleep=self.sleep,
            heard=self.heard.append,
        )


def test_the_pace_counts_from_start_to_start() -> None:
    for probe_s in (0.1, 4.4):
        invocation = Invocation(probe_s)

        rounds = invocation.run()

        assert rounds == len(invocation.heard) == 12
        assert invocation.starts == [1000.0 + 5 * number for number in range(12)]


def test_a_probe_that_takes_longer_than_the_interval_is_followed_at_once() -> None:
    invocation = Invocation(probe_s=7)

    invocation.run()

    assert invocation.starts[:3] == [1000.0, 1007.0, 1014.0]


def test_a_suspicion_is_followed_for_as_long_as_the_invocation_lasts() -> None:
    invocation = Invocation()
    invocation.watch.lost.append(True)

    invocation.run()

    assert 1070.0 <= invocation.starts[-1] <= 1075.0


def test_an_invocation_with_little_time_ends_before_it_is_ended() -> None:
    invocation = Invocation(probe_s=4.5)

    invocation.run(remaining_s=30)

    assert invocation.now < 1030.0
    assert invocation.heard
