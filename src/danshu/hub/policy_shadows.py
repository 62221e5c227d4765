"""Shadow runs 影子运行: a set that is asked beside the one that rules, and changes nothing.

The room `policies` decides the orders that came since the run began once more under the shadow set,
from their records: placing an order costs nothing of it.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from msgspec import Struct

Connection = psycopg.AsyncConnection[Any]
_READ: Final = """
select decided, differed, held, cost_fen, shadow_fen from policy_shadows
where tenant=%s and digest=%s
"""


class ShadowFigures(Struct, frozen=True, kw_only=True):
    """What a shadow run has seen: orders decided, those that the set would have sent elsewhere or
    held, and the cost of both in 分 (freight and handling).
    """

    digest: str
    decided: int = 0
    differed: int = 0
    held: int = 0
    cost_fen: int = 0
    shadow_fen: int = 0


async def read(connection: Connection, tenant: int, digest: str) -> ShadowFigures:
    """Read the figures of a set's shadow runs; zeros when it never ran."""
    row = await (await connection.execute(_READ, (tenant, bytes.fromhex(digest)))).fetchone()
    if row is None:
        return ShadowFigures(digest=digest)
    return ShadowFigures(
        digest=digest, decided=row[0], differed=row[1], held=row[2], cost_fen=row[3],
        shadow_fen=row[4],
    )  # fmt: skip
