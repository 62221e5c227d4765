"""Bundles, gift rules and announced goods as master data: written whole, read in pages."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import bundles
from danshu.capabilities.intake.bundles import Bundle, Part
from danshu.capabilities.intake.gifts import GiftRule
from danshu.capabilities.stock.facts import MasterImported
from danshu.hub import merchants
from danshu.hub.selling import GIFT, PREORDER
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import BUNDLES, GIFT_RULES, PREORDERS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.master_rows import NewBundlePart
    from danshu.kernel.fact import Actor

Connection = Any
_LOCK: Final = "select 1 from tenants where id=%s for update"
_KNOWN: Final = "select code from skus where tenant=%s and code = any(%s)"
_PARTS: Final = """
select bundle,sku,name,units,share from bundle_parts where tenant=%s order by bundle,no,sku
"""
_PAGE: Final = """
select p.bundle, p.sku, p.name, p.units, p.share, coalesce(k.name,''), coalesce(k.price_fen,0)
from (select distinct bundle from bundle_parts
  where tenant=%s and bundle > %s and (bundle ilike %s or name ilike %s)
  order by bundle limit %s) b
join bundle_parts p on p.tenant=%s and p.bundle=b.bundle
left join skus k on k.tenant=p.tenant and k.code=p.sku order by p.bundle, p.no, p.sku
"""
_DROP_PARTS: Final = "delete from bundle_parts where tenant=%s and bundle = any(%s)"
_PUT_PARTS: Final = """
insert into bundle_parts(tenant,bundle,sku,name,no,units,share)
select %s, * from unnest(%s::text[],%s::text[],%s::text[],%s::int4[],%s::int4[],%s::int8[])
"""
_RULES: Final = """
select r.code, r.doc, coalesce(a.used,0) from gift_rules r
left join allowances a on a.tenant=r.tenant and a.name='gift/' || r.code
where r.tenant=%s and r.code > %s order by r.code limit %s
"""
_COUNT: Final = {
    "gift_rules": "select count(*) from gift_rules where tenant=%s",
    "preorders": "select count(*) from preorders where tenant=%s",
    "bundle_parts": "select count(distinct bundle) from bundle_parts where tenant=%s",
}
_PUT_RULE: Final = """
insert into gift_rules(tenant,code,doc) values(%s,%s,%s)
on conflict (tenant,code) do update set doc=excluded.doc
"""
# What was given stays given: an allowance that a rule no longer limits keeps its count.
_PUT_CAP: Final = """
insert into allowances(tenant,name,cap) values(%s,%s,%s)
on conflict (tenant,name) do update set cap=excluded.cap
"""
_PREORDERS: Final = """
select p.sku, p.arrives, a.cap, a.used, coalesce(k.name,''),
  (select coalesce(sum(s.in_transit),0)::int8 from stock s where s.tenant=p.tenant and s.sku=k.no)
from preorders p join allowances a on a.tenant=p.tenant and a.name='preorder/' || p.sku
left join skus k on k.tenant=p.tenant and k.code=p.sku
where p.tenant=%s and p.sku > %s order by p.sku limit %s
"""
_PUT_PREORDER: Final = """
insert into preorders(tenant,sku,arrives) values(%s,%s,%s)
on conflict (tenant,sku) do update set arrives=excluded.arrives
"""
_DROP: Final = {
    "gift_rules": "delete from gift_rules where tenant=%s and code=%s",
    "preorders": "delete from preorders where tenant=%s and sku=%s",
    "bundle_parts": "delete from bundle_parts where tenant=%s and bundle=%s",
}
NO_ROW: Final = InputError("no_row", "there is no such row")


class BundlePart(Struct, frozen=True, kw_only=True):
    """A component with its SKU's name and list price in 分."""

    sku: str
    units: int
    share: int
    name: str
    price_fen: int


class BundleRow(Struct, frozen=True, kw_only=True):
    """A bundle as it stands."""

    code: str
    name: str
    parts: tuple[BundlePart, ...]


class GiftRow(Struct, frozen=True, kw_only=True):
    """A gift rule, and how many units it has given where it is limited."""

    rule: GiftRule
    given: int


class Preorder(Struct, frozen=True, kw_only=True):
    """Announced goods: when they arrive (RFC 3339), units announced, sold of them, on the way."""

    sku: str
    name: str
    arrives: str
    units: int
    sold: int
    in_transit: int


async def say_imported(
    connection: Connection, tenant: int, actor: Actor, kind: str, rows: Sequence[Struct]
) -> None:
    """Say in the caller's transaction that rows of master data were written, and touch it."""
    digest = hashlib.sha256(b"\n".join(canonical.encode_struct(r) for r in rows)).hexdigest()
    await merchants.touch(connection, tenant)
    await merchants.say(
        connection, tenant, actor, MasterImported(kind=kind, rows=len(rows), digest=digest)
    )


async def _check_room(connection: Connection, tenant: int, table: str, most: int) -> None:
    row = await (await connection.execute(_COUNT[table], (tenant,))).fetchone()
    if row and row[0] > most:
        raise InputError("too_many", f"at most {most} rows")


async def known_skus(connection: Connection, tenant: int, codes: Sequence[str]) -> frozenset[str]:
    """Give those of the codes that are SKUs of the merchant."""
    cursor = await connection.execute(_KNOWN, (tenant, sorted(set(codes))))
    return frozenset([row[0] for row in await cursor.fetchall()])


async def read_bundles(connection: Connection, tenant: int) -> dict[str, Bundle]:
    """Read all bundles, by code."""
    parts: dict[str, list[Part]] = {}
    names: dict[str, str] = {}
    cursor = await connection.execute(_PARTS, (tenant,))
    for code, sku, name, units, share in await cursor.fetchall():
        parts.setdefault(code, []).append(Part(sku=sku, units=units, share=share))
        names[code] = names.get(code) or name
    return {c: Bundle(code=c, name=names[c], parts=tuple(p)) for c, p in parts.items()}


async def put_bundles(
    connection: Connection, tenant: int, rows: Sequence[Bundle], actor: Actor
) -> None:
    """Write bundles whole, by code. Raises InputError: it cannot be shipped, or `too_many`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        codes = [row.code for row in rows]
        known = await read_bundles(connection, tenant)
        skus = await known_skus(connection, tenant, [p.sku for row in rows for p in row.parts])
        bundles.check(rows, skus, {c: b for c, b in known.items() if c not in set(codes)})
        await connection.execute(_DROP_PARTS, (tenant, codes))
        flat = [(row, n, part) for row in rows for n, part in enumerate(row.parts)]
        columns = (
            write.texts([row.code for row, _, _ in flat]),
            write.texts([part.sku for _, _, part in flat]),
            write.texts([row.name for row, _, _ in flat]),
            write.int4s([n for _, n, _ in flat]),
            write.int4s([part.units for _, _, part in flat]),
            write.int8s([part.share for _, _, part in flat]),
        )
        await connection.execute(_PUT_PARTS, (tenant, *columns))
        await _check_room(connection, tenant, "bundle_parts", BUNDLES)
        await say_imported(connection, tenant, actor, "bundle", rows)


async def put_parts(
    connection: Connection, tenant: int, rows: Sequence[NewBundlePart], actor: Actor
) -> None:
    """Write components of bundles, as sheets bring them: the others of a bundle stay.

    Raises InputError for bundles that could not be shipped then, `too_many`.
    """
    known = await read_bundles(connection, tenant)
    made: dict[str, dict[str, Part]] = {}
    names: dict[str, str] = {}
    for row in rows:
        bundle = known.get(row.bundle)
        if row.bundle not in made:
            made[row.bundle] = {p.sku: p for p in bundle.parts} if bundle else {}
        made[row.bundle][row.sku] = Part(sku=row.sku, units=row.units, share=row.share)
        names[row.bundle] = row.name or names.get(row.bundle, "") or (bundle.name if bundle else "")
    whole = [
        Bundle(code=code, name=names[code], parts=tuple(parts.values()))
        for code, parts in made.items()
    ]
    await put_bundles(connection, tenant, whole, actor)


async def list_bundles(
    connection: Connection, tenant: int, q: str, after: str, limit: int
) -> list[BundleRow]:
    """List bundles by code, by part of a code or name."""
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    cursor = await connection.execute(_PAGE, (tenant, after, like, like, limit, tenant))
    found: dict[str, list[BundlePart]] = {}
    names: dict[str, str] = {}
    for code, sku, name, units, share, title, price in await cursor.fetchall():
        names[code] = names.get(code) or name
        found.setdefault(code, []).append(
            BundlePart(sku=sku, units=units, share=share, name=title, price_fen=price)
        )
    return [BundleRow(code=c, name=names[c], parts=tuple(parts)) for c, parts in found.items()]


async def put_gifts(
    connection: Connection, tenant: int, rows: Sequence[GiftRule], actor: Actor
) -> None:
    """Write gift rules by code. Raises InputError `gift_sku` for a gift that is no SKU."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        skus = await known_skus(connection, tenant, [row.sku for row in rows])
        for i, row in enumerate(rows):
            if row.sku not in skus:
                raise InputError("gift_sku", f"there is no SKU {row.sku!r}", f"/{i}/sku")
            if row.until_ms and row.until_ms <= row.since_ms:
                raise InputError("gift_dates", "it ends before it begins", f"/{i}/until_ms")
            await connection.execute(_PUT_RULE, (tenant, row.code, msgspec.json.encode(row)))
            if row.stock:
                await connection.execute(_PUT_CAP, (tenant, GIFT + row.code, row.stock))
        await _check_room(connection, tenant, "gift_rules", GIFT_RULES)
        await say_imported(connection, tenant, actor, "gift", rows)


async def list_gifts(connection: Connection, tenant: int, after: str, limit: int) -> list[GiftRow]:
    """List gift rules by code."""
    cursor = await connection.execute(_RULES, (tenant, after, limit))
    return [
        GiftRow(rule=msgspec.json.decode(bytes(doc), type=GiftRule), given=used)
        for _, doc, used in await cursor.fetchall()
    ]


async def put_preorders(
    connection: Connection, tenant: int, rows: Sequence[tuple[str, int, int]], actor: Actor
) -> None:
    """Announce goods: (SKU, epoch ms of the arrival, units that may be sold in all).

    Raises InputError `preorder_sku` for one that is no SKU, `preorder_units` below what is sold.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        skus = await known_skus(connection, tenant, [row[0] for row in rows])
        for i, (sku, arrives_ms, units) in enumerate(rows):
            if sku not in skus:
                raise InputError("preorder_sku", f"there is no SKU {sku!r}", f"/{i}/sku")
            at = datetime.datetime.fromtimestamp(arrives_ms / 1000, datetime.UTC)
            await connection.execute(_PUT_PREORDER, (tenant, sku, at))
            await connection.execute(_PUT_CAP, (tenant, PREORDER + sku, units))
        await _check_room(connection, tenant, "preorders", PREORDERS)
        told = [Announced(arrives=rfc3339(ms), sku=sku, units=n) for sku, ms, n in rows]
        await say_imported(connection, tenant, actor, "preorder", told)


class Announced(Struct, frozen=True, kw_only=True):
    """Announced goods as the fact's digest covers them."""

    arrives: str
    sku: str
    units: int


async def list_preorders(
    connection: Connection, tenant: int, after: str, limit: int
) -> list[Preorder]:
    """List announced goods by SKU."""
    cursor = await connection.execute(_PREORDERS, (tenant, after, limit))
    return [
        Preorder(
            sku=sku, arrives=rfc3339(round(at.timestamp() * 1000)), units=cap, sold=used,
            name=name, in_transit=transit,
        )
        for sku, at, cap, used, name, transit in await cursor.fetchall()
    ]  # fmt: skip


async def drop(connection: Connection, tenant: int, table: str, code: str, actor: Actor) -> None:
    """Take a row away: nothing that was sold under it changes. Raises InputError `no_row`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        cursor = await connection.execute(_DROP[table], (tenant, code))
        if not cursor.rowcount:
            raise NO_ROW
        await say_imported(connection, tenant, actor, f"{table}.dropped", [Dropped(code=code)])


class Dropped(Struct, frozen=True, kw_only=True):
    """What was taken away, as the fact's digest covers it."""

    code: str
