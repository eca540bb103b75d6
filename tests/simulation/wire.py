"""Every call that the logic makes goes through here: where it may be late, lost, or the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from bellpair_core.model.errors import TransientFault

from .history import History
from .scheduler import Died, Scheduler

CLIENTS = "clients"
LEDGER = "ledger"
PATIENCE = 4.0
"""Seconds that a caller waits for an answer that does not come, at most."""


@dataclass(frozen=True)
class Weather:
    """How likely what is, at each call or delivery; 0 to 1.

    Attributes
    ----------
    refused
        The call fails before it has an effect.
    unanswered
        It takes effect, and the caller hears of a failure.
    late
        The caller hears of a failure, and seconds later the call takes effect.
    death
        The caller's process dies, before the effect, after it or with the effect still to come.
    slow
        The call takes seconds instead of milliseconds.
    lost, repeated
        An event or a wake-up does not come, or comes twice.
    """

    refused: float = 0.0
    unanswered: float = 0.0
    late: float = 0.0
    death: float = 0.0
    slow: float = 0.0
    lost: float = 0.0
    repeated: float = 0.0

    @property
    def trouble(self) -> float:
        """How likely a call does not simply succeed."""
        return self.refused + self.unanswered + self.late + self.death

    def but(self, **changes: float) -> Weather:
        """This weather with some of it changed."""
        return replace(self, **changes)


CALM = Weather()


class Network:
    """Who reaches whom: the clients, the regions, the ledger behind them."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.cut: set[tuple[str, str]] = set()

    def part(self, one: str, other: str) -> None:
        """Let nothing through between the two."""
        self.cut |= {(one, other), (other, one)}

    def join(self, one: str, other: str) -> None:
        """Let everything through between the two."""
        self.cut -= {(one, other), (other, one)}

    def reaches(self, source: str, target: str) -> bool:
        """Whether a message gets there now."""
        return target not in self.down and (source, target) not in self.cut


class Wire:
    """Carries calls, in the present weather.

    Attributes
    ----------
    weather
        Changes as the schedule goes on.
    """

    def __init__(
        self, scheduler: Scheduler, random: Random, network: Network, history: History
    ) -> None:
        self.weather = CALM
        self._scheduler = scheduler
        self._random = random
        self._network = network
        self._history = history

    def call(
        self,
        source: str,
        target: str,
        what: str,
        effect: Callable[..., Any],
        *arguments: Any,
        repeats: bool = True,
        sent: Callable[[], None] | None = None,
        **named: Any,
    ) -> Any:
        """Carry one call.

        Parameters
        ----------
        source, target
            Between whom.
        what
            For the history and the error.
        effect
            What happens at the target, with the arguments given.
        repeats
            Whether the client library repeats what failed, as AWS's does.
        sent
            Told of each request that the library sends.

        Raises
        ------
        TransientFault
            When no answer came; whether the effect took place the caller does not know.
        """
        scheduler, random, weather = self._scheduler, self._random.random, self.weather
        while True:
            if sent is not None:
                sent()
            scheduler.sleep(self._travel(weather))
            if not self._network.reaches(source, target):
                fault = f"{what}: {target} cannot be reached"
                scheduler.sleep(random() * PATIENCE)
            elif random() < weather.trouble:
                fault = self._trouble(weather, what, effect, arguments, named)
            else:
                return self._answered(source, target, what, effect, arguments, named)
            if not repeats or random() < 0.5:
                self._history.note("fault", fault)
                raise TransientFault(fault)

    def _answered(
        self,
        source: str,
        target: str,
        what: str,
        effect: Callable[..., Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        try:
            answer = effect(*arguments, **named)
        except Exception as error:
            self._history.call(what, arguments, error)
            self._scheduler.sleep(self._travel(self.weather))
            raise
        self._history.call(what, arguments, answer)
        self._scheduler.sleep(self._travel(self.weather))
        if not self._network.reaches(source, target):
            raise TransientFault(f"{what}: the answer was lost")
        return answer

    def _travel(self, weather: Weather) -> float:
        random = self._random.random
        if weather.slow and random() < weather.slow:
            return random() * 8
        return 0.001 + random() * 0.03

    def _trouble(
        self,
        weather: Weather,
        what: str,
        effect: Callable[..., Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> str:
        random, scheduler = self._random.random, self._scheduler

        def unheard(when: str = "unheard") -> None:
            try:
                self._history.call(f"{when} {what}", arguments, effect(*arguments, **named))
            except Exception as error:
                self._history.call(f"{when} {what}", arguments, error)

        roll = random() * weather.trouble
        if roll < weather.refused:
            return f"{what}: refused"
        if roll < weather.refused + weather.unanswered:
            unheard()
            scheduler.sleep(random() * PATIENCE)
            return f"{what}: no answer came"
        if roll < weather.refused + weather.unanswered + weather.late:
            scheduler.after(random() * 20, lambda: unheard("late"))
            scheduler.sleep(random() * PATIENCE)
            return f"{what}: no answer came"
        fate = random()
        if fate < 0.4:
            unheard()
        elif fate < 0.6:
            scheduler.after(random() * 20, lambda: unheard("late"))
        self._history.note("death", f"at {what}, {'after' if fate < 0.4 else 'before'} its effect")
        assert scheduler.current is not None
        scheduler.current.dead = True
        raise Died


class Port:
    """A port as a region's logic sees it: each method call goes over the wire.

    Parameters
    ----------
    target
        Where the calls go: the ledger, or the region itself.
    before
        Called as each call arrives, as to say who makes it.
    """

    def __init__(
        self,
        wire: Wire,
        source: str,
        target: str,
        name: str,
        service: Any,
        before: Callable[[], None] | None = None,
    ) -> None:
        self._wire = wire
        self._source = source
        self._target = target
        self._name = name
        self._service = service
        self._before = before

    def __getattr__(self, method: str) -> Any:
        wire, source, target, service = self._wire, self._source, self._target, self._service
        what = f"{self._name}.{method}"
        effect, before = getattr(service, method), self._before
        if before is not None:
            inner = effect

            def effect(*arguments: Any, **named: Any) -> Any:
                before()
                return inner(*arguments, **named)

        def call(*arguments: Any, **named: Any) -> Any:
            return wire.call(source, target, what, effect, *arguments, **named)

        setattr(self, method, call)
        return call
