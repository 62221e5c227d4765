"""Limits of events that come in."""

from typing import Final

HEARD_EVENTS: Final = 256
"""Events of one request."""
HEARD_EVENT_BYTES: Final = 65_536
"""Of one event, as JSON."""
HEARD_BODY_BYTES: Final = 4 * 1024 * 1024
"""Of one request."""
HEARD_NAME_CHARS: Final = 200
"""Of an event's id, source, type or subject."""
HEARD_WIDTH: Final = 4
"""Subjects of a batch that are worked on at once."""
HEARD_LINES: Final = 500
"""SKUs that one event may count."""
HEARD_DAYS: Final = 30
"""For how many days an event is known again by its source and id."""
HEARD_SWEEP_ROWS: Final = 1_000
"""Rows of events heard long ago that a request takes away, at most once a minute."""
