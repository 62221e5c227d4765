"""Rights and value of all assets at a glance 权属与估值: what the console's page shows first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.licensing import billing, decide
from danshu.capabilities.licensing.model import day_of
from danshu.hub import assets, balance_sheet, licence_rows, rights_register, valuations
from danshu.ports.asset import Title

if TYPE_CHECKING:
    import datetime

    from danshu.hub.licence_rows import LicenceRow

Connection = Any
_USED: Final = (
    "select licence, kind, rows, day from licence_usage where tenant=%s and day>=%s and day<=%s"
)
_MOST: Final = 500


class AssetValue(Struct, frozen=True, kw_only=True):
    """An asset: whose it is ("" = nothing registered), licences in force and waiting for approval,
    what they bring this month (fen), the approved range (0 = none, and the version of it), a draft
    that waits, how it stands in the balance sheet ("" = not decided).
    """

    asset: str
    title: Title
    source: str
    holder: str
    rights: tuple[str, ...]
    licences: int
    drafts: int
    rows: int
    queries: int
    due_fen: int
    version: int
    low_fen: int
    mid_fen: int
    high_fen: int
    waiting: int
    treatment: str


async def overview(connection: Connection, tenant: int, now_ms: int) -> tuple[AssetValue, ...]:
    """List all assets that are plugged in, by name."""
    rights = {r.asset: r.entry for r in await rights_register.list_newest(connection, tenant)}
    valued = await valuations.standing(connection, tenant)
    waiting = await valuations.waiting(connection, tenant)
    treated = await balance_sheet.list_treatments(connection, tenant)
    given = await _sum_licences(connection, tenant, day_of(now_ms))
    found = []
    for name, asset in sorted(assets.known().items()):
        right, value = rights.get(name), valued.get(name)
        span = value.result.range if value else None
        sums = given.get(name, _Sums())
        found.append(
            AssetValue(
                asset=name,
                title=asset.title,
                source=right.source if right else "",
                holder=right.holder if right else "",
                rights=right.rights if right else (),
                licences=sums.active,
                drafts=sums.drafts,
                rows=sums.rows,
                queries=sums.queries,
                due_fen=sums.due_fen,
                version=value.version if value else 0,
                low_fen=span.low if span else 0,
                mid_fen=span.mid if span else 0,
                high_fen=span.high if span else 0,
                waiting=waiting.get(name, 0),
                treatment=treated[name].doc.treatment if name in treated else "",
            )
        )
    return tuple(found)


class _Sums(Struct):
    active: int = 0
    drafts: int = 0
    rows: int = 0
    queries: int = 0
    due_fen: int = 0


async def _sum_licences(
    connection: Connection, tenant: int, today: datetime.date
) -> dict[str, _Sums]:
    first = today.replace(day=1)
    rows = await licence_rows.list_rows(connection, tenant, {}, 0, _MOST)
    used: dict[Any, list[Any]] = {}
    cursor = await connection.execute(_USED, (tenant, first, today))
    for licence, kind, count, day in await cursor.fetchall():
        used.setdefault(licence, []).append(licence_rows.usage(kind, count, day))
    found: dict[str, _Sums] = {}
    for row in rows:
        _add(found.setdefault(row.terms.asset, _Sums()), row, used.get(row.id, []), today)
    return found


def _add(sums: _Sums, row: LicenceRow, used: list[Any], today: datetime.date) -> None:
    standing = decide.standing(row.terms, row.state, today)
    sums.drafts += standing == "draft"
    sums.active += standing == "active"
    if row.state in ("active", "ended"):
        ended = day_of(round(row.ended.timestamp() * 1000)) if row.ended else None
        told = billing.bill(row.terms, today, used, ended)
        sums.rows += told.rows
        sums.queries += told.queries
        sums.due_fen += told.due_fen
