"""Several feeds about one thing: what each variable makes of them.

Usually the newest word holds. Not where a silence of one feed would undo another's warning: of
alerts the strongest fresh one holds, of compliance every bit that any fresh source sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.routing.signals import Quality, Reading, alert_level
from danshu.capabilities.routing.variables import BY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

JOINED: Final = frozenset({"wx_alert", "policy_compliance"})


def join(readings: Iterable[Reading], now_ms: int) -> list[Reading]:
    """Give at most one reading for each subject of a joined variable, all others as they are."""
    kept: list[Reading] = []
    together: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        if reading.key in JOINED:
            together.setdefault((reading.key, reading.subject), []).append(reading)
        else:
            kept.append(reading)
    for (key, _), told in sorted(together.items()):
        variable = BY_KEY[key]
        fresh = [
            r
            for r in told
            if now_ms - r.observed_ms <= variable.ttl_s * 1000
            and r.quality is not Quality.BAD
            and variable.low <= r.value <= variable.high
        ]
        if not fresh:
            kept.extend(told)
        elif key == "wx_alert":
            kept.append(max(fresh, key=lambda r: (alert_level(r.value), r.observed_ms, r.source)))
        else:
            kept.append(_unite(fresh))
    return kept


def _unite(fresh: list[Reading]) -> Reading:
    """Every bit that anybody sets, as old as the oldest of those who say so."""
    oldest = min(fresh, key=lambda r: (r.observed_ms, r.source))
    bits = 0
    for reading in fresh:
        bits |= int(reading.value)
    return msgspec.structs.replace(oldest, value=float(bits))
