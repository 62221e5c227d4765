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
_AT_ONCE: Final = 200
# What has no finding yet; beside it some of all that wait, in turn, for orders that came since.
_FRESH: Final = """
select carrier, waybill, at from carrier_scans s where tenant=%s and at <= %s and not exists (
  select 1 from findings f where f.tenant=s.tenant and f.class='waybill_without_order'
  and f.subject=s.carrier || '/' || s.waybill and not (f.state='done' and f.how='gone'))
order by at limit %s
"""
_IN_TURN: Final = """
select carrier, waybill, at from carrier_scans where tenant=%s and at <= %s
and (carrier, waybill) > (%s, %s) order by carrier, waybill limit %s
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


class Scans:
    """Looks at what waits; remembers of each merchant whose turn is next."""

    def __init__(self) -> None:
        self._after: dict[int, tuple[str, str]] = {}

    async def look(self, connection: Connection, tenant: int, at_ms: int) -> None:
        """Find parcels that a carrier scanned and no order knows; what is known leaves the list."""
        until = write.instant((at_ms - _GRACE_S * 1000) * 1000)
        after = self._after.get(tenant, ("", ""))
        asked = (tenant, until, *after, _AT_ONCE)
        turn = await (await connection.execute(_IN_TURN, asked)).fetchall()
        self._after[tenant] = turn[-1][:2] if len(turn) == _AT_ONCE else ("", "")
        if not turn and after == ("", ""):
            return
        fresh = await (await connection.execute(_FRESH, (tenant, until, _AT_ONCE))).fetchall()
        await _ask(connection, tenant, at_ms, list(dict.fromkeys([*fresh, *turn])))


async def _ask(
    connection: Connection,
    tenant: int,
    at_ms: int,
    rows: Sequence[tuple[str, str, datetime.datetime]],
) -> None:
    """Ask of each scan whether an order knows it by now."""
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
