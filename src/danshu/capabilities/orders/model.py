"""An order, its lines and its fulfilments. Line quantities are the truth; the header is derived."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from danshu.capabilities.orders.review_model import Review


class State(IntEnum):
    """The header's state; the value is what the row stores, in the order of a life."""

    RETURN_REQUESTED = 5
    PLACED = 10
    CONFIRMED = 20
    PAID = 30
    HELD = 35
    ALLOCATED = 40
    RELEASED = 50
    PICKED = 60
    PACKED = 70
    SHIPPED = 80
    DELIVERED = 90
    COMPLETED = 100
    CANCELLED = 110

    @property
    def word(self) -> str:
        """The state's word in the API, facts and machines."""
        return _WORDS[self]


SKU_UNKNOWN = "sku_unknown"  # holds: master data does not know what the order means
REGION_UNKNOWN = "region_unknown"
INTERCEPT_REJECT = "intercept_reject"  # a rule rejects it: no stock is taken until a person says so
UNROUTABLE = frozenset({SKU_UNKNOWN, REGION_UNKNOWN, INTERCEPT_REJECT})
_WORDS = {s: s.name.lower() for s in State}
BY_WORD = {word: s for s, word in _WORDS.items()}
STAGES = ("allocated", "released", "picked", "packed", "shipped", "delivered")
_STATES_OF_STAGES = tuple((name, BY_WORD[name]) for name in STAGES)


class Bundled(Struct, frozen=True, kw_only=True):
    """The bundle 组合装 that a component belongs to: the buyer's line of it, from 1, its code and
    title, units of it that were bought at `price` each. `amount` is the component's exact share of
    the list price, for all its units, in minor units.
    """

    amount: int
    line: int
    price: int
    sku: str
    title: str
    units: int


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. `quantity` was ordered; the others count the units that have come so far.

    `paid` is what the buyer paid for all units, in minor units, `refunded` what went back of it for
    `refunded_units`, `withheld` what those were worth beyond it; `returned` counts units that came
    back. `asked`: of `paid`, what a dearer exchange still asks for. An unknown SKU keeps the
    platform's code. `bundle`: it is a component of one; `gift` 赠品: the rule that gave it, or
    "platform"; `limited`: it came out of that rule's stock. `arrives` 预订: sold against goods that
    are announced for then (RFC 3339).
    `storage`: classes (bits) that it needs beyond its SKU's own, which an option or a rule asks.
    """

    allocated: int = 0
    arrives: str = ""
    asked: int = 0
    attributes: str = ""
    bundle: Bundled | None = None
    cancelled: int = 0
    delivered: int = 0
    gift: str = ""
    known: bool = True
    limited: bool = False
    line: str = ""
    no: int
    packed: int = 0
    paid: int
    picked: int = 0
    price: int
    quantity: int
    refunded: int = 0
    refunded_price: int = 0
    refunded_units: int = 0
    released: int = 0
    returned: int = 0
    shipped: int = 0
    sku: str
    storage: int = 0
    swapped: int = 0
    title: str = ""
    withheld: int = 0


class Share(Struct, frozen=True, kw_only=True):
    """A part of a line: its number, SKU and units."""

    line: int
    quantity: int
    sku: str


class Intercept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request to stop goods 截单: `state` asked, stopped or too_late; `by` floor or carrier."""

    state: str
    by: str
    reason: str = ""
    due_ms: int = 0  # the answer is due


class RefundShare(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a refund is for one line: minor units, and for how many units; 0 units where only the
    price was made good. `withheld`: what the units were worth beyond it, which a person kept back.
    """

    amount: int
    line: int
    quantity: int
    withheld: int = 0


class Reserve(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of the money paid is spoken for by an after-sales case, in minor units."""

    amount: int
    case: str
    over: int = 0
    postage: int = 0
    shares: tuple[RefundShare, ...] = ()


class Fulfilment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fulfilment order 履约单: what one warehouse ships of the order.

    `window` is when it comes as arranged: start and end in epoch ms, () while nothing is.
    `pinned`: a person chose this warehouse and signed it; the router moves it no more.
    """

    no: int
    warehouse: str
    state: str = "allocated"
    shares: tuple[Share, ...]
    carrier: str = ""
    waybill: str = ""
    window: tuple[int, ...] = ()
    pinned: bool = False
    of: int = 0  # split from this one
    group: str = ""  # leaves as one parcel with the others of this group
    sent_again: tuple[Share, ...] = ()  # units of it that a re-shipment stands in for
    intercept: Intercept | None = None


class HoldRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hold awaits: `stock` or `payment`, "" a person; a time (epoch ms, 0 = none). `frees`:
    nothing is reserved meanwhile. `right` is asked of whoever lifts it, beside `order.unhold`.
    """

    reason: str
    awaits: str = ""
    frees: bool = False
    right: str = ""
    until_ms: int = 0


class Offer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A substitute that the buyer is asked about, until `until_ms`; `paid` is for all its units."""

    no: int
    line: int
    sku: str
    title: str = ""
    quantity: int
    price: int
    paid: int
    until_ms: int


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order as its facts say. Amounts in minor units of `currency`, times in epoch ms."""

    number: str
    channel: str
    shop: str = ""
    kind: str = "order"  # order | return
    status: str = ""  # the platform's own word when it was placed
    currency: str = "CNY"
    goods: int
    discount: int = 0
    postage: int = 0
    total: int
    paid: int = 0
    paid_ms: int = 0
    created_ms: int
    placed_ms: int
    ship_by_ms: int = 0
    region: str = ""
    buyer: str = ""
    flag: str = ""
    of_number: str = ""
    holds: tuple[str, ...] = ()
    confirmed: bool = False
    completed: bool = False
    cancelled: str = ""  # the reason, once cancelled
    lines: tuple[Line, ...]
    fulfilments: tuple[Fulfilment, ...] = ()
    rules: tuple[HoldRule, ...] = ()  # of the holds that have one
    wanted: str = ""  # the day on which the buyer wants it, YYYY-MM-DD in Shanghai
    receivers: tuple[str, ...] = ()  # the vault's rows of receivers after the first, the last holds
    type: str = ""  # the order type that it follows, "" none, and its version
    type_version: int = 0
    phase: str = ""  # its stage of that type; what it waits for comes from `opens_ms` on
    opens_ms: int = 0
    until_ms: int = 0  # and then at the latest, 0 = never
    group: str = ""  # the group that it joined
    deposit: int = 0  # of `paid`: frozen until the tail is paid
    forfeited: int = 0  # of the deposit: the merchant keeps it
    owed: int = 0  # what of `paid` was owed back by its type
    refunded: int = 0  # all that went back to the buyer, of it postage and what was paid over
    refunded_postage: int = 0
    refunded_over: int = 0
    reserves: tuple[Reserve, ...] = ()  # what cases are about to pay
    release_ms: int = 0  # its release waits until then for another order of its receiver
    offers: tuple[Offer, ...] = ()  # of substitutes, that the buyer has not answered
    offered: int = 0  # how many there were
    review: Review | None = None  # what was asked of whom when it was paid
    hurry_ms: int = 0  # the floor is asked to have it out by then, before others


def stage(order: Order) -> State:
    """Derive the header from quantities and payment, holds left aside."""
    if order.kind == "return":
        return State.RETURN_REQUESTED
    if order.cancelled and all(n.cancelled == n.quantity for n in order.lines):
        return State.CANCELLED
    if order.completed:
        return State.COMPLETED
    if order.paid >= order.total or order.paid_ms:
        reached = State.PAID
        for name, next_ in _STATES_OF_STAGES:
            for n in order.lines:
                if getattr(n, name) < n.quantity - n.cancelled:
                    return reached
            reached = next_
        return reached
    return State.CONFIRMED if order.confirmed else State.PLACED


def state(order: Order) -> State:
    """Derive the header: held over any stage that has not left the warehouse."""
    derived = stage(order)
    if order.holds and State.RETURN_REQUESTED < derived < State.SHIPPED:
        return State.HELD
    return derived


def first_warehouse(order: Order) -> str:
    """Give the code of the warehouse of the first live fulfilment order, or ""."""
    for f in order.fulfilments:
        if f.state != "cancelled":
            return f.warehouse
    return ""
