"""Limits of what the agent does about orders, and of policies drafted from words."""

from __future__ import annotations

from typing import Final

SKILL_ORDERS: Final = 50
"""Orders that one proposal moves or hurries."""

EXPEDITE_MS: Final = 1_800_000
"""Milliseconds in which the floor is asked to have out what is hurried, or at once."""

SHORT_ROUTE_D: Final = 3
"""Days ahead within which a warehouse has to run out for its orders to be sent elsewhere."""

SHORT_ROUTES: Final = 50
"""Warehouses and SKUs that will be short whose orders are looked at, the surest first."""

SHORT_CHANCE: Final = 500
"""Chance of running out, in thousandths, from which orders are sent elsewhere."""

GRIEVANCE_HOLDOUT: Final = 100
"""Share of orders, in thousandths, whose compensation is not proposed early, to compare with."""

GRIEVANCE_D: Final = 30
"""Days back to which broken promises are looked at, and what came of them."""

COMPLAINT_FEN: Final = 2_000
"""What answering one complaint costs the house, in fen: a quarter of an hour of a person."""

CHASED_PARCELS: Final = 100
"""Parcels that a carrier is asked about in one chase."""

CHASE_DAYS: Final = 400
"""Days for which the row of a chase is kept."""

KNOB_TRIES: Final = 3
"""Trials of other figures that are begun at a time, and only while a merchant has no other."""

KNOB_ORDERS: Final = 2_000
"""Orders on which another value is tried."""

KNOB_DAYS: Final = 7
"""Days back from which these orders are."""

KNOB_EVERY_S: Final = 86_400
"""Seconds between two looks at the figures of a live policy."""

WISH_CHARS: Final = 300
"""Characters of a policy told in words."""

WISHES: Final = 5_000
"""Wishes of a merchant that are kept."""

POLICY_PATH_CHARS: Final = 120
"""Characters of the place of a figure in a policy set."""
