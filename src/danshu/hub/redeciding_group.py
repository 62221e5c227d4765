"""A group of orders decided again because a snapshot closed what holds them: pure of SQL.

Only the fulfilment orders that a closure touches are taken back; those that some warehouse has
begun, and those in other warehouses, stay. What was taken back is not offered to the others of the
group, so that an order for which nothing else is found still has its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import model, rerouting
from danshu.capabilities.routing.closures import COLD, Closures
from danshu.capabilities.routing.reasons import read_reasons
from danshu.capabilities.routing.redecision_facts import Closed, RouteRedecided
from danshu.capabilities.routing.score import CLASSES
from danshu.hub import policy_holds, redeciding_capacity, routing
from danshu.hub.world import storage_of
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.hub.world import World

MOVED: Final = "moved"
STAYS: Final = "stays"
HELD: Final = "held"
BEGUN: Final = "begun"
PINNED: Final = "pinned"  # a person chose its warehouse and signed for it
UNTOUCHED: Final = "untouched"
REFUSED: Final = "refused"
QUOTA: Final = "quota"  # its channel has quotas there: it goes through the door of a single order
WAITING: Final = "waiting"  # chosen to leave, and not decided yet
COLD_HOLD: Final = "cold_unproven"
REASON: Final = "redecision"


class _Shut(NamedTuple):
    """Why a warehouse is closed to goods of a region; whether that is a matter of their cold."""

    closed: tuple[Closed, ...]
    is_cold: bool


class Run(Struct, frozen=True, kw_only=True):
    """What is being answered: the number of the snapshot, digests, what it closes.

    `cuts` are the warehouses that orders leave because they cannot do all of them any more.
    `known` is what was found closed, by snapshot, warehouse, region and classes of goods.
    """

    no: int
    before: str
    after: str
    closures: Closures
    cuts: frozenset[str] = frozenset()
    known: dict[tuple[str, str, str, int], _Shut | None] = {}

    @property
    def cause(self) -> str:
        """What its facts name as their cause."""
        return f"redecision/{self.no}"


class Row(NamedTuple):
    """An order's locked row; `due_ms`: promised delivery, 0 = none; `leaves`: it was chosen to
    leave the warehouses of the run's `cuts`.
    """

    id: uuid.UUID
    order: model.Order
    due_ms: int
    seq: int
    head: bytes
    leaves: bool = False


class Verdict(Struct, kw_only=True, eq=False):
    """What became of an order; without `said` nothing is written of it.

    `freed` and `reserved` are (warehouse, SKU row, units).
    """

    row: Row
    outcome: str
    order: model.Order
    said: list[Said] = []
    freed: list[tuple[int, int, int]] = []
    reserved: list[tuple[int, int, int]] = []
    zones: tuple[tuple[int, int], ...] = ()  # watched cold zones that it counts in
    calls: bool = False  # policy wants a negotiation about the new decision


class _Taken(NamedTuple):
    """An order with what is taken back, to be decided again."""

    row: Row
    withdrawn: orders.Done
    closed: tuple[Closed, ...]
    is_cold: bool
    ask: routing.Ask


def decide(world: World, run: Run, rows: Sequence[Row], now_ms: int) -> list[Verdict]:
    """Decide each order again where a closure touches it; takes stock from the prediction."""
    verdicts: dict[uuid.UUID, Verdict] = {}
    waiting: list[_Taken] = []
    for row in rows:
        taken = _take_back(world, run, row, now_ms)
        if isinstance(taken, Verdict):
            verdicts[row.id] = taken
        elif isinstance(taken, str):
            verdicts[row.id] = Verdict(row=row, outcome=taken, order=row.order)
        else:
            waiting.append(taken)
    waiting = _place(world, run, waiting, verdicts, now_ms)
    for taken in waiting:
        verdicts[taken.row.id] = _stay(run, taken, now_ms)
    return [verdicts[row.id] for row in rows]


def _place(
    world: World, run: Run, waiting: list[_Taken], verdicts: dict[uuid.UUID, Verdict], now_ms: int
) -> list[_Taken]:
    """Find other places; gives those for whom there is none."""
    full = [world.warehouse_no[code] for code in run.cuts if code in world.warehouse_no]
    room = world.capacity[full].copy()
    world.capacity[full] = np.minimum(room, 0.0)  # whoever leaves one may not come back to it
    for is_last in (False, True):
        returned = False
        left: list[_Taken] = []
        for taken, plan in zip(
            waiting, routing.route(world, [t.ask for t in waiting], now_ms), strict=True
        ):
            moved = _move(world, run, taken, plan)
            if moved is not None:
                verdicts[taken.row.id] = moved
                continue
            returned = returned or bool(plan.plan)
            routing.give_back(world, taken.row.order.channel, plan)
            left.append(taken)
        waiting = left
        # what one half-served order gave back may serve another
        if not returned or is_last:
            break
    world.capacity[full] = room
    return waiting


def closed_for(
    world: World, run: Run, row: Row
) -> tuple[dict[int, tuple[Closed, ...]], bool, bool]:
    """Find the fulfilment orders that the run's closures touch and that are still closed.

    Gives the reasons by number of those that no warehouse has begun, whether a cold class is
    closed to them, and whether others that are touched have been begun.
    """
    order = row.order
    found: dict[int, tuple[Closed, ...]] = {}
    is_cold = begun = False
    if order.kind != "order" or order.completed:
        return found, is_cold, begun
    for f in order.fulfilments:
        if f.state in ("cancelled", "shipped", "delivered"):
            continue
        storage = storage_of(world, order, f.shares)
        shut = _look_up(world.snapshot, run, f.warehouse, order.region, storage)
        if shut is None and row.leaves and f.warehouse in run.cuts:
            gone = Closed(reason=redeciding_capacity.REASON, storage="", warehouse=f.warehouse)
            shut = _Shut(closed=(gone,), is_cold=False)
        if shut is None:
            continue
        if f.state != "allocated":
            begun = True
            continue
        found[f.no] = shut.closed
        is_cold = is_cold or shut.is_cold
    return found, is_cold, begun


def _look_up(
    snapshot: Snapshot, run: Run, warehouse: str, region: str, storage: int
) -> _Shut | None:
    """Say why a warehouse that the run touches is closed now; None where it is not."""
    key = (snapshot.digest, warehouse, region, storage)
    if key not in run.known:
        run.known[key] = _find_shut(snapshot, run, warehouse, region, storage)
    return run.known[key]


def _find_shut(
    snapshot: Snapshot, run: Run, warehouse: str, region: str, storage: int
) -> _Shut | None:
    place = snapshot.network.warehouse_index.get(warehouse, -1)
    row = snapshot.network.region_index.get(region, -1)
    if place < 0 or row < 0 or not run.closures.bits(row, place, storage):
        return None
    now = Closures(snapshot.tables.lane_bits, snapshot.tables.class_bits)
    if not now.bits(row, place, storage):
        return None  # it has opened again meanwhile
    cold = storage & COLD
    return _Shut(
        closed=_name(now, warehouse, row, place, storage),
        is_cold=bool(cold and _class_bits(now, place, cold)),
    )


def _class_bits(now: Closures, place: int, storage: int) -> int:
    bits = 0
    for position in range(len(CLASSES)):
        if storage >> position & 1:
            bits |= int(now.classes[position, place])
    return bits


def _name(
    now: Closures, warehouse: str, region: int, place: int, storage: int
) -> tuple[Closed, ...]:
    told = [
        Closed(reason=reason.code, storage="", warehouse=warehouse)
        for reason in read_reasons(int(now.lanes[region, place]))
    ]
    for position, name in enumerate(CLASSES):
        if storage >> position & 1:
            for reason in read_reasons(int(now.classes[position, place])):
                told.append(Closed(reason=reason.code, storage=name, warehouse=warehouse))
    return tuple(told)


def _take_back(world: World, run: Run, row: Row, now_ms: int) -> _Taken | Verdict | str:
    """Take back what a closure touches, or say why there is nothing to decide.

    What a person pinned stays; where it is cold, the order waits for a person all the same.
    """
    order = row.order
    found, is_cold, begun = closed_for(world, run, row)
    if not found:
        return BEGUN if begun else UNTOUCHED
    pinned = {f.no for f in order.fulfilments if f.pinned and f.no in found}
    if pinned and (is_cold or len(pinned) == len(found)):
        closed = tuple(each for no in sorted(pinned) for each in found[no])
        return stay(run, row, closed, is_cold=is_cold, now_ms=now_ms, outcome=PINNED)
    if is_limited(world, order):
        return QUOTA
    excluded = sorted({c.warehouse for named in found.values() for c in named})
    withdrawn = rerouting.withdraw(order, REASON, excluded, only=found)
    if isinstance(withdrawn, Refusal):
        return UNTOUCHED
    lines = []
    for n in withdrawn.order.lines:
        units = orders.open_units(n)
        if units and n.sku in world.skus:
            sku_row, sku = world.skus[n.sku]
            lines.append((n.no, sku_row, units, sku))
    ask = routing.Ask(
        id=row.id,
        region=world.regions[order.region],
        channel=order.channel,
        promise_ms=row.due_ms,
        value=order.total,
        lines=lines,
    )
    closed = tuple(each for named in found.values() for each in named)
    return _Taken(row, withdrawn, closed, is_cold, ask)


def is_limited(world: World, order: model.Order) -> bool:
    """Tell whether quotas of the order's channel cap a SKU of it."""
    return bool(world.quotas) and any(
        (world.skus[n.sku][0], order.channel) in world.quotas
        for n in order.lines
        if n.sku in world.skus
    )


def _move(world: World, run: Run, taken: _Taken, plan: routing.Plan) -> Verdict | None:
    """Put the order where the plan says; None when that would leave more of it without a place."""
    before = taken.row.order
    done = orders.allocate(
        taken.withdrawn.order, [(no, world.warehouses[w].code, q) for no, w, _, q in plan.plan]
    )
    if isinstance(done, Refusal):
        return None
    if plan.open and _open(done.order) > _open(before):
        return None
    after, stopped = policy_holds.heed(done.order, plan.ruling)
    first = _fact(run, taken.closed, MOVED)
    said = [first, *taken.withdrawn.said, plan.said, *done.said, *stopped]
    return Verdict(
        row=taken.row,
        outcome=MOVED,
        order=after,
        said=caused(said, run),
        freed=[
            (world.warehouse_no[code], world.skus[share.sku][0], share.quantity)
            for code, shares in rerouting.freed(taken.withdrawn)
            for share in shares
        ],
        reserved=[(w, sku, q) for _, w, sku, q in plan.plan],
        zones=plan.zones,
        calls=plan.ruling is not None and plan.ruling.negotiate is not None,
    )


def _open(order: model.Order) -> int:
    return sum(orders.open_units(n) for n in order.lines)


def _stay(run: Run, taken: _Taken, now_ms: int) -> Verdict:
    return stay(run, taken.row, taken.closed, is_cold=taken.is_cold, now_ms=now_ms)


def stay(
    run: Run,
    row: Row,
    closed: tuple[Closed, ...],
    *,
    is_cold: bool,
    now_ms: int,
    outcome: str = STAYS,
) -> Verdict:
    """Leave an order where it is; cold goods are held there until a person decides."""
    order = row.order
    if is_cold:
        hold = orders.Command(event="hold", reason=COLD_HOLD, by=REASON)
        done = orders.act(order, hold, now_ms)
        if not isinstance(done, Refusal):
            said = caused([_fact(run, closed, HELD), *done.said], run)
            return Verdict(row=row, outcome=HELD, order=done.order, said=said)
    said = caused([_fact(run, closed, outcome)], run)
    return Verdict(row=row, outcome=outcome, order=order, said=said)


def caused(said: Sequence[Said], run: Run) -> list[Said]:
    """Say of each fact which run it was for."""
    cause = run.cause
    return [
        Said(data=s.data, occurred_ms=s.occurred_ms, evidence=s.evidence, cause=cause) for s in said
    ]


def _fact(run: Run, closed: tuple[Closed, ...], outcome: str) -> Said:
    return Said(data=tell(run, closed, outcome))


def tell(run: Run, closed: tuple[Closed, ...], outcome: str) -> RouteRedecided:
    """Say what became of an order in this run."""
    return RouteRedecided(
        after=run.after, before=run.before, closed=closed, no=run.no, outcome=outcome
    )
