"""Substitutes 替代: which SKU may stand in for another, in which order, and by whose word.

A substitute never costs more than what was paid for the units that it stands in for; where it costs
less, the difference is owed back.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import amend_money
from danshu.capabilities.orders.decide import open_units
from danshu.capabilities.stock.facts import MasterImported
from danshu.hub import merchants
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SUBSTITUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.orders.amending import LineWish, Wish
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_KNOWN: Final = "select code from skus where tenant=%s and code = any(%s)"
_DROP: Final = "delete from substitutes where tenant=%s and sku = any(%s)"
_PUT: Final = """
insert into substitutes(tenant,sku,substitute,rank,consent)
select %s, * from unnest(%s::text[],%s::text[],%s::int4[],%s::bool[])
"""
_OF: Final = """
select sku, substitute, rank, consent from substitutes where tenant=%s and sku = any(%s)
order by sku, rank, substitute
"""
_PAGE: Final = """
select s.sku, s.substitute, s.rank, s.consent from (
  select distinct sku from substitutes where tenant=%s and sku > %s order by sku limit %s) p
join substitutes s on s.tenant=%s and s.sku=p.sku order by s.sku, s.rank, s.substitute
"""
NOT_ONE: Final = Refusal(
    code="no_substitute",
    reason="主数据没有这对替代关系",
    reason_en="Master data does not hold this pair of substitutes",
    clause="order.amend.substitute",
)
CONSENT: Final = Refusal(
    code="consent_needed",
    reason="这对替代须买家同意",
    reason_en="This substitute needs the buyer's consent",
    clause="order.amend.substitute.consent",
)


class Pair(Struct, frozen=True, kw_only=True):
    """`substitute` may stand in for `sku`; the least `rank` first. `consent`: by the buyer."""

    sku: str
    substitute: str
    rank: int
    consent: bool


class Offered(Struct, frozen=True, kw_only=True):
    """What may stand in for the units of a line that nobody can give: `units` of the substitute are
    free now; `most` is what they may cost at most, in minor units, for `short` units.
    """

    line: int
    sku: str
    short: int
    substitute: str
    name: str
    consent: bool
    units: int
    price: int
    most: int


async def put(connection: Connection, tenant: int, actor: Actor, pairs: Sequence[Pair]) -> None:
    """Replace the substitutes of the SKUs named. Raises InputError for one that is not there."""
    named = {p.sku for p in pairs} | {p.substitute for p in pairs}
    for sku in {p.sku for p in pairs}:
        mine = [p.substitute for p in pairs if p.sku == sku]
        if sku in mine or len(set(mine)) < len(mine):
            raise InputError("twice", f"{sku}: a substitute is named twice, or is the SKU itself")
        if len(mine) > SUBSTITUTES:
            raise InputError("too_many", f"at most {SUBSTITUTES} substitutes of a SKU")
    async with connection.transaction():
        cursor = await connection.execute(_KNOWN, (tenant, sorted(named)))
        missing = named - {code for (code,) in await cursor.fetchall()}
        if missing:
            raise InputError("unknown_sku", f"no SKU {min(missing)!r}")
        await connection.execute(_DROP, (tenant, sorted({p.sku for p in pairs})))
        columns = (
            [p.sku for p in pairs],
            [p.substitute for p in pairs],
            [p.rank for p in pairs],
            [p.consent for p in pairs],
        )
        await connection.execute(_PUT, (tenant, *columns))
        digest = hashlib.sha256(b"\n".join(canonical.encode_struct(p) for p in pairs)).hexdigest()
        said = MasterImported(kind="substitutes", rows=len(pairs), digest=digest)
        await merchants.say(connection, tenant, actor, said)


async def drop(connection: Connection, tenant: int, actor: Actor, sku: str) -> None:
    """Take the substitutes of a SKU away. Raises InputError `no_row`."""
    async with connection.transaction():
        if not (await connection.execute(_DROP, (tenant, [sku]))).rowcount:
            raise InputError("no_row", "there is no such row")
        digest = hashlib.sha256(sku.encode()).hexdigest()
        said = MasterImported(kind="substitutes", rows=0, digest=digest)
        await merchants.say(connection, tenant, actor, said)


async def of_skus(connection: Connection, tenant: int, skus: Sequence[str]) -> list[Pair]:
    """Read the substitutes of SKUs, the least rank first."""
    cursor = await connection.execute(_OF, (tenant, sorted(set(skus))))
    return [Pair(sku=a, substitute=b, rank=r, consent=c) for a, b, r, c in await cursor.fetchall()]


async def page(connection: Connection, tenant: int, after: str, limit: int) -> list[Pair]:
    """Read the substitutes of up to `limit` SKUs after one."""
    cursor = await connection.execute(_PAGE, (tenant, after, limit, tenant))
    return [Pair(sku=a, substitute=b, rank=r, consent=c) for a, b, r, c in await cursor.fetchall()]


async def offer(connection: Connection, world: World, order: Order) -> list[Offered]:
    """Offer what may stand in for lines that are short, with what is free of it now."""
    short = {n.no: n for n in order.lines if open_units(n) > 0}
    pairs = await of_skus(connection, world.tenant, [n.sku for n in short.values()])
    shares = dict(zip([n.no for n in order.lines], amend_money.shares_of(order), strict=True))
    out = []
    for line in short.values():
        units = open_units(line)
        most = shares[line.no] - amend_money.cut(
            shares[line.no], line.quantity, line.quantity - units
        )
        for pair in (p for p in pairs if p.sku == line.sku):
            found = world.skus.get(pair.substitute)
            free = int(world.atp[found[0]].sum()) if found else 0
            if found is None or free <= 0:
                continue
            out.append(
                Offered(
                    line=line.no,
                    sku=line.sku,
                    short=units,
                    substitute=pair.substitute,
                    name=found[1].name,
                    consent=pair.consent,
                    units=free,
                    price=found[1].price_fen,
                    most=most,
                )
            )
    return out


async def settle(connection: Connection, tenant: int, order: Order, wish: Wish) -> Wish | Refusal:
    """Price the substitutes of a wish: what is paid for them is at most what was paid for the units
    that they stand in for. Raises InputError where fewer units are given up than stood in for.
    """
    if not any(n.replaces and not n.line for n in wish.lines):
        return wish
    codes = {n.no: n.sku for n in order.lines}
    pairs = {
        (p.sku, p.substitute): p for p in await of_skus(connection, tenant, list(codes.values()))
    }
    lines = []
    for i, line in enumerate(wish.lines):
        if line.replaces and not line.line:
            pair = pairs.get((codes.get(line.replaces, ""), line.sku))
            if pair is None:
                return NOT_ONE
            if pair.consent and not wish.consent:
                return CONSENT
            line = replace(line, paid=_most(order, wish, line, i))
        lines.append(line)
    return replace(wish, lines=tuple(lines))


def paid_for(order: Order, wish: Wish) -> int:
    """Give what the buyer pays for the substitute that a wish's last line is."""
    at = len(wish.lines) - 1
    return _most(order, wish, wish.lines[at], at)


def _most(order: Order, wish: Wish, line: LineWish, at: int) -> int:
    """Give what is paid for a substitute: its own price, at most what its units' share was."""
    no, units = line.replaces, line.quantity or 0
    told = next((n for n in wish.lines if n.line == no), None)
    was, share = next(
        (n, s) for n, s in zip(order.lines, amend_money.shares_of(order), strict=True) if n.no == no
    )
    left = told.quantity if told and told.quantity is not None else was.quantity
    given_up = was.quantity - left
    replaced = sum(n.quantity or 0 for n in wish.lines if n.replaces == no and not n.line)
    if replaced > given_up:
        raise InputError("bad_line", "more units than are given up", f"/lines/{at}/quantity")
    freed = share - amend_money.cut(share, was.quantity, left)
    return min((line.price or 0) * units, amend_money.cut(freed, given_up, units))
