"""What the maturity check counts: one query a criterion, of the merchant's own rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.coe import maturity
from danshu.capabilities.coe.weeks import DAY_MS
from danshu.kernel import ids
from danshu.kernel.fact import rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.coe.maturity import MaturityReport
    from danshu.hub.compose import Hub

Connection = Any
_NEWEST: Final = 5_000
"""Orders and verdicts that shares are of, the newest."""
_QUERIES: Final = {
    "shops": "select count(*) from accounts where tenant=%(t)s",
    "promised": """
select case when count(*) > 0 then round(1000.0 * count(*) filter (where exists (
    select 1 from verdicts v where v.tenant=%(t)s and v.id=o.id) or exists (
    select 1 from ticking k where k.tenant=%(t)s and k.id=o.id)) / count(*))::int end
from (select id from orders where tenant=%(t)s and id >= %(from28)s order by id desc
  limit %(newest)s) o
""",
    "kept": """
select case when count(*) > 0
  then round(1000.0 * count(*) filter (where state='kept') / count(*))::int end
from (select state from verdicts where tenant=%(t)s and at >= %(d28)s
  and state in ('kept','broken','late') order by at desc limit %(newest)s) v
""",
    "seal_lag": """
select case when bool_and(signed >= size) then 0 else coalesce((
    select extract(epoch from %(now)s - max(c.signed))::int from checkpoints c
    where c.tenant=%(t)s), 2147483647) end
from books where tenant=%(t)s
""",
    "witnesses": "select count(*) from witnesses where tenant=%(t)s",
    "overdue_findings": """
select count(*) from findings where tenant=%(t)s and state in ('open','assigned') and due < %(now)s
""",
    "live_policy": """
select count(*) from policy_heads where tenant=%(t)s and kind='routing' and live <> ''
""",
    "trials": """
select case when count(*) > 0 then round(1000.0 * count(*) filter (where exists (
  select 1 from policy_trials p where p.tenant=%(t)s and p.digest=s.digest and p.state='done'))
  / count(*))::int end
from policy_sets s where s.tenant=%(t)s
""",
    "connectors": "select count(*) from connectors where tenant=%(t)s and state='on'",
    "reconciled": """
select count(*) from reconcile_runs r join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%(t)s and j.state='done' and j.ended >= %(d35)s
""",
    "assets": """
select count(distinct asset) from asset_runs where tenant=%(t)s and began >= %(d7)s
and outcome='built'
""",
    "signals": "select count(*) from signal_feeds where tenant=%(t)s",
    "forecasts": "select count(*) from forecast_runs where tenant=%(t)s and at >= %(d7)s",
    "models": "select count(*) from learning_models where tenant=%(t)s and state='champion'",
    "network": """
select count(*) from network_runs where tenant=%(t)s and kind='plan' and finished >= %(d7)s
""",
    "measured": "select count(*) from proposals where tenant=%(t)s and doc->'outcome' is not null",
    "experiments": "select count(*) from experiments where tenant=%(t)s and state='stopped'",
    "reviews": """
select count(*) from weekly_reviews where tenant=%(t)s and id >= %(from28)s
and jsonb_array_length(body->'agenda') > 0
""",
}


async def read(hub: Hub, tenant: int) -> MaturityReport:
    """Check a merchant's maturity as of now."""
    now_ms = hub.clock()
    asked: dict[str, Any] = {
        "t": tenant,
        "now": write.instant(now_ms * 1000),
        "newest": _NEWEST,
        "from28": ids.uuid7(now_ms - 28 * DAY_MS, bytes(10)),
    }
    asked |= {f"d{n}": write.instant((now_ms - n * DAY_MS) * 1000) for n in (7, 28, 35)}
    found: dict[str, int | None] = {}
    async with hub.connection() as connection:
        for code, sql in _QUERIES.items():
            row = await (await connection.execute(sql, asked)).fetchone()
            found[code] = None if row is None or row[0] is None else int(row[0])
    return maturity.check(found, rfc3339(now_ms))
