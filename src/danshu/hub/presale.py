"""Orders that follow a type 预售: placed by it, held to its stages, paid by its windows, ended.

What a stage closes is refused here, whatever the machine would allow; what the machine refuses
stays refused. Payments, stages, deposits kept and money owed are facts on the order's stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.order_types import decide, spans
from danshu.capabilities.order_types.decide import Ending, Entering, Life
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import facts, model
from danshu.capabilities.orders.commands import conclude
from danshu.capabilities.orders.evolve import evolve, place
from danshu.capabilities.orders.machines import ORDER
from danshu.capabilities.orders.money_facts import StageEntered
from danshu.hub import order_type_book
from danshu.hub.changes import Change, Held, allocate
from danshu.hub.group import Typed
from danshu.hub.requests import OWN_CHANNELS
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import GROUP_SETTLE_MS
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import Struct

    from danshu.capabilities.contract.model import Clause
    from danshu.capabilities.order_types.model import OrderType, TypePayment
    from danshu.capabilities.orders.model import Line, Order
    from danshu.hub.requests import Request
    from danshu.hub.typed_world import Types
    from danshu.hub.world import World
    from danshu.ports.channel import Draft

PLATFORM_HOLD: Final = "presale_tail_unpaid"
_WHOLE: Final = {"whole": ""}  # a payment of the whole names no stage in its fact


def life_of(kind: OrderType, order: Order) -> Life:
    """Give what of an order counts for its type."""
    return Life(
        goods=order.goods,
        total=order.total,
        units=_units(kind, order.lines),
        paid=order.paid,
        deposit=order.deposit,
        forfeited=order.forfeited,
        owed=order.owed,
        stage=order.phase,
        opens_ms=order.opens_ms,
        until_ms=order.until_ms,
        shipped=sum(n.shipped for n in order.lines),
        platform=order.channel not in OWN_CHANNELS,
    )


def _units(kind: OrderType, lines: Iterable[Line]) -> int:
    """Count the units that a buyer bought of what the type sells: bundles whole, gifts not."""
    sold = kind.scope.skus
    bundles = {n.bundle.line: n.bundle for n in lines if n.bundle is not None}
    counted = [(b.sku, b.units) for b in bundles.values()]
    counted += [(n.sku, n.quantity - n.cancelled) for n in lines if n.bundle is None and not n.gift]
    return sum(units for sku, units in counted if not sold or sku in sold)


def begin(kind: OrderType, request: Request, done: orders.Done, now_ms: int) -> orders.Done:
    """Place an order by its type: its payments so far and its stages are said with it.

    Raises InputError where what it says it has paid is not what its type asks for.
    """
    draft = request.draft
    first = done.said[0]
    assert isinstance(first.data, facts.OrderPlaced)
    is_platform = draft.channel not in OWN_CHANNELS
    data = first.data
    off = 0
    if not is_platform:
        life = Life(goods=data.goods, total=data.total, units=_units(kind, data.lines))
        off = decide.discount_of(kind, life)
    data = replace(
        data,
        type=kind.type,
        type_version=kind.version,
        group=request.group,
        discount=data.discount + off,
        total=data.total - off,
        ship_by=data.ship_by or _stated(kind, now_ms),
        holds=tuple([h for h in data.holds if h != PLATFORM_HOLD]),
        lines=data.lines if is_platform and draft.paid >= draft.total else _share(data, off),
    )
    order = place(data, now_ms)
    said = [replace(first, data=data)]
    at_ms = (draft.created_ms or now_ms) if is_platform else now_ms
    order = _say(order, said, [_entered(e) for e in decide.begin(kind, at_ms)], at_ms)
    for payment, amount in _paid_so_far(kind, draft, order):
        paid_ms = draft.paid_ms or now_ms
        if not is_platform:
            taken = decide.pay(kind, life_of(kind, order), amount, paid_ms)
            if isinstance(taken, Refusal):
                raise InputError(taken.code, taken.reason_en, "/paid_at")
        datas = _payment(kind, order, payment, amount, paid_ms)
        order = _say(order, said, datas, paid_ms)
    heard = (("payment.confirmed", order.paid_ms),) if order.paid_ms else ()
    return orders.Done(order=order, said=tuple(said), heard=heard)


def _stated(kind: OrderType, now_ms: int) -> str:
    return rfc3339(spans.at_ms(kind.ship_by, now_ms)) if kind.ship_by else ""


def _share(data: facts.OrderPlaced, off: int) -> tuple[Line, ...]:
    """Cut what the buyer will have paid for the goods to the lines, to the minor unit."""
    worths = [n.price * n.quantity for n in data.lines]
    goods = data.total - off - data.postage
    if not goods or not sum(worths) or any(n.bundle is not None or n.gift for n in data.lines):
        return data.lines
    parts = apportion(goods, worths)
    return tuple([replace(n, paid=p) for n, p in zip(data.lines, parts, strict=True)])


def _paid_so_far(kind: OrderType, draft: Draft, order: Order) -> list[tuple[TypePayment, int]]:
    """Give the payments that came with the order: what a platform names, or by the API the first
    of the type, paid at `paid_at`.
    """
    first, last = kind.payments[0], kind.payments[-1]
    if draft.channel in OWN_CHANNELS:
        due = decide.amount_due(kind, life_of(kind, order), first)
        return [(first, due)] if draft.paid_ms else []
    if not draft.paid:
        return []
    if first is last:
        return [(first, draft.paid)]
    deposit = draft.deposit or (draft.paid if draft.paid < draft.total else 0)
    if not deposit:  # the platform does not say how much of it was the deposit
        deposit = decide.amount_due(kind, life_of(kind, order), first)
    told = [(first, deposit)]
    if draft.paid >= draft.total and draft.paid > deposit:
        told.append((last, draft.paid - deposit))
    return told


def _say(order: Order, said: list[Said], datas: list[Struct], at_ms: int) -> Order:
    for data in datas:
        order = evolve(order, data)
        said.append(Said(data=data, occurred_ms=at_ms))
    return order


def _entered(entering: Entering) -> Struct:
    return StageEntered(
        at=rfc3339(entering.at_ms),
        by=entering.by,
        opens=rfc3339(entering.opens_ms) if entering.opens_ms else "",
        stage=entering.stage,
        until=rfc3339(entering.until_ms) if entering.until_ms else "",
        was=entering.was,
    )


def _payment(
    kind: OrderType, order: Order, payment: TypePayment, amount: int, at_ms: int
) -> list[Struct]:
    """Say a payment, and the stages that it leads into."""
    name = payment.stage
    paid = facts.OrderPaid(amount=amount, at=rfc3339(at_ms), stage=_WHOLE.get(name, name))
    entries = decide.hear(kind, life_of(kind, order), decide.paid_by(payment), at_ms)
    return [paid, *[_entered(e) for e in entries]]


def choose(types: Types, request: Request, now_ms: int) -> OrderType | None:
    """Choose the type of an order, None for a plain one. Raises InputError, see the book."""
    draft = request.draft
    at_ms = draft.created_ms or now_ms
    return order_type_book.choose(types, draft, request.type, request.group, at_ms)


def row_of(world: World, kind: OrderType, order: Order) -> Typed:
    """Give what the rows beside a placed order of a type need."""
    life = life_of(kind, order)
    due_ms = decide.next_ms(kind, life)
    if decide.awaited(kind, order.phase) == "group.formed" and world.order_types is not None:
        # it hears of its group in any case, even if that was decided while this one was committed
        group = world.order_types.groups[kind.type, order.group]
        due_ms = group.closes_ms + 2 * GROUP_SETTLE_MS
    stage = decide.reserves(kind, order.phase)
    if stage is not None and stage.warehouses:  # its units are taken right after, see catch_up
        due_ms = order.placed_ms
    return Typed(units=life.units, cap=kind.buyer_units, due_ms=due_ms)


def takes_any(world: World, order: Order) -> bool:
    """Tell whether an order that is placed reserves at once, from any warehouse."""
    stage = order_type_book.reserving(world, order)
    return stage is not None and not stage.warehouses


def codes(world: World, order: Order) -> tuple[str, ...]:
    """Give the codes of what the order's type promises."""
    return order_type_book.kind_of(world, order).promises


def promised(world: World, order: Order, clauses: Iterable[Clause]) -> list[Clause]:
    """Give the clauses in use that the order's type promises."""
    codes = order_type_book.kind_of(world, order).promises
    return [c for c in clauses if c.code in codes]


def door(world: World, order: Order, act: str) -> Refusal | None:
    """Say why the type closes an act in the order's stage; None for plain orders and open doors."""
    if not order.type or order.cancelled or order.completed:
        return None
    if (
        act == "pay" and order.channel not in OWN_CHANNELS
    ):  # the platform has taken the money already
        return None
    return decide.door(order_type_book.kind_of(world, order), order.phase, act)


def act(world: World, order: Order, told: orders.Command, now_ms: int) -> orders.Done | Refusal:
    """Decide an act on an order that follows a type. Raises InputError for an unknown word."""
    kind = order_type_book.kind_of(world, order)
    if told.event == "pay" and decide.awaited(kind, order.phase) is not None:
        return _pay(kind, order, told, now_ms)
    return orders.act(order, told, now_ms)


def _pay(kind: OrderType, order: Order, told: orders.Command, now_ms: int) -> orders.Done | Refusal:
    step = ORDER.step(model.stage(order).word, "pay")
    if isinstance(step, Refusal):
        return step
    at_ms = told.occurred_ms or now_ms
    life = life_of(kind, order)
    # by the platform's clock its tail is payable, whatever ours says
    early = decide.hear(kind, life, "tail.opened", at_ms) if life.platform else []
    opened = conclude(order, [_entered(e) for e in early], at_ms)
    payment = decide.pay(kind, life_of(kind, opened.order), told.amount, at_ms)
    if isinstance(payment, Refusal):
        return payment
    heard = ("payment.confirmed",) if decide.is_last(kind, payment) else ()
    datas = _payment(kind, opened.order, payment, told.amount, at_ms)
    done = conclude(opened.order, datas, at_ms, *heard, at_ms=at_ms)
    return replace(done, said=(*opened.said, *done.said))


def payments_told(order: Order, paid: int, deposit: int) -> list[int]:
    """Cut what a platform says was paid by now into the payments that are new, minor units."""
    more = paid - order.paid
    if more <= 0:
        return []
    first = deposit if not order.deposit and 0 < deposit < more else 0
    return [first, more - first] if first else [more]


def pass_time(world: World, order: Order, now_ms: int, fate: str) -> orders.Done | Refusal | None:
    """Say what time brings to an order, None for nothing. `fate` of its group: formed, failed, ""
    while it is open or where there is none.
    """
    if not order.type or order.cancelled or order.completed:
        return None
    kind = order_type_book.kind_of(world, order)
    life = life_of(kind, order)
    told: list[Entering] | Ending | None
    if fate and decide.awaited(kind, order.phase) == "group.formed":
        told = (
            decide.hear(kind, life, "group.formed", now_ms)
            if fate == "formed"
            else decide.end(kind, life, "group_failed", keeps=False)
        )
    else:
        told = decide.pass_time(kind, life, now_ms)
    if told is None or told == []:
        return None
    if isinstance(told, Ending):
        command = orders.Command(event="cancel", reason=told.reason, by="clock")
        return orders.act(order, command, now_ms)  # presale_ends says what its money becomes
    return conclude(order, [_entered(e) for e in told], told[0].at_ms)


def change(world: World, held: Held, done: orders.Done, now_ms: int, source: str) -> Change:
    """Give what an outcome changes: promises hear of it, and what its stage reserves is taken."""
    events = [
        Event(name=name, occurred_ms=at_ms, recorded_ms=now_ms, source=source)
        for name, at_ms in done.heard
    ]
    promises, said = contract.hear(held.promises, events, now_ms)
    told = Change(order=done.order, said=[*done.said, *said], promises=promises)
    return reserve(world, held, told, now_ms)


def reserve(world: World, held: Held, change: Change, now_ms: int) -> Change:
    """Reserve the units of an order that has come into a stage that does; what is short stays open.

    A payment that came in is never turned away for want of stock.
    """
    order = change.order
    if order.phase == held.order.phase or order.cancelled:
        return change
    return catch_up(world, held, change, now_ms)


def catch_up(world: World, held: Held, change: Change, now_ms: int) -> Change:
    """Reserve what the order's stage lets it reserve and no warehouse has yet."""
    order = change.order
    if order_type_book.reserving(world, order) is None or not orders.routable(order):
        return change
    routed = allocate(world, replace(held, order=order, promises=change.promises), now_ms)
    if isinstance(routed, Refusal):
        return change
    return replace(routed, said=[*change.said, *routed.said], is_due=change.is_due)


def next_ms(world: World, order: Order) -> int:
    """Say when time brings something to an order by its type, epoch ms; 0 = never."""
    if not order.type or order.cancelled or order.completed:
        return 0
    kind = order_type_book.kind_of(world, order)
    return decide.next_ms(kind, life_of(kind, order))


def knows(world: World, order: Order) -> bool:
    """Tell whether this world holds the type of an order; one that was loaded before the type was
    published does not, until it is renewed.
    """
    types = world.order_types
    version = (order.type, order.type_version)
    return not order.type or (types is not None and version in types.versions)


def name_stages(world: World, order: Order, lang: str) -> dict[str, str]:
    """Give what people call the stages of an order's type, {} for a plain one."""
    if not order.type or not knows(world, order):
        return {}
    stages = order_type_book.kind_of(world, order).stages
    return {s.name: s.words.pick(lang) for s in stages}


def due(world: World, order: Order) -> int:
    """Give what an order has to pay next, in minor units."""
    left = max(0, order.total - order.paid)
    if not order.type:
        return left
    kind = order_type_book.kind_of(world, order)
    payment = decide.expected(kind, order.phase)
    return decide.amount_due(kind, life_of(kind, order), payment) if payment else left
