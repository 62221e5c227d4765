"""What one order adds to the board's counters. Pure: a row and its promises -> keys and numbers.

The counters are sums of this over all orders, so they can be taken apart again: what an order added
under its old state is subtracted when it adds what follows from its new one. Days, hours and slots
are those of Asia/Shanghai, which has no summer time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.model import State as Promised
from danshu.capabilities.orders.model import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Clause
    from danshu.capabilities.contract.terms import Term

CHINA_MS: Final = 28_800_000  # UTC+8
MINUTE_MS: Final = 60_000
SLOT_MS: Final = 600_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
ANYWHERE: Final = -2  # the warehouse of a counter that counts all warehouses together
EVERY: Final = "*"  # the channel of one that counts all channels together
OWED: Final = "owed"  # the code of orders with a broken promise that is still to be performed
CURRENCY: Final = "CNY"  # amounts are of these orders alone; see Kind.ABROAD for the others
_PAID: Final = "payment.confirmed"
_SHIPPED: Final = "carrier.accepted"


class Kind(IntEnum):
    """What a counter counts; `at`, `code` and `state` of its key mean something else for each."""

    STATE = 1  # orders now: code "" or OWED, state of the order; amount
    MINUTE = 2  # placed, by minute of epoch, without returns; of all warehouses alone; amount
    SLOT = 3  # placed, by ten minutes of epoch; state 5 = return requests; amount
    PROMISE = 4  # promises by the day of their outcome (MADE: of placing; open ones: 0), code
    OUTCOME = 5  # verdicts by hour of epoch, all codes together
    SHIPPED = 6  # orders handed over, by hour of epoch; amount = seconds from payment
    DUE = 7  # running promises by the ten minutes in which they fall due; state 1 = unallocated
    ABROAD = 8  # as STATE, of orders in another currency alone: code = currency; amount in it
    ABROAD_SLOT = 9  # as SLOT, of orders in another currency alone: code = currency; amount in it


class Verdict(IntEnum):
    """Where a promise stands, as counted. KEPT_SELF: on the beneficiary's own word alone."""

    MADE = 0
    PENDING = 1
    RUNNING = 2
    PAUSED = 3
    KEPT = 4
    BROKEN = 5
    LATE = 6
    BORDERLINE = 7
    EXCUSED = 8
    SUPERSEDED = 9
    KEPT_SELF = 10


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """A promise as counted: its code, its verdict, the slot that its counter is of (0 = none)."""

    code: str
    verdict: int
    at: int


class Marks(Struct, frozen=True, array_like=True, gc=False):
    """What the promises of an order say. `shipped`: the hour in which the parcel was taken over,
    0 = not yet, or no promise tells; `took_s`: how long after the payment.
    """

    promises: tuple[Mark, ...]
    shipped: int = 0
    took_s: int = 0


class AbroadMarks(Marks, frozen=True, array_like=True, gc=False):
    """The marks of an order in another currency than CURRENCY; "" reads as CURRENCY, so that orders
    counted before currencies were told apart are taken away as they were added.
    """

    currency: str = ""


Shape = tuple[str, int, int, int, bytes]
"""What orders that count alike have in common: channel, minute of placing, state, warehouse,
marks."""
Key = tuple[int, int, str, int, str, int]  # kind, wh, channel, at, code, state
Sums = dict[Key, tuple[int, int]]  # n, amount

# Plain numbers: keys are hashed a dozen times an order.
(
    _STATE, _MINUTE, _SLOT, _PROMISE, _OUTCOME, _SHIPPED_AT, _DUE, _ABROAD, _ABROAD_SLOT,
) = map(int, Kind)  # fmt: skip
_RUNNING, _BROKEN = int(Verdict.RUNNING), int(Verdict.BROKEN)
_KEPT_SELF: Final = int(Verdict.KEPT_SELF)
_VERDICTS: Final = {word.value: int(Verdict[word.name]) for word in Promised}
_OPEN: Final = frozenset(map(int, (Verdict.PENDING, Verdict.RUNNING, Verdict.PAUSED)))
_AT_DUE: Final = frozenset(
    word.value
    for word in (
        Promised.RUNNING,
        Promised.PAUSED,
        Promised.BROKEN,
        Promised.LATE,
        Promised.EXCUSED,
    )
)
_AT_STOP: Final = frozenset({Promised.KEPT.value, Promised.BORDERLINE.value})
_KEPT_WORD: Final = Promised.KEPT.value
_OUTCOMES: Final[dict[int, int]] = {
    int(Verdict.KEPT): int(Verdict.KEPT),
    int(Verdict.KEPT_SELF): int(Verdict.KEPT_SELF),
    int(Verdict.BROKEN): int(Verdict.BROKEN),
    int(Verdict.LATE): int(Verdict.BROKEN),  # done after the breach; the breach stays
}
_ENDED: Final = frozenset(map(int, (State.COMPLETED, State.CANCELLED)))
_ALLOCATED, _RETURN = int(State.ALLOCATED), int(State.RETURN_REQUESTED)

dump: Final = msgspec.msgpack.Encoder().encode
load: Final = msgspec.msgpack.Decoder(AbroadMarks).decode


def mark(terms: Sequence[Term], book: Mapping[str, Clause], currency: str = CURRENCY) -> Marks:
    """Give the marks of an order's promises, and its currency where it is another than CURRENCY.
    Raises KeyError for a clause that the book lacks.
    """
    marks = []
    shipped = took_s = 0
    for term in terms:
        clause = book[term.digest]
        stop, state, due_ms = term.stop, term.state, term.due_ms
        verdict, at_ms = _VERDICTS[state], 0
        if state in _AT_DUE:
            at_ms = due_ms
        elif stop is not None and state in _AT_STOP:
            at_ms = stop.occurred_ms
            if stop.self_declared and 0 < due_ms < stop.recorded_ms and state == _KEPT_WORD:
                verdict = _KEPT_SELF
        marks.append(Mark(clause.code, verdict, at_ms // SLOT_MS))
        if (
            stop is not None
            and stop.event == _SHIPPED
            and clause.start == _PAID
            and term.started_ms
            and not shipped
        ):
            shipped = stop.occurred_ms // HOUR_MS
            took_s = (stop.occurred_ms - term.started_ms) // 1000
    if currency != CURRENCY:
        return AbroadMarks(tuple(marks), shipped, took_s, currency)
    return Marks(tuple(marks), shipped, took_s)


def amount_of(total: int, currency: str, raw: bytes) -> int:
    """Give what an order with these marks is counted with: its total in minor units of its
    currency; 0 where the marks do not tell that it is another one.
    """
    return total if currency == CURRENCY or load(raw).currency else 0


def add(sums: Sums, shape: Shape, n: int, amount: int) -> None:
    """Add what `n` orders of one shape count to sums; `amount` is what they come to, in minor units
    of their currency. To take orders away, both are negative.
    """
    channel, minute, state, wh, raw = shape
    marks = load(raw)
    owed = False
    slot = minute * MINUTE_MS // SLOT_MS
    is_return = state == _RETURN
    if marks.currency:
        _sum(sums, (_ABROAD, wh, channel, 0, marks.currency, state), n, amount)
        key = (_ABROAD_SLOT, wh, channel, slot, marks.currency, _RETURN if is_return else 0)
        _sum(sums, key, n, amount)
        amount = 0
    day = day_of_slot(slot)
    for told in marks.promises:
        code, verdict, at = told.code, told.verdict, told.at
        _sum(sums, (_PROMISE, wh, channel, day, code, 0), n, 0)
        at_day = 0
        if verdict in _OPEN:
            if verdict == _RUNNING and at:
                unallocated = 1 if state < _ALLOCATED else 0
                _sum(sums, (_DUE, wh, channel, at, "", unallocated), n, 0)
        else:
            at_day = day_of_slot(at) if at else day
            if at and verdict in _OUTCOMES:
                key = (_OUTCOME, wh, channel, at * SLOT_MS // HOUR_MS, "", _OUTCOMES[verdict])
                _sum(sums, key, n, 0)
            owed = owed or verdict == _BROKEN
        _sum(sums, (_PROMISE, wh, channel, at_day, code, verdict), n, 0)
    owed = owed and state not in _ENDED
    _sum(sums, (_STATE, wh, channel, 0, OWED if owed else "", state), n, amount)
    _sum(sums, (_SLOT, wh, channel, slot, "", _RETURN if is_return else 0), n, amount)
    if not is_return:
        _sum(sums, (_MINUTE, ANYWHERE, channel, minute, "", 0), n, amount)
    if marks.shipped:
        _sum(sums, (_SHIPPED_AT, wh, channel, marks.shipped, "", 0), n, marks.took_s * n)


def roll_up(sums: Sums) -> Sums:
    """Add what all channels, all warehouses, and both together come to, so that a question reads
    as few counters as it asks for.
    """
    out = dict(sums)
    for (kind, wh, channel, at, code, state), (n, amount) in sums.items():
        _sum(out, (kind, wh, EVERY, at, code, state), n, amount)
        if wh != ANYWHERE:
            _sum(out, (kind, ANYWHERE, channel, at, code, state), n, amount)
            _sum(out, (kind, ANYWHERE, EVERY, at, code, state), n, amount)
    return out


def day_of_slot(slot: int) -> int:
    """Give the day of Asia/Shanghai that ten minutes of epoch lie in."""
    return (slot * SLOT_MS + CHINA_MS) // DAY_MS


def day_of(ms: int) -> int:
    """Give the day of Asia/Shanghai that an instant lies in, counted from 1970-01-01 there."""
    return (ms + CHINA_MS) // DAY_MS


def day_ms(day: int) -> int:
    """Give the instant at which a day of Asia/Shanghai begins."""
    return day * DAY_MS - CHINA_MS


def _sum(sums: Sums, key: Key, n: int, amount: int) -> None:
    was = sums.get(key)
    sums[key] = (was[0] + n, was[1] + amount) if was else (n, amount)
