"""Skill `chase-carrier`: a carrier that is later on a lane than it used to be is asked why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason
from danshu.kernel.limits import CHASED_PARCELS
from danshu.ports.skill import Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import LateLane


class ChaseCarrier:
    """Proposes to ask for each parcel on the way, once a lane a day."""

    name = "chase-carrier"
    title = Told(zh="催晚的承运商", en="Chase a late carrier")
    about = Told(
        zh="看到某承运商在某线路上比平时晚，提议逐件追问在途包裹",
        en="Sees a carrier later on a lane than usual, and proposes to ask for its parcels",
    )
    version = 1
    action = "chase_carrier"
    views = ("late_lanes",)
    every_s = 3_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each lane with parcels on the way, the dearest first."""
        rows: Sequence[LateLane] = views.get("late_lanes", ())
        for row in sorted(rows, key=lambda r: (-r.worth.mid_fen, r.carrier, r.to_region)):
            if row.parcels and row.late > row.usual and row.cites:
                yield _draft(row, now_ms)


def _draft(row: LateLane, now_ms: int) -> Draft:
    n = min(len(row.parcels), CHASED_PARCELS)
    lane = f"{row.from_warehouse} → {row.to_region}"
    return Draft(
        action="chase_carrier",
        key=f"{row.carrier}/{row.from_warehouse}/{row.to_region}",
        title=Told(
            zh=f"催 {row.carrier}:{lane} 在途 {n} 件",
            en=f"Chase {row.carrier}: {n} parcels on {lane}",
        ),
        parameters={
            "carrier": row.carrier,
            "from_warehouse": row.from_warehouse,
            "to_region": row.to_region,
            "parcels": list(row.parcels[:n]),
        },
        worth=row.worth,
        cost_fen=0,
        lost_at_most_fen=0,
        reasons=(
            reason(
                f"近来 {row.counted} 件里 {percent(row.late)} 晚到，平时 {percent(row.usual)}",
                f"{percent(row.late)} of the last {row.counted} were late, "
                f"{percent(row.usual)} is usual",
                row.cites,
            ),
        ),
        expires_ms=now_ms + DAY_MS,
        chance=Chance(of=Told(zh="晚到", en="late"), before=row.late, after=row.late),
        alternatives=(idle("在途的照样晚", "what is on the way stays late", row.late),),
    )
