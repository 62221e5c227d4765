"""How many exceptions wait: for the live stream and the badge of the rail."""

from __future__ import annotations

from typing import Any, Final

from danshu.capabilities.sentinel.model import CLASSES

Connection = Any
_RED: Final = [c.code for c in CLASSES if c.grade == "red"]
_READ: Final = """
select coalesce((select no from finding_heads where tenant=%(t)s), 0),
coalesce(sum(n), 0)::int8, coalesce(sum(n) filter (where class = any(%(red)s)), 0)::int8
from finding_counts where tenant=%(t)s and state in ('open', 'assigned')
"""


async def read(connection: Connection, tenant: int) -> tuple[int, int, int]:
    """Give the board's revision, how many findings wait, and how many of them are red."""
    asked = {"t": tenant, "red": _RED}
    row = await (await connection.execute(_READ, asked)).fetchone()
    return (int(row[0]), int(row[1]), int(row[2])) if row else (0, 0, 0)
