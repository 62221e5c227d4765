"""Who goes a lane, from a warehouse to a region, by the words that orders' rows have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.limits import LANES_KEPT
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

Lane = tuple[int, str]
"""A warehouse's number and a region's code."""
_READ: Final = """
select w.wh, w.region, l.carrier from unnest(%b::int4[],%b::text[]) w(wh,region)
join regions r on r.tenant=%b and r.code=w.region
join lanes l on l.tenant=r.tenant and l.wh=w.wh and l.region=r.no
"""


class Carriers:
    """The carriers of lanes as last read, forgotten when the merchant's master data changed."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, dict[Lane, str]]] = {}
        self._lanes = 0

    async def of(
        self,
        connection: psycopg.AsyncConnection[Any],
        tenant: int,
        revision: int,
        lanes: Sequence[Lane],
    ) -> Mapping[Lane, str]:
        """Give the carriers of these lanes, "" where nobody goes; `revision` is the master data's,
        read before.
        """
        at, known = self._known.get(tenant, (-1, {}))
        if at != revision:
            self._lanes -= len(known)
            known = {}
            self._known[tenant] = revision, known
        new = {lane for lane in lanes if lane not in known}
        if not new:
            return known
        if self._lanes + len(new) > LANES_KEPT:
            self._lanes, known = 0, {}
            self._known = {tenant: (revision, known)}
            new = set(lanes)
        whs, regions = zip(*new, strict=True)
        asked = (write.int4s(whs), write.texts(regions), tenant)
        cursor = await connection.execute(_READ, asked, binary=True)
        known.update(dict.fromkeys(new, ""))
        known.update({(wh, region): carrier for wh, region, carrier in await cursor.fetchall()})
        self._lanes += len(new)
        return known
