"""What goes wrong in a schedule, and when: drawn from the seed.

A plan is an injury (something is lost, stands still or is cut off), an answer to it (a change
of the pair, or none), and weather around both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.pair import OperationKind

from .clients import Operator
from .function_clients import FunctionClient, Wish
from .region import Region
from .wire import CALM, CLIENTS, LEDGER, Weather
from .world import REGIONS, World

DEVICES = ("sv1", "sv1", "ion-11", "square-20", "any", "any-qpu")
FUNCTIONS = 0.1
"""In what part of the schedules one of the jobs runs a function."""
CALIBRATED = 0.3
"""In what part of the schedules the QPUs' calibrations change."""
LATEST = 0.6
"""By this part of the time with faults, what is planned has begun."""


@dataclass(frozen=True)
class Plan:
    """A schedule's plan.

    Attributes
    ----------
    name
        ``"<injury>, <answer>"``.
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
    _draw_deadline(world)
    world.wire.weather = _draw_weather(world)
    for service in world.services.values():
        service.longest = random.choice((2.0, 20.0, 60.0))
        service.failing = random.choice((0.0, 0.0, 0.3))
    injury, injure = random.choice(INJURIES)
    answer, respond = random.choice(ANSWERS)
    if respond is watched:
        faults_end += 30
        world.watch()

    def happen() -> None:
        injure(world)
        respond(world)

    _at_the_worst_moment(world, faults_end, happen)
    _draw_calibrations(world, faults_end)
    name = f"{injury}, {answer}"
    world.history.note("plan", f"{name}, faults until {faults_end:.0f} s, {world.wire.weather}")
    return Plan(name, faults_end)


def _draw_clients(world: World, faults_end: float) -> None:
    random = world.random
    functions = int(random.random() < FUNCTIONS)
    for number in range(random.choice((1, 1, 2, 3))):
        starts = random.random() * faults_end * random.choice((0.05, 0.7))
        cancels = random.random() * 30 if random.random() < 0.2 else None
        if number < functions:
            world.add_function(_draw_wish(world), starts=starts, cancels=cancels)
        else:
            world.add_client(random.choice(DEVICES), starts=starts, cancels=cancels)


def _draw_calibrations(world: World, faults_end: float) -> None:
    """In some schedules the QPUs' calibrations change all the time, and some have no room.

    Drawn apart from everything else, so that a seed's other happenings stay what they are.
    """
    random = Random(f"calibrations of {world.seed}")
    if random.random() >= CALIBRATED:
        return
    # A call of a function is refused where its device has no room for it, and does not wait.
    patient = not any(isinstance(client, FunctionClient) for client in world.clients)
    for name in ("ion-11", "square-20"):
        at = 0.0
        while (at := at + random.uniform(0.5, 15)) < faults_end:
            cramped = random.random() < 0.2 and patient
            changed = random.random() < 0.8
            world.scheduler.at(
                at,
                partial(world.calibrate, name, random, cramped=cramped, changed=changed),
            )
        # In the end there is room for everybody.
        world.scheduler.at(faults_end, partial(world.calibrate, name, random, cramped=False))


def _draw_wish(world: World) -> Wish:
    random = world.random
    capped = random.random()
    if capped < 0.15:
        world.monthly_cap = random.choice((0.5, 0.9))
    return Wish(
        random.choice(("sv1", "sv1", "ion-11", "square-20", "any-qpu")),
        calls=random.choice(((1,), (1, 1), (1, 2), (2, 1, 1), (3, 1))),
        checkpoint=random.choice((None, 1)),
        fails=random.random() < 0.05,
        cap=random.choice((0.5, 0.9)) if 0.15 <= capped < 0.45 else None,
        raises=random.choice((0, 9, 9)),
    )


def _draw_deadline(world: World) -> None:
    if world.random.random() < 0.05:
        seconds = world.random.uniform(20, 150)
        world.ledger.deadline = timedelta(seconds=seconds)
        world.referee.excused |= {ErrorCode.DEADLINE_EXCEEDED, ErrorCode.FUNCTION_TIMED_OUT}


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


def _at_the_worst_moment(world: World, faults_end: float, happening: Callable[[], None]) -> None:
    """A moment after some write, mostly: the worst moments are between two writes."""
    random = world.random
    if random.random() < 0.2:
        world.scheduler.at(random.random() * faults_end * LATEST, happening)
        return
    left = random.randrange(1, 9 * len(world.clients))
    soon = random.random() * random.choice((0.05, 1.0))
    pending = True

    def once() -> None:
        nonlocal pending
        if pending and not world.calm:
            pending = False
            happening()

    def written() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            world.scheduler.after(soon, once)

    world.referee.on_write = written
    world.scheduler.at(faults_end * LATEST, once)


def _active(world: World) -> Region:
    return world.regions[world.ledger.pair_record.active]


def _unless_calm(world: World, seconds: float, happening: Callable[[], None]) -> None:
    world.scheduler.after(seconds, lambda: None if world.calm else happening())


def unhurt(world: World) -> None:
    """Nothing is lost: whoever changes the pair does so with the other region alive."""


def killed(world: World) -> None:
    """The active region is lost at once, mostly with its device service; it may come back."""
    _kill(world, _active(world))


def successor_killed(world: World) -> None:
    """The passive region is lost while it may be taking over."""
    passive = world.regions[world.ledger.pair_record.passive]
    _unless_calm(world, world.random.random() * 8, lambda: _kill(world, passive))


def successor_frozen(world: World) -> None:
    """The passive region stands still while it may be taking over."""
    passive = world.regions[world.ledger.pair_record.passive]
    _unless_calm(world, world.random.random() * 8, lambda: _freeze(world, passive))


def _kill(world: World, region: Region) -> None:
    random = world.random
    world.kill(region)
    if random.random() < 0.7:
        world.network.down.add(f"devices of {region.name}")
    _unless_calm(world, random.random() * 120, lambda: world.heal(region))


def frozen(world: World) -> None:
    """The active region stands still for a while, and then goes on as if nothing had been."""
    _freeze(world, _active(world))


def _freeze(world: World, region: Region) -> None:
    world.history.note("frozen", region.name)
    region.freeze()

    def thaw() -> None:
        world.history.note("thawed", region.name)
        region.thaw()

    _unless_calm(world, world.random.random() * 60, thaw)


def _parted(world: World, one: str, other: str) -> None:
    world.history.note("cut", f"{one} from {other}")
    world.network.part(one, other)

    def join() -> None:
        world.history.note("joined", f"{one} and {other}")
        world.network.join(one, other)

    _unless_calm(world, world.random.random() * 60, join)


def cut_from_ledger(world: World) -> None:
    """The active region does not reach the ledger."""
    _parted(world, _active(world).name, LEDGER)


def cut_from_peer(world: World) -> None:
    """The regions do not reach each other, and both reach the ledger."""
    _parted(world, *REGIONS)


def cut_from_clients(world: World) -> None:
    """No client reaches the active region, which is well."""
    _parted(world, CLIENTS, _active(world).name)


def passive_cut(world: World) -> None:
    """The passive region does not reach the ledger."""
    _parted(world, world.ledger.pair_record.passive, LEDGER)


def devices_away(world: World) -> None:
    """A device service is out of reach."""
    where = f"devices of {world.random.choice(REGIONS)}"
    world.history.note("away", where)
    world.network.down.add(where)
    _unless_calm(world, world.random.random() * 90, lambda: world.network.down.discard(where))


def device_offline(world: World) -> None:
    """A QPU takes no tasks; those that it has may fail."""
    name = world.random.choice(("ion-11", "square-20"))
    world.take_offline(name)
    _unless_calm(world, world.random.random() * 90, lambda: world.bring_online(name))


def device_flapping(world: World) -> None:
    """A QPU comes and goes, and requests to it are late."""
    random, name = world.random, world.random.choice(("ion-11", "square-20"))
    at = 0.0
    for _ in range(6):
        _unless_calm(world, at, lambda: world.take_offline(name))
        at += random.random() * 4
        _unless_calm(world, at, lambda: world.bring_online(name))
        at += random.random() * 4
    world.wire.weather = world.wire.weather.but(late=0.1)


def zone_lost(world: World) -> None:
    """A third of the active region's workers die at once, and again a little later."""
    region, random = _active(world), world.random
    for seconds in (0.0, 0.05, random.random() * 5):
        _unless_calm(world, seconds, lambda: region.lose_workers(lambda: random.random() < 0.34))


def unanswered(world: World) -> None:
    """Nobody changes the pair."""


def watched(world: World) -> None:
    """The sentinels do what they think right; they have watched from the beginning."""


def _operation(kind: OperationKind) -> Callable[[World], None]:
    def respond(world: World) -> None:
        _unless_calm(world, _while(world), lambda: operate(world, kind))

    return respond


def _while(world: World) -> float:
    return world.random.random() * world.random.choice((0.1, 2.0, 20.0))


def to_and_fro(world: World) -> None:
    """Several promotions, one soon after the other."""
    at = 0.0
    for _ in range(world.random.randrange(2, 5)):
        at += _while(world)
        kind = world.random.choice((OperationKind.FAILOVER, OperationKind.SWITCHOVER))
        _unless_calm(world, at, lambda kind=kind: operate(world, kind))  # type: ignore[misc]


def two_at_once(world: World) -> None:
    """Two people do something about it."""
    for kind in (OperationKind.FAILOVER, world.random.choice(list(OperationKind))):
        _unless_calm(world, _while(world) / 4, lambda kind=kind: operate(world, kind))  # type: ignore[misc]


def held(world: World) -> None:
    """A hold is set while another thinks that it is time to promote."""
    operate(world, OperationKind.HOLD)
    _unless_calm(world, _while(world), lambda: operate(world, OperationKind.FAILOVER))


def operate(world: World, kind: OperationKind) -> None:
    """Have an operator ask one of the regions for it."""
    world.operations += 1
    operator = Operator(world, f"operator-{world.operations}", kind)
    world.scheduler.spawn(world.outside, operator.name, operator.run)


Happening = Callable[[World], None]

INJURIES: tuple[tuple[str, Happening], ...] = (
    ("unhurt", unhurt),
    ("unhurt", unhurt),
    ("killed", killed),
    ("killed", killed),
    ("frozen", frozen),
    ("frozen", frozen),
    ("successor killed", successor_killed),
    ("successor frozen", successor_frozen),
    ("cut from ledger", cut_from_ledger),
    ("cut from peer", cut_from_peer),
    ("cut from clients", cut_from_clients),
    ("passive cut from ledger", passive_cut),
    ("devices away", devices_away),
    ("device offline", device_offline),
    ("device flapping", device_flapping),
    ("zone lost", zone_lost),
)

ANSWERS: tuple[tuple[str, Happening], ...] = (
    ("unanswered", unanswered),
    ("failover", _operation(OperationKind.FAILOVER)),
    ("failover", _operation(OperationKind.FAILOVER)),
    ("failover", _operation(OperationKind.FAILOVER)),
    ("switchover", _operation(OperationKind.SWITCHOVER)),
    ("to and fro", to_and_fro),
    ("to and fro", to_and_fro),
    ("two at once", two_at_once),
    ("held", held),
    ("sentinels", watched),
    ("sentinels", watched),
)
