"""The timeline's words for orders that the floor is to hurry: icon, title zh and en, sentence zh
and en.
"""

from __future__ import annotations

from typing import Final

HURRIED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "order.expedited": ("clock", "加急", "Expedited", "{by} 前出库", "To be out by {by}"),
    "order.expedited/back": (
        "rollback",
        "撤销加急",
        "No longer expedited",
        "按承诺的时限排队",
        "It waits for its turn by its promises",
    ),
}
