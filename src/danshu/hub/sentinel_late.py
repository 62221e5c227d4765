"""What is late beside orders: a case whose next step is past its time, a parcel that a carrier was
asked to stop and nobody heard of since, a shop whose listing can't be compared. All are of class
`stuck`, each by its cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.sentinel.model import Found
from danshu.hub import findings
from danshu.kernel.limits import INTERCEPT_CARRIER_MS, PULL_LATE_S, SENTINEL_STUCK_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime

Connection = Any
CASE: Final = "case_late"
INTERCEPT: Final = "intercept_late"
PULL: Final = "pull_late"
_FRESH: Final = """
and not exists (select 1 from findings f where f.tenant=%(t)s and f.class='stuck'
  and f.subject={subject} and not (f.state='done' and f.how='gone'))
"""
_CASE: Final = "replace(a.id::text,'-','')||'/case'"
_SHOP: Final = "p.channel||'/'||p.shop||'/pull'"
# An expired token is how it mostly comes about; meanwhile nothing that is missing would be found.
_BEHIND: Final = f"""
p.is_on and p.adapter<>'' and p.asked is not null
and p.upto < %(now)s - (2*p.every_s + {PULL_LATE_S}) * interval '1 second'
"""
_PARCEL: Final = "replace(c.id::text,'-','')||'/'||c.fulfilment||'/intercept'"
_CASES: Final = f"""
select {_CASE}, a.id, a.oid, a.number, a.channel, a.shop, a.wh, a.amount, a.due, a.kind
from after_sales a where a.tenant=%(t)s and a.due <= %(now)s {_FRESH.format(subject=_CASE)}
order by a.due, a.id limit {SENTINEL_STUCK_ROWS}
"""
_CASES_OVER: Final = f"""
select f.subject from findings f
left join after_sales a on a.tenant=f.tenant and {_CASE}=f.subject and a.due <= %(now)s
where f.tenant=%(t)s and f.class='stuck' and f.cause='{CASE}' and f.state<>'done'
and a.id is null limit {SENTINEL_STUCK_ROWS}
"""
_PARCELS: Final = f"""
select {_PARCEL}, c.id, c.carrier, c.waybill, c.trouble, c.asked, l.total, l.channel,
coalesce(w.code,'') from carrier_intercepts c
left join worklist l on l.tenant=c.tenant and l.id=c.id
left join warehouses w on w.tenant=c.tenant and w.no=l.wh
where c.tenant=%(t)s and c.asked <= %(late)s {_FRESH.format(subject=_PARCEL)}
order by c.asked, c.id limit {SENTINEL_STUCK_ROWS}
"""
_PARCELS_OVER: Final = f"""
select f.subject from findings f left join carrier_intercepts c on c.tenant=f.tenant
and c.id=f.oid and {_PARCEL}=f.subject
where f.tenant=%(t)s and f.class='stuck' and f.cause='{INTERCEPT}' and f.state<>'done'
and c.id is null limit {SENTINEL_STUCK_ROWS}
"""
# Nobody could be asked when it was tried: before a person is, it is tried once more.
_AGAIN: Final = """
update carrier_intercepts set next_try=%s where tenant=%s and next_try is null and id=any(%s)
"""
_SHOPS: Final = f"""
select {_SHOP}, p.channel, p.shop, p.trouble, p.upto from pull_accounts p
where p.tenant=%(t)s and {_BEHIND} {_FRESH.format(subject=_SHOP)} order by p.upto
"""
_SHOPS_OVER: Final = f"""
select f.subject from findings f
left join pull_accounts p on p.tenant=f.tenant and {_SHOP}=f.subject and {_BEHIND}
where f.tenant=%(t)s and f.class='stuck' and f.cause='{PULL}' and f.state<>'done'
and p.shop is null
"""


async def look(connection: Connection, tenant: int, at_ms: int) -> None:
    """Find cases, parcels and shops that are late; end the findings of those that no longer are."""
    given = {
        "t": tenant,
        "now": write.instant(at_ms * 1000),
        "late": write.instant((at_ms - INTERCEPT_CARRIER_MS) * 1000),
    }
    opened: list[Found] = []
    parcels = await _all(connection, _PARCELS, given)
    opened += [_of_parcel(row) for row in parcels]
    for sql, make in ((_CASES, _of_case), (_SHOPS, _of_shop)):
        opened += [make(row) for row in await _all(connection, sql, given)]
    gone = [
        ("stuck", subject)
        for sql in (_CASES_OVER, _PARCELS_OVER, _SHOPS_OVER)
        for (subject,) in await _all(connection, sql, given)
    ]
    if opened or gone:
        async with connection.transaction():
            await findings.record(connection, tenant, at_ms, opened, gone)
            if parcels:
                ids = [row[1] for row in parcels]
                await connection.execute(_AGAIN, (given["now"], tenant, ids))


def _of_case(row: tuple[Any, ...]) -> Found:
    subject, id_, order, number, channel, shop, warehouse, amount, due, kind = row
    return Found(
        klass="stuck", subject=subject, cause=CASE,
        params={"case": str(id_), "kind": kind, "due": _ms(due)}, evidence=(f"{id_}/1",),
        channel=channel, shop=shop, warehouse=warehouse, place=shop, order=order.bytes,
        number=number, risk=amount, at_ms=_ms(due),
    )  # fmt: skip


def _of_parcel(row: tuple[Any, ...]) -> Found:
    subject, id_, carrier, waybill, trouble, asked, total, channel, warehouse = row
    return Found(
        klass="stuck", subject=subject, cause=INTERCEPT,
        params={"carrier": carrier, "waybill": waybill, "trouble": trouble, "asked": _ms(asked)},
        evidence=(f"{id_}/1",), channel=channel or "", warehouse=warehouse, place=carrier,
        order=id_.bytes, number=waybill, risk=total or 0,
        at_ms=_ms(asked) + INTERCEPT_CARRIER_MS,
    )  # fmt: skip


def _of_shop(row: tuple[Any, ...]) -> Found:
    subject, channel, shop, trouble, upto = row
    return Found(
        klass="stuck", subject=subject, cause=PULL,
        params={"trouble": trouble, "since": _ms(upto)}, channel=channel, shop=shop, place=shop,
    )  # fmt: skip


async def _all(connection: Connection, sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = await (await connection.execute(sql, given)).fetchall()
    return rows


def _ms(at: datetime.datetime) -> int:
    return round(at.timestamp() * 1000)
