"""What a ruling that negotiates does to an order: a timer, in the commit that decided it, opens the
call right after.

The timer is looked at by the room of timers, so that placing costs one row for an order that
matches, and nothing for any other. An order that waits for a person is called for when it goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from danshu.capabilities.routing.ruling import Ruling

TIMER_CALL: Final = 5


def heed(ruling: Ruling | None, now_ms: int) -> int:
    """Tell when the call that a ruling wants is to be opened, epoch ms; 0 for no call."""
    return now_ms if ruling is not None and ruling.negotiate is not None else 0
