"""What is looked at for every merchant once a night, and at once when a person asks.

A table has a row a merchant: since when somebody waits, the day of the last look, and what came of
it.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = Any
NIGHT_HOUR: Final = 3  # of the local day
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))


class Due(Struct, frozen=True, kw_only=True):
    """A merchant to look at: whether somebody asked, the local day, and what the last look kept
    (None throughout where there was none).
    """

    tenant: int
    asked: bool
    day: datetime.date
    kept: tuple[Any, ...]


class Nightly(Struct, frozen=True, kw_only=True):
    """Looks of a kind: their `table`, the columns that a look gives, and (`unasked`) what must be
    true of a merchant `t` that nobody asked about.
    """

    table: str
    kept: tuple[str, ...]
    unasked: str = "true"

    async def look_due(
        self,
        connection: Connection,
        at_ms: int,
        look: Callable[[Connection, Due, int], Awaitable[tuple[Any, ...]]],
    ) -> int:
        """Look for the merchants that are due; gives how many."""
        local = datetime.datetime.fromtimestamp(at_ms / 1000, _UTC8)
        columns = "".join(f", w.{name}" for name in self.kept)
        query = f"""
        select t.id, w.wanted is not null{columns} from tenants t
        left join {self.table} w on w.tenant=t.id where w.wanted is not null
        or (%s and w.looked is distinct from %s and {self.unasked}) order by t.id
        """
        told = (local.hour >= NIGHT_HOUR, local.date())
        rows = await (await connection.execute(query, told)).fetchall()
        places = ",".join(["%s"] * len(self.kept))
        again = "".join(f", {name}=excluded.{name}" for name in self.kept)
        done = f"""
        insert into {self.table}(tenant,looked,{",".join(self.kept)}) values (%s,%s,{places})
        on conflict (tenant) do update set looked=excluded.looked, wanted=null{again}
        """
        for tenant, asked, *kept in rows:
            due = Due(tenant=tenant, asked=asked, day=local.date(), kept=tuple(kept))
            came = await look(connection, due, at_ms)
            await connection.execute(done, (tenant, local.date(), *came))
        return len(rows)

    async def want(self, connection: Connection, tenant: int) -> None:
        """Ask for a look now."""
        query = f"""
        insert into {self.table}(tenant,wanted) values(%s,now())
        on conflict (tenant) do update set wanted=coalesce({self.table}.wanted, now())
        """
        await connection.execute(query, (tenant,))

    async def read(self, connection: Connection, tenant: int) -> tuple[Any, ...] | None:
        """Give since when somebody waits, the day of the last look, and what it kept."""
        query = f"select wanted, looked, {','.join(self.kept)} from {self.table} where tenant=%s"
        row: tuple[Any, ...] | None
        row = await (await connection.execute(query, (tenant,))).fetchone()
        return row
