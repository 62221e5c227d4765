"""What the agent's proposals came to: accepted, measured against what was expected, taken back."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.agent.model import ACCEPTED

Connection = Any
DAYS: Final = 30
_DAY_MS: Final = 86_400_000
_DECIDED: Final = (*sorted(ACCEPTED), "refused", "expired", "failed", "rehearsed")
_COUNTED: Final = """
select action, count(*)::int4,
count(*) filter (where state = any(%(accepted)s))::int4,
count(*) filter (where (doc->>'is_automatic')::boolean)::int4,
count(*) filter (where doc->'outcome' is not null)::int4,
coalesce(sum((doc->'terms'->>'mid_fen')::int8) filter (where doc->'outcome' is not null),0)::int8,
coalesce(sum((doc->'outcome'->>'mid_fen')::int8),0)::int8,
count(*) filter (where doc->'outcome' is not null and ((doc->'outcome'->>'mid_fen')::int8 < 0
  or (doc->'outcome'->>'mid_fen')::int8 < (doc->'terms'->>'low_fen')::int8))::int4,
count(*) filter (where state in ('rolling_back','rolled_back'))::int4,
count(*) filter (where state = 'rolled_back')::int4
from proposals where tenant=%(t)s and made >= to_timestamp(%(since)s/1000.0)
and state = any(%(decided)s) group by action order by action
"""
_WORTH: Final = """
select (doc->'outcome'->>'low_fen')::int8, (doc->'outcome'->>'mid_fen')::int8,
(doc->'outcome'->>'high_fen')::int8 from proposals
where tenant=%s and made >= to_timestamp(%s/1000.0) and doc->'outcome' is not null
"""


class Figures(Struct, frozen=True, kw_only=True):
    """Of so many days, of an action ("" = of all): decided, of them accepted, automatic, measured;
    of the measured what was expected and what came (分), how many were regretted; taken back.
    """

    action: str
    decided: int
    accepted: int
    automatic: int
    measured: int
    expected_fen: int
    real_fen: int
    regretted: int
    rollbacks: int
    restored: int

    @property
    def overestimated(self) -> int | None:
        """By how many thousandths of what was expected too much was expected; None: not known."""
        if self.measured == 0 or self.expected_fen <= 0:
            return None
        return round(1000 * (self.expected_fen - self.real_fen) / self.expected_fen)


async def read(connection: Connection, tenant: int, now_ms: int) -> list[Figures]:
    """Read the figures of the last 30 days, by action."""
    told = {
        "t": tenant,
        "since": now_ms - DAYS * _DAY_MS,
        "accepted": sorted(ACCEPTED),
        "decided": list(_DECIDED),
    }
    cursor = await connection.execute(_COUNTED, told)
    names = Figures.__struct_fields__
    return [Figures(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


def add_up(found: list[Figures]) -> Figures:
    """Add the figures of all actions up."""
    names = [name for name in Figures.__struct_fields__ if name != "action"]
    return Figures(action="", **{name: sum(getattr(one, name) for one in found) for name in names})


async def read_interval(connection: Connection, tenant: int, now_ms: int) -> tuple[int, int]:
    """Read between what the worth of all that was measured lies (80 %), in 分: the distances from
    the middle add up as squares, proposals being measured apart from one another.
    """
    cursor = await connection.execute(_WORTH, (tenant, now_ms - DAYS * _DAY_MS))
    rows = await cursor.fetchall()
    middle = sum(mid for _, mid, _ in rows)
    below = sum((mid - low) ** 2 for low, mid, _ in rows) ** 0.5
    above = sum((high - mid) ** 2 for _, mid, high in rows) ** 0.5
    return round(middle - below), round(middle + above)
