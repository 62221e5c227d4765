"""Scans of carriers 承运扫描: kept until an order knows the waybill; else they are findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.sentinel.model import Found
from danshu.hub import findings, search
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

Connection = Any
_GRACE_S: Final = 10
_TAKE: Final = """
insert into carrier_scans(tenant,carrier,waybill,at)
select %s, %s, * from unnest(%s::text[],%s::timestamptz[]) on conflict do nothing
"""
_SCANS: Final = """
select carrier, waybill, at from carrier_scans where tenant=%s and at <= %s order by at limit 200
"""
_KNOWN: Final = "select 1 from order_search where tenant=%s and terms @> %s::int8[] limit 1"
_DROP: Final = """
delete from carrier_scans where tenant=%s and (carrier, waybill) in (select * from
unnest(%s::text[],%s::text[]))
"""


async def take(
    connection: Connection,
    tenant: int,
    carrier: str,
    scans: Sequence[tuple[str, datetime.datetime]],
) -> int:
    """Keep scans (waybill, when), each once; gives how many are new."""
    unique = dict(scans)
    told = (tenant, carrier, list(unique), list(unique.values()))
    cursor = await connection.execute(_TAKE, told)
    return int(cursor.rowcount)


async def look(connection: Connection, tenant: int, at_ms: int) -> None:
    """Find parcels that a carrier scanned and no order knows; what is known leaves the list."""
    until = write.instant((at_ms - _GRACE_S * 1000) * 1000)
    rows = await (await connection.execute(_SCANS, (tenant, until))).fetchall()
    if not rows:
        return
    salt = await search.read_salt(connection, tenant)
    opened: list[Found] = []
    known: list[tuple[str, str]] = []
    for carrier, waybill, at in rows:
        terms = [token.whole[0] for token in search.ask(salt, waybill) if token.whole]
        row = await (await connection.execute(_KNOWN, (tenant, terms))).fetchone()
        if row is not None:
            known.append((carrier, waybill))
            continue
        opened.append(
            Found(
                klass="waybill_without_order",
                subject=f"{carrier}/{waybill}",
                cause="scan_unknown",
                params={"waybill": waybill, "carrier": carrier},
                place=carrier,
                number=waybill,
                at_ms=round(at.timestamp() * 1000),
            )
        )
    async with connection.transaction():
        gone = [("waybill_without_order", f"{carrier}/{waybill}") for carrier, waybill in known]
        await findings.record(connection, tenant, at_ms, opened, gone)
        if known:
            columns = [list(c) for c in zip(*known, strict=True)]
            await connection.execute(_DROP, (tenant, *columns))
