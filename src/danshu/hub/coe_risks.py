"""What may go wrong next, as a review tells it: promises that fall due, read as they stand now."""

from __future__ import annotations

from typing import Any, Final

from danshu.capabilities.coe.weekly import Ahead, CoeCite
from danshu.capabilities.coe.weeks import WEEK_MS
from danshu.ledger import write

Connection = Any
_DUE: Final = """
select coalesce(w.code, ''), count(*), count(*) filter (where t.due <= %(now)s), min(t.id::text)
from ticking t left join warehouses w on w.tenant=t.tenant and w.no=t.wh
where t.tenant=%(t)s and t.due < %(end)s group by 1 order by 2 desc, 1 limit 5
"""


async def read(connection: Connection, tenant: int, now_ms: int) -> tuple[Ahead, ...]:
    """Read what lies ahead of a merchant, the most urgent first."""
    return tuple(await _due(connection, tenant, now_ms))


async def _due(connection: Connection, tenant: int, now_ms: int) -> list[Ahead]:
    asked = {
        "t": tenant,
        "now": write.instant(now_ms * 1000),
        "end": write.instant((now_ms + WEEK_MS) * 1000),
    }
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    return [
        Ahead(
            key=f"risk:due:{code}",
            zh=f"仓 {code or '（未分仓）'}：七天内到期的承诺 {n} 条，其中已过期未判 {over} 条。",
            en=f"Warehouse {code or '(none yet)'}: {n} promises fall due within seven days,"
            f" {over} of them past due and not judged.",
            cites=(CoeCite(kind="order", ref=order),),
        )
        for code, n, over, order in rows
    ]
