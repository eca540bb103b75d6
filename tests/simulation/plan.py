"""What goes wrong in a schedule, and when: drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .wire import CALM, LEDGER, Weather
from .world import EAST, REGIONS, World

DEVICES = ("sv1", "ion-11", "square-20", "any")


@dataclass(frozen=True)
class Plan:
    """A schedule's plan.

    Attributes
    ----------
    name
        Of the incident that it is about.
    faults_end
        From when on nothing more goes wrong, simulated seconds.
    """

    name: str
    faults_end: float


def draw(world: World) -> Plan:
    """Draw a plan and set the world up for it."""
    random = world.random
    faults_end = random.uniform(20, 120)
    _draw_clients(world, faults_end)
    world.wire.weather = _draw_weather(world)
    for service in world.services.values():
        service.longest = random.choice((2.0, 20.0, 60.0))
        service.failing = random.choice((0.0, 0.0, 0.3))
    name, incident = random.choice(INCIDENTS)
    incident(world, faults_end)
    world.history.note("plan", f"{name}, faults until {faults_end:.0f} s")
    return Plan(name, faults_end)


def _draw_clients(world: World, faults_end: float) -> None:
    random = world.random
    for _ in range(random.choice((1, 1, 2, 3))):
        world.add_client(
            random.choice(DEVICES),
            starts=random.random() * faults_end * random.choice((0.05, 0.7)),
            cancels=random.random() * 30 if random.random() < 0.2 else None,
        )


def _draw_weather(world: World) -> Weather:
    random = world.random
    if random.random() < 0.25:
        return CALM.but(lost=random.choice((0.0, 0.5)))
    strength = random.choice((0.3, 1.0, 2.0))
    return Weather(
        refused=0.02 * strength,
        unanswered=0.02 * strength,
        late=0.01 * strength,
        death=0.015 * strength,
        slow=random.choice((0.0, 0.02, 0.05)),
        lost=random.choice((0.0, 0.3, 1.0)),
        repeated=random.choice((0.0, 0.5)),
    )


def _moment(world: World, faults_end: float, happening: Callable[[], None]) -> None:
    """At a time, or a moment after some write: the worst moments are between two writes."""
    random = world.random
    if random.random() < 0.3:
        world.scheduler.at(random.random() * faults_end * 0.6, happening)
        return
    left = random.randrange(1, 12 * len(world.clients))
    soon = random.random() * random.choice((0.05, 1.0))
    before = world.referee.on_write

    def written() -> None:
        nonlocal left
        before()
        left -= 1
        if left == 0:
            world.scheduler.after(soon, lambda: None if world.calm else happening())

    world.referee.on_write = written


def weather_only(world: World, faults_end: float) -> None:
    """Nothing but bad weather."""


def zone_loss(world: World, faults_end: float) -> None:
    """All that runs in the active region dies, and the region lives."""
    _moment(world, faults_end, lambda: _active(world).die_partly())


def freeze(world: World, faults_end: float) -> None:
    """The active region stands still for a while."""

    def frozen() -> None:
        region = _active(world)
        world.history.note("frozen", region.name)
        region.freeze()
        world.scheduler.after(world.random.random() * 60, thawed)

    def thawed() -> None:
        region = world.regions[EAST]
        if region.frozen:
            world.history.note("thawed", region.name)
            region.thaw()

    _moment(world, faults_end, frozen)


def cut_from_ledger(world: World, faults_end: float) -> None:
    """The active region does not reach the ledger for a while."""

    def part() -> None:
        name = _active(world).name
        world.history.note("cut", f"{name} from the ledger")
        world.network.part(name, LEDGER)
        world.scheduler.after(world.random.random() * 60, lambda: world.network.join(name, LEDGER))

    _moment(world, faults_end, part)


def devices_away(world: World, faults_end: float) -> None:
    """A device service is out of reach for a while, or its QPU is offline."""
    where = world.random.choice(REGIONS)
    if world.random.random() < 0.5:
        _moment(world, faults_end, lambda: world.network.down.add(f"devices of {where}"))
    else:
        service = world.services[where]
        qpus = [d.arn for d in world.regions[where].devices if d.region == where]
        _moment(world, faults_end, lambda: service.offline.update(qpus[1:] or qpus))


def _active(world: World):
    return world.regions[world.ledger.pair_record.active]


INCIDENTS: tuple[tuple[str, Callable[[World, float], None]], ...] = (
    ("weather", weather_only),
    ("freeze", freeze),
    ("cut-from-ledger", cut_from_ledger),
    ("devices-away", devices_away),
)
