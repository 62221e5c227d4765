"""What cannot wait, and who waits for it: rooms of one process share its core and the database.

While a large re-decision is walked, the room of lists (search index, worklist, board) rests: orders
leave a closed warehouse before lists are drawn of where they were. It rests for URGENT_S at most,
then both go on together.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from danshu.kernel.limits import URGENT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Urgency:
    """Since when something urgent is done in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = 0.0
        self._ended_s = 0.0
        self._is_on = False

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Ask others to wait meanwhile; one piece of work may ask in several steps."""
        now_s = self._clock()
        if now_s - self._ended_s > URGENT_S:
            self._began_s = now_s
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False
            self._ended_s = self._clock()

    @property
    def asks_to_wait(self) -> bool:
        """Whether who can wait is asked to."""
        return self._is_on and self._clock() - self._began_s < URGENT_S


URGENCY = Urgency()
