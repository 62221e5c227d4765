"""How many orders a question has: exactly by the board's counters where they know, else by counting
up to a limit; what is beyond it is estimated and says so.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.model import State
from danshu.hub import board, workbench
from danshu.hub.board_marks import ANYWHERE, CURRENCY, EVERY, MINUTE_MS, SLOT_MS, Kind
from danshu.hub.compose import now_ms
from danshu.hub.filters import Asked
from danshu.kernel import ids
from danshu.kernel.limits import COUNT_MS, COUNT_ROWS, SCAN_CANDIDATES

if TYPE_CHECKING:
    import uuid

    from danshu.hub.workbench import Place

Connection = psycopg.AsyncConnection[Any]
_CUBE: Final = frozenset(
    {"channels", "channels_not", "states", "states_not", "warehouses", "warehouses_not"}
)
_PLACED: Final = frozenset(
    {
        "channels",
        "channels_not",
        "warehouses",
        "warehouses_not",
        "states_not",
        "placed_from_ms",
        "placed_to_ms",
    }
)
_RETURNS: Final = (int(State.RETURN_REQUESTED),)
# The column of each list, and what stands in it where all are counted together.
_LISTED: Final[dict[str, tuple[str, str | int | None]]] = {
    "channels": ("channel", EVERY),
    "states": ("state", None),
    "warehouses": ("wh", ANYWHERE),
}
_SINCE: Final = """
select coalesce(sum(n),0)::int8, coalesce(sum(n) filter (where at >= %(minute)s),0)::int8
from board_counts where tenant=%(tenant)s and kind=%(kind)s and wh=%(wh)s and channel=%(channel)s
"""
_AMOUNTS: Final = """
select w.currency, count(*), sum(w.total)::int8 from worklist w
where w.tenant=%s and w.id = any(%s) group by 1
"""
_ABROAD: Final = {Kind.STATE: Kind.ABROAD, Kind.SLOT: Kind.ABROAD_SLOT}
_DEFAULTS: Final = msgspec.structs.asdict(Asked())


class CurrencyAmount(Struct, frozen=True, kw_only=True):
    """What the orders of one currency come to: how many, and `amount` in its minor units."""

    currency: str
    count: int
    amount: int


Sums = dict[str, tuple[int, int]]  # by currency: orders, minor units


class Count(Struct, frozen=True, kw_only=True):
    """How many orders. `exact` False: an estimate, to be shown with 约, as are the amounts.
    `as_of`: epoch ms of the counting; orders whose facts are not in the log yet are not in it.
    `amounts`: by currency, CNY first, then by the number of orders; amounts of different currencies
    are never added up.
    """

    count: int
    amounts: tuple[CurrencyAmount, ...]
    exact: bool
    as_of: int


async def count_orders(connection: Connection, tenant: int, asked: Asked) -> Count:
    """Count the orders that meet a question, in bounded work."""
    at_ms = now_ms()
    known = await count_by_board(connection, tenant, asked)
    if known is not None:
        return _count(known, exact=True, at_ms=at_ms)
    # what falls due between two instants lies together in the index of deadlines
    sort = "due" if asked.due_from_ms is not None or asked.due_to_ms is not None else "-placed"
    began_s = time.monotonic()
    found, sums = 0, Sums()
    after: Place | None = None
    while True:
        part = await workbench.find(connection, tenant, asked, sort, after, SCAN_CANDIDATES)
        found += len(part.places)
        await _sum(connection, tenant, [p.id for p in part.places], sums)
        after = part.next
        if after is None:
            return _count(sums, exact=True, at_ms=at_ms)
        if found >= COUNT_ROWS or (time.monotonic() - began_s) * 1000 > COUNT_MS:
            break
    if sort == "due":  # what lies beyond cannot be told from what was walked: at least so many
        return _count(sums, exact=False, at_ms=at_ms)
    every, walked = await _since(connection, tenant, ids.made_ms(after.id))
    walked = max(1, walked)
    likely = {c: (n * every // walked, a * every // walked) for c, (n, a) in sums.items()}
    return _count(likely, exact=False, at_ms=at_ms)


def _count(sums: Sums, *, exact: bool, at_ms: int) -> Count:
    """Put together what was counted by currency."""
    amounts = [CurrencyAmount(currency=c, count=n, amount=a) for c, (n, a) in sums.items() if n]
    amounts.sort(key=lambda one: (one.currency != CURRENCY, -one.count, one.currency))
    count = sum(one.count for one in amounts)
    return Count(count=count, amounts=tuple(amounts), exact=exact, as_of=at_ms)


async def _sum(connection: Connection, tenant: int, of: list[uuid.UUID], sums: Sums) -> None:
    """Add up, by currency, what orders come to."""
    cursor = await connection.execute(_AMOUNTS, (tenant, of), binary=True)
    for currency, n, amount in await cursor.fetchall():
        was = sums.get(currency, (0, 0))
        sums[currency] = (was[0] + n, was[1] + amount)


async def count_by_board(connection: Connection, tenant: int, asked: Asked) -> Sums | None:
    """Count and sum by the counters, by currency; None when they do not know the question, or are
    being rebuilt.
    """
    said = {k for k, v in msgspec.structs.asdict(asked).items() if v != _DEFAULTS[k]}
    if said <= _CUBE:
        kind = Kind.STATE
    elif said <= _PLACED and _on_slots(asked):
        kind = Kind.SLOT
    else:
        return None
    abroad = _ABROAD[kind]
    parts = ["tenant=%(tenant)s and kind = any(%(kinds)s)"]
    params: dict[str, Any] = {"tenant": tenant, "kinds": [int(kind), int(abroad)]}
    for name, (column, every) in _LISTED.items():
        fields = [(name, "= any"), (f"{name}_not", "<> all")]
        for field, sign in fields:
            if field in said:
                parts.append(f"{column} {sign}(%({field})s)")
                params[field] = list(getattr(asked, field))
        if every is not None:
            params[column] = every
            is_asked = any(field in said for field, _ in fields)
            parts.append(f"{column} {'<>' if is_asked else '='} %({column})s")
    for field, sign in (("placed_from_ms", ">="), ("placed_to_ms", "<")):
        if field in said:
            parts.append(f"at {sign} %({field})s")
            params[field] = getattr(asked, field) // SLOT_MS
    if await board.is_rebuilding(connection, tenant):
        return None
    sql = (
        f"select case kind when {int(abroad)} then code else '' end, sum(n)::int8,"
        f" sum(amount)::int8 from board_counts where {' and '.join(parts)} group by 1"
    )
    cursor = await connection.execute(sql.encode(), params, binary=True)
    sums: Sums = {code: (n, amount) for code, n, amount in await cursor.fetchall()}
    every, amount = sums.pop("", (0, 0))
    # those in another currency are among the orders of the first kind, without an amount
    return {CURRENCY: (every - sum(n for n, _ in sums.values()), amount), **sums}


def _on_slots(asked: Asked) -> bool:
    """Tell whether the bounds of placing lie between counters, and nothing but returns is left
    out: of states the slots know no more.
    """
    bounds = [b for b in (asked.placed_from_ms, asked.placed_to_ms) if b is not None]
    return all(b % SLOT_MS == 0 for b in bounds) and asked.states_not in ((), _RETURNS)


async def _since(connection: Connection, tenant: int, placed_ms: int) -> tuple[int, int]:
    """Give how many orders there are, and how many of them were placed since an instant."""
    asked = {
        "tenant": tenant,
        "kind": int(Kind.MINUTE),
        "wh": ANYWHERE,
        "channel": EVERY,
        "minute": placed_ms // MINUTE_MS,
    }
    row = await (await connection.execute(_SINCE, asked, binary=True)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
