"""How many promises there are altogether, by the board's counters: exact however many they are.

The counters know channel, warehouse and code of a promise, and the day of its outcome; they know no
carrier. They are a moment behind the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import board
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.hub.promise_views import Asked

Connection = psycopg.AsyncConnection[Any]
_COLUMNS: Final = {"channel": "channel", "warehouse": "wh", "code": "code"}
_COUNTED: Final = f"""
select {{key}}::text, state, sum(n)::int8 from board_counts
where tenant=%(tenant)s and kind={int(Kind.PROMISE)} and state = any(%(states)s)
and ({{places}}) and (%(code)s='' or code=%(code)s) group by 1,2
"""
_OPEN: Final = (Verdict.RUNNING, Verdict.PAUSED)
_DECIDED: Final = {
    Verdict.KEPT: "kept",
    Verdict.KEPT_SELF: "kept",
    Verdict.BROKEN: "broken",
    Verdict.LATE: "late",
    Verdict.BORDERLINE: "borderline",
    Verdict.EXCUSED: "excused",
}


class Decided(Struct, kw_only=True):
    """Verdicts of all times, counted."""

    kept: int = 0
    broken: int = 0
    late: int = 0
    borderline: int = 0
    excused: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.kept + self.broken + self.late + self.borderline + self.excused


async def read_open(
    connection: Connection, tenant: int, asked: Asked, by: str
) -> dict[str, int] | None:
    """Count the running and paused promises by a column's value; None when it cannot be told."""
    rows = await _read(connection, tenant, asked, by, _OPEN)
    if rows is None:
        return None
    totals: dict[str, int] = {}
    for key, _, n in rows:
        totals[key] = totals.get(key, 0) + n
    return totals


async def read_decided(
    connection: Connection, tenant: int, asked: Asked, by: str
) -> dict[str, Decided] | None:
    """Count the verdicts of all times by a column's value; None when it cannot be told."""
    rows = await _read(connection, tenant, asked, by, _DECIDED)
    if rows is None:
        return None
    totals: dict[str, Decided] = {}
    for key, state, n in rows:
        told = totals.setdefault(key, Decided())
        name = _DECIDED[Verdict(state)]
        setattr(told, name, getattr(told, name) + n)
    return {key: told for key, told in totals.items() if told.total}


async def _read(
    connection: Connection, tenant: int, asked: Asked, by: str, states: Iterable[Verdict]
) -> list[tuple[str, int, int]] | None:
    if by not in _COLUMNS or asked.carrier or await board.is_rebuilding(connection, tenant):
        return None
    # One series of counters: of each value where they are told apart, else of all together.
    wh = "wh<>%(anywhere)s" if by == "warehouse" else "wh=%(anywhere)s"
    channel = "channel<>%(every)s" if by == "channel" else "channel=%(every)s"
    places = [
        "wh=%(wh)s" if asked.warehouse is not None else wh,
        "channel=%(channel)s" if asked.channel else channel,
    ]
    params = {
        "tenant": tenant,
        "states": [int(s) for s in states],
        "code": asked.code,
        "wh": asked.warehouse,
        "channel": asked.channel,
        "anywhere": ANYWHERE,
        "every": EVERY,
    }
    sql = _COUNTED.format(key=_COLUMNS[by], places=" and ".join(places))
    cursor = await connection.execute(sql.encode(), params, binary=True)
    return [(key, state, n) for key, state, n in await cursor.fetchall()]
