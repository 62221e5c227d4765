"""From what an order's facts say to entries of the journal: a table of fact type and step.

An entry follows from a fact and those before it on the order's stream, and from nothing else, so
that the journal can be made again at any time.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.settlement import accounts, tally
from danshu.capabilities.settlement.journal import Slip
from danshu.capabilities.settlement.periods import Calendar
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.machine import Words

PLACED: Final = "order.placed"
PAID: Final = "order.paid"
_MARK: Final = b'"type":"'


class Policy(Struct, frozen=True, kw_only=True):
    """When a merchant's revenue is earned, by the day on which an order was placed; newest last."""

    calendar: Calendar = Calendar()
    revenue: tuple[tuple[datetime.date, tally.Revenue], ...] = ()

    def earned_at(self, day: str) -> tally.Revenue:
        """Tell what orders placed on an ISO day are earned by."""
        found: tally.Revenue = "shipment"
        for since, revenue in self.revenue:
            if since.isoformat() <= day:
                found = revenue
        return found


class Rule(Struct, frozen=True, kw_only=True, eq=False):
    """A row of the table: the words of its entries, what it reads of a fact, its step."""

    words: Words
    reads: type[Struct]
    step: Callable[[Any, Any], tally.Moves]


def _rule(zh: str, en: str, reads: type[Struct], step: Callable[[Any, Any], tally.Moves]) -> Rule:
    return Rule(words=Words(zh=zh, en=en), reads=reads, step=step)


RULES: Final[dict[str, Rule]] = {
    "order.paid": _rule("收款", "Payment received", tally.Paid, tally.pay),
    "order.shipped": _rule("发货确认收入", "Earned by shipment", tally.Shares, tally.ship),
    "order.delivered": _rule("签收确认收入", "Earned by delivery", tally.Shares, tally.deliver),
    "order.cancelled": _rule("取消转应退", "Cancelled: owed back", tally.Shares, tally.cancel),
    "order.amended": _rule("改单转应退", "Amended: owed back", tally.Amended, tally.amend),
    "exchange.arranged": _rule("换货转预收", "Exchanged", tally.Exchanged, tally.exchange),
    "refund.owed": _rule("应退款", "Refund owed", tally.Amount, tally.owe),
    "refund.paid": _rule("退款", "Refund paid", tally.Amount, tally.refund),
    "deposit.forfeited": _rule("定金没收", "Deposit forfeited", tally.Amount, tally.forfeit),
    "compensation.paid": _rule("赔付", "Compensation paid", tally.Amount, tally.compensate),
    "claim.settled": _rule("承运商理赔", "Carrier's claim settled", tally.Amount, tally.claim),
    "order.completed": _rule(
        "完成结清余额", "Completed: what is left", tally.Nothing, tally.complete
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
_decode_placed: Final = _decoder(tally.Placed)
_decode_start: Final = _decoder(tally.Start)
_decode_paid: Final = _decoder(tally.Paid)
_DECODERS: Final = {name: _decoder(rule.reads) for name, rule in RULES.items()}


class Fresh(Struct):
    """An order of which nothing is known but that it was placed, and paid whole: nearly all of a
    busy hour. Its tally is made when something else is said of it.
    """

    placed: bytes
    start: tally.Start
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
    data: tally.Start = _decode_start(body).data
    return Fresh(body, data) if data.kind == "order" else None


def pay(fresh: Fresh, body: bytes, policy: Policy) -> Slip | None:
    """Enter the first payment of the whole, as `enter` would; None where it is another payment."""
    fact = _decode_paid(body)
    data: tally.Paid = fact.data
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
    data: tally.Placed = fact.data
    if data.kind != "order":
        return None
    lines = {n.no: tally.Line(n.quantity, n.paid) for n in data.lines}
    return tally.Tally(
        fact.id.partition("/")[0],
        data.channel,
        data.shop,
        data.currency,
        policy.earned_at(day_of(policy.calendar, fact.time, fact.time)),
        lines,
        data.total - sum(n.paid for n in data.lines),
    )


def enter(kind: str, body: bytes, of: tally.Tally, policy: Policy) -> Slip | None:
    """Take a fact into the tally; gives the entry that it makes, None where it makes none."""
    fact = _DECODERS[kind](body)
    moves = RULES[kind].step(of, fact.data)
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
