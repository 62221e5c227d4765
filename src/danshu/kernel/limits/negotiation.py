"""Limits of negotiations with carriers and riders."""

from __future__ import annotations

from typing import Final

# Negotiation: parties and windows of a call, messages of all parties; how long offers may come for
# instant delivery and for half a day, at most; time that an award must leave beside the way there
# and back; that way while it was not measured, and how many are kept; minutes that a counter shifts
# a window; minutes of a window that policy asks for; a service's answer and tries; a rider's link;
# riders who listen to one server
NEGOTIATION_PARTIES: Final = 20
NEGOTIATION_WINDOWS: Final = 4
NEGOTIATION_MESSAGES: Final = 200
NEGOTIATION_INSTANT_MS: Final = 8_000
NEGOTIATION_HALF_DAY_MS: Final = 60_000
NEGOTIATION_REPLY_MAX_MS: Final = 3_600_000
NEGOTIATION_MARGIN_MS: Final = 2_000
NEGOTIATION_TRIP_MS: Final = 1_000
NEGOTIATION_TRIPS: Final = 100
NEGOTIATION_SHIFT_MIN: Final = 240
NEGOTIATION_WINDOW_LEAST_MIN: Final = 15
NEGOTIATION_WINDOW_MOST_MIN: Final = 480
NEGOTIATIONS_OPEN: Final = 10_000
QUOTE_TIMEOUT_S: Final = 5
QUOTE_BYTES: Final = 65_536
QUOTE_TRIES: Final = 5
QUOTES_AT_ONCE: Final = 50
PARTY_LINK_DAYS: Final = 30
RIDER_STREAMS: Final = 500
