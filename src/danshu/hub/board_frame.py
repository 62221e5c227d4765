"""What an overview is asked for: whose, which channel and warehouse, which days, and when."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from danshu.hub.board_marks import (
    ANYWHERE,
    DAY_MS,
    EVERY,
    HOUR_MS,
    MINUTE_MS,
    SLOT_MS,
    day_ms,
    day_of,
)
from danshu.kernel.fact import rfc3339
from danshu.ledger import write

RANGES: Final = {"today": 1, "7d": 7}
DUE_MS: Final = 7_200_000  # how soon "about to break" is
DUE_SLOTS: Final = 72  # ten minutes each, of the figure's series
VERDICT_HOURS: Final = 24
WEEKS: Final = 4  # of history behind the chart
WEEK_MS: Final = 7 * DAY_MS


class Frame(Struct, frozen=True, kw_only=True):
    """`warehouse` and `wh` are one warehouse, "" and None all; `channel` "" all; `range` is one of
    RANGES.
    """

    tenant: int
    channel: str
    warehouse: str
    wh: int | None
    range: str
    now_ms: int

    @property
    def first_day(self) -> int:
        """The first day of the range, Asia/Shanghai."""
        return day_of(self.now_ms) - RANGES[self.range] + 1

    @property
    def begin_ms(self) -> int:
        """When the range begins."""
        return day_ms(self.first_day)

    @property
    def step_min(self) -> int:
        """Minutes of one step of the chart."""
        return 10 if self.range == "today" else 60

    @property
    def of_min(self) -> int:
        """Minutes that the latest and the highest rate are of."""
        return 1 if self.range == "today" and self.wh is None else 10

    @property
    def due_slot(self) -> int:
        """The ten minutes before which a promise is about to break: two hours, and what is left of
        them.
        """
        return -(-(self.now_ms + DUE_MS) // SLOT_MS)

    def link(self, *terms: str) -> str:
        """Give the address of the orders that meet the terms in this frame."""
        every = [*terms]
        if self.channel:
            every.append(f"channel.in.{self.channel}")
        if self.warehouse:
            every.append(f"warehouse.in.{self.warehouse}")
        return "/orders?f=" + quote(";".join(every), safe=".;,:")

    def params(self) -> dict[str, Any]:
        """Give what the questions are asked with (board_queries.py)."""
        begin, now = self.begin_ms, self.now_ms
        back_ms = RANGES[self.range] * DAY_MS if self.range != "today" else WEEK_MS
        return {
            "tenant": self.tenant,
            "channel": self.channel,
            "wh": self.wh,
            "of_channel": self.channel or EVERY,
            "of_wh": ANYWHERE if self.wh is None else self.wh,
            "step_slots": self.step_min * MINUTE_MS // SLOT_MS,
            "first_minute": begin // MINUTE_MS,
            "first_slot": begin // SLOT_MS,
            "first_hour": begin // HOUR_MS,
            "first_day": self.first_day,
            "last_minute": now // MINUTE_MS - 1,
            "last_slot": now // SLOT_MS - 1,
            "this_slot": now // SLOT_MS,
            "before_slot": (begin - back_ms) // SLOT_MS,
            "before_end_slot": (now - back_ms) // SLOT_MS,
            "day_ago": write.instant((now - DAY_MS) * 1000),
            "day_ago_hour": now // HOUR_MS - VERDICT_HOURS,
            "due_slot": now // SLOT_MS + DUE_SLOTS,
            **{
                f"day{week}": (day_ms(day_of(now)) - week * WEEK_MS) // SLOT_MS
                for week in range(1, WEEKS + 1)
            },
        }

    def placed(self) -> str:
        """Give the term of what was placed in the range."""
        return "placed.ge.today" if self.range == "today" else f"placed.ge.{rfc3339(self.begin_ms)}"
