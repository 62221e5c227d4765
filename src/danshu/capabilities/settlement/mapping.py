"""From what an order's facts say to entries of the journal: a table of fact type and step.

An entry follows from a fact and those before it on the order's stream, and from nothing else, so
that the journal can be made again at any time.
"""

from __future__ import annotations

import bisect
import datetime
import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.settlement import accounts, goods, said, tally, taxes
from danshu.capabilities.settlement.journal import Slip
from danshu.capabilities.settlement.periods import Calendar
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.machine import Words

PLACED: Final = "order.placed"
PAID: Final = "order.paid"
_MARK: Final = b'"type":"'
_TAXED: Final = "CNY"  # output tax and costs are in yuan: other currencies' orders have neither


class Treatment(Struct, frozen=True, kw_only=True):
    """How orders placed from a day on are entered: when they are earned, whether their tax and
    what their goods cost are entered too.
    """

    since: datetime.date = datetime.date(1970, 1, 1)
    revenue: said.Revenue = "shipment"
    tax: taxes.Regime = "off"
    costs: bool = False

    @property
    def is_valued(self) -> bool:
        """It asks what is kept of SKUs."""
        return self.tax != "off" or self.costs


class Value(Struct, frozen=True):
    """From an ISO day on: a SKU's tax class, and what a unit costs in 分."""

    since: str
    tax: str
    cost_fen: int


_PLAIN: Final = Treatment()
_UNKNOWN: Final = Value("", "", 0)


class Policy(Struct, frozen=True, kw_only=True):
    """How a merchant's orders are entered, by the day on which they were placed; newest last.

    `values` by SKU, the newest last, of those SKUs that were asked for.
    """

    calendar: Calendar = Calendar()
    treatments: tuple[Treatment, ...] = ()
    values: dict[str, Sequence[Value]] = {}

    @property
    def is_valued(self) -> bool:
        """Some orders' entries ask what is kept of SKUs."""
        return any(one.is_valued for one in self.treatments)

    def treat(self, day: str) -> Treatment:
        """Tell how orders placed on an ISO day are entered."""
        found = _PLAIN
        for one in self.treatments:
            if one.since.isoformat() <= day:
                found = one
        return found

    def value(self, sku: str, day: str) -> Value:
        """Give what held for a SKU on an ISO day."""
        known = self.values.get(sku, ())
        at = bisect.bisect_right(known, day, key=lambda one: one.since)
        return known[at - 1] if at else _UNKNOWN


Step = Callable[[Any, Any], said.Moves]
Costing = Callable[[Any, Any, goods.CostOf], said.Moves]


class Rule(Struct, frozen=True, kw_only=True, eq=False):
    """A row of the table: the words of its entries, what it reads of a fact, its step; what it
    does to goods, where their cost is entered.
    """

    words: Words
    reads: type[Struct]
    step: Step
    goods: Costing | None = None


def _rule(
    zh: str, en: str, reads: type[Struct], step: Step, costing: Costing | None = None
) -> Rule:
    return Rule(words=Words(zh=zh, en=en), reads=reads, step=step, goods=costing)


RULES: Final[dict[str, Rule]] = {
    "order.paid": _rule("收款", "Payment received", said.Paid, tally.pay),
    "order.shipped": _rule(
        "发货确认收入", "Earned by shipment", said.Shares, tally.ship, goods.ship
    ),
    "order.delivered": _rule(
        "签收确认收入", "Earned by delivery", said.Shares, tally.deliver, goods.deliver
    ),
    "order.cancelled": _rule("取消转应退", "Cancelled: owed back", said.Shares, tally.cancel),
    "order.amended": _rule("改单转应退", "Amended: owed back", said.Amended, tally.amend),
    "exchange.arranged": _rule("换货转预收", "Exchanged", said.Exchanged, tally.exchange),
    "refund.owed": _rule("应退款", "Refund owed", said.Amount, tally.owe),
    "refund.paid": _rule("退款", "Refund paid", said.Refunded, tally.refund),
    "deposit.forfeited": _rule("定金没收", "Deposit forfeited", said.Amount, tally.forfeit),
    "compensation.paid": _rule("赔付", "Compensation paid", said.Amount, tally.compensate),
    "claim.settled": _rule("承运商理赔", "Carrier's claim settled", said.Amount, tally.claim),
    "order.completed": _rule(
        "完成结清余额", "Completed: what is left", said.Nothing, tally.complete
    ),
    "goods.returned": _rule(
        "退货入库", "Goods returned", said.Returned, tally.stand, goods.take_back
    ),
    "shipment.lost": _rule("丢件", "Parcel lost", said.Shares, tally.stand, goods.lose),
    "shipment.reshipped": _rule(
        "破损少件补发", "Sent again", said.Reshipped, tally.stand, goods.send_again
    ),
}
_KINDS: Final = {name.encode(): name for name in (PLACED, *RULES)}


def kind_of(body: bytes) -> str:
    """Give the fact type where the journal reads it, "" where it does not; without decoding."""
    at = body.rfind(_MARK) + len(_MARK)
    return _KINDS.get(body[at : body.find(b'"', at)], "")


class _Head(Struct):
    """The one field of an envelope that tells when it was recorded."""

    time: str


@functools.cache
def _decoder(data: type[Struct]) -> Callable[[bytes], Any]:
    fields = [("data", data), ("id", str), ("occurred", str), ("time", str)]
    return msgspec.json.Decoder(msgspec.defstruct(f"_{data.__name__}Fact", fields)).decode


_decode_head: Final = msgspec.json.Decoder(_Head).decode
_decode_placed: Final = _decoder(said.Placed)
_decode_start: Final = _decoder(said.Start)
_decode_paid: Final = _decoder(said.Paid)
_DECODERS: Final = {name: _decoder(rule.reads) for name, rule in RULES.items()}


class Fresh(Struct):
    """An order of which nothing is known but that it was placed, and paid whole: nearly all of a
    busy hour. Its tally is made when something else is said of it.
    """

    placed: bytes
    start: said.Start
    paid: bytes = b""

    def grow(self, policy: Policy) -> tally.Tally:
        """Make the tally. Raises ProgramError where it is no sale."""
        whole = begin(self.placed, policy)
        if whole is None:
            raise ProgramError("what is no order has no tally")
        if self.paid:
            enter(PAID, self.paid, whole, policy)
        return whole


def start(body: bytes, policy: Policy) -> Fresh | None:
    """Begin an order as `begin` does, the short way."""
    del policy  # asked for when its tally is made
    data: said.Start = _decode_start(body).data
    return Fresh(body, data) if data.kind == "order" else None


def pay(fresh: Fresh, body: bytes, policy: Policy) -> Slip | None:
    """Enter the first payment of the whole, as `enter` would; None where it is another payment."""
    fact = _decode_paid(body)
    data: said.Paid = fact.data
    if fresh.paid or data.stage or data.amount <= 0 or fresh.start.total <= 0:
        return None
    fresh.paid = body
    return Slip(
        fact.id,
        day_of(policy.calendar, fact.occurred, fact.time),
        fresh.start.currency,
        PAID,
        fact.id.partition("/")[0],
        fresh.start.channel,
        fresh.start.shop,
        (accounts.PLATFORM, accounts.PREPAID),
        (data.amount, -data.amount),
    )


def begin(body: bytes, policy: Policy) -> tally.Tally | None:
    """Begin an order's tally by its `order.placed`; None for what is no sale (a return)."""
    fact = _decode_placed(body)
    data: said.Placed = fact.data
    if data.kind != "order":
        return None
    lines = {n.no: tally.Line(n.quantity, n.paid) for n in data.lines}
    day = day_of(policy.calendar, fact.time, fact.time)
    treated = policy.treat(day)
    made = tally.Tally(
        fact.id.partition("/")[0],
        data.channel,
        data.shop,
        data.currency,
        treated.revenue,
        lines,
        data.total - sum(n.paid for n in data.lines),
    )
    if treated.is_valued and data.currency == _TAXED:
        told = [(n.no, n.paid, policy.value(n.sku, day).tax) for n in data.lines]
        made.taxes = taxes.begin(treated.tax, told)
        made.goods = goods.Goods(treated.revenue, {}, {}) if treated.costs else None
    return made


def enter(kind: str, body: bytes, of: tally.Tally, policy: Policy) -> Slip | None:
    """Take a fact into the tally; gives the entry that it makes, None where it makes none."""
    fact = _DECODERS[kind](body)
    rule, day = RULES[kind], ""
    if of.taxes is not None or of.goods is not None:
        day = day_of(policy.calendar, fact.occurred, fact.time)
        _class_new_lines(of, fact.data, policy, day)
    moves = rule.step(of, fact.data)
    if of.goods is not None and rule.goods is not None:
        costs = rule.goods(of.goods, fact.data, lambda sku: policy.value(sku, day).cost_fen)
        for account, amount in costs.items():
            moves[account] = moves.get(account, 0) + amount
    kept = [(account, amount) for account, amount in moves.items() if amount]
    if not kept:
        return None
    moved, amounts = zip(*kept, strict=True)
    if sum(amounts):
        raise ProgramError(f"an entry of {kind} is not balanced")
    return Slip(
        fact.id,
        day_of(policy.calendar, fact.occurred, fact.time),
        of.currency,
        kind,
        of.order,
        of.channel,
        of.shop,
        moved,
        amounts,
    )


def _class_new_lines(of: tally.Tally, data: Any, policy: Policy, day: str) -> None:
    """Take in the rates of lines that an amendment or an exchange adds."""
    if of.taxes is None:
        return
    new: list[tuple[int, str]] = []
    if isinstance(data, said.Amended):
        new = [(n.line, n.sku) for n in data.lines]
    elif isinstance(data, said.Exchanged):
        new = [(n.no, n.sku) for n in data.lines]
    for no, sku in new:
        if no not in of.taxes.rates:
            of.taxes.rates[no] = taxes.rate_of(of.taxes.regime, policy.value(sku, day).tax)


def recorded_ms(body: bytes) -> int:
    """Tell when a fact of any type was recorded."""
    return epoch_ms(_decode_head(body).time)


def day_of(calendar: Calendar, occurred: str, recorded: str) -> str:
    """Give the ISO day on which something occurred; what claims to be of the future, is of when it
    was recorded. Both are RFC 3339 in UTC.
    """
    return _day_of(calendar, min(occurred, recorded)[:16])


@functools.lru_cache(maxsize=65_536)
def _day_of(calendar: Calendar, minute: str) -> str:
    return calendar.day(epoch_ms(f"{minute}:00Z")).isoformat()
