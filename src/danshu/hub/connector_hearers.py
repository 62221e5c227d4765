"""Whoever hears the answers to calls: named here so that a process which records answers has them
all, whether it asks (connectors_room.py) or is called back (connector_callbacks.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import dispatches, paid_reviews, refunds_room, repairs

if TYPE_CHECKING:
    from types import ModuleType

HEARERS: Final[tuple[ModuleType, ...]] = (dispatches, paid_reviews, refunds_room, repairs)
